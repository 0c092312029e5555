import { realmListOf } from '../../realm/lists.ts';

import type { Action, RealmChange } from '../plan.ts';
import type { Resource } from './resource.ts';

const WHY = {
  default: 'so that every client which registers can get the audience',
  optional: 'so that every client can register with the scope and ask for it by name',
  none: 'so that clients which register from now on don’t get the scope',
} as const;

/** Membership of the realm's default or optional client scopes. A move between them is one change. */
export const defaultScope: Resource = {
  kind: 'default-scope',
  diff: ({ defaultScopes: wanted }, snapshot) =>
    (wanted ?? []).flatMap(({ scope, list, why }): RealmChange[] => {
      const from = realmListOf(snapshot, scope);
      if (from === list) return [];
      const action: Action = list === 'none' ? 'detach' : from === 'none' ? 'attach' : 'update';
      return [
        {
          kind: 'default-scope',
          action,
          key: scope,
          before: { list: from },
          after: { list },
          why: why ?? WHY[list],
        },
      ];
    }),
};
