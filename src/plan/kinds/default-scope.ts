import { realmListOf } from '../../realm/lists.ts';

import type { Action } from '../plan.ts';
import type { Resource } from './resource.ts';

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
