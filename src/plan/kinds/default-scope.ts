import type { RealmSnapshot } from '../../realm/snapshot.ts';
import type { RealmList } from '../desired.ts';
import type { Action } from '../plan.ts';
import type { Resource } from './resource.ts';

/** In which of the realm's two lists a scope is. */
export function realmListOf(snapshot: RealmSnapshot, scope: string): RealmList {
  if (snapshot.defaultScopes.includes(scope)) return 'default';
  return snapshot.optionalScopes.includes(scope) ? 'optional' : 'none';
}

/** Membership of the realm's default or optional client scopes. A move between them is one change. */
export const defaultScope: Resource = {
  kind: 'default-scope',
  diff: ({ defaultScope: wanted }, snapshot) => {
    if (!wanted) return [];
    const { scope, list } = wanted;
    const from = realmListOf(snapshot, scope);
    if (from === list) return [];
    const action: Action = list === 'none' ? 'detach' : from === 'none' ? 'attach' : 'update';
    const why =
      list === 'none'
        ? 'so that clients which register from now on don’t get the audience'
        : 'so that every client which registers can get the audience';
    return [{ kind: 'default-scope', action, key: scope, before: { list: from }, after: { list }, why }];
  },
};
