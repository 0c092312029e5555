import { writeDefaultScope } from '../../keycloak/write/write-scopes.ts';
import { type RealmList, realmListOf } from '../../realm/lists.ts';

import type { Action, Change } from '../plan.ts';
import { each } from './join.ts';
import type { Kind } from './kind.ts';

/** The list of the realm that a client scope is in. */
export interface OwnedMembership {
  list: RealmList;
}

const WHY = {
  default:
    'every client made in this realm from now on, by registration or in the console, inherits the scope',
  optional:
    'every client made in this realm from now on, by registration or in the console, may ask for the scope by name',
  none: 'so that clients which register from now on don’t get the scope',
} as const;

/** Membership of the realm's default or optional client scopes. A move between them is one change. */
export const defaultScope: Kind<'default-scope', OwnedMembership, 'defaultScopes'> = {
  title: 'realm default scope',
  isRemembered: true,
  isThere: (key, snapshot) => realmListOf(snapshot, key) !== 'none',
  isRealmList: false,
  joins: {
    defaultScopes: (parts) => each(parts, ({ scope }) => scope),
  },
  diff: ({ defaultScopes: wanted }, snapshot) =>
    (wanted ?? []).flatMap(({ scope, list, why }): Change<'default-scope'>[] => {
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
  write: (change, { keycloak, ids }) => writeDefaultScope(keycloak, ids, change),
};
