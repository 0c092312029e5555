import { writeAssignment } from '../../keycloak/write/write-clients.ts';
import { heldAs, type RealmList } from '../../realm/lists.ts';

import type { Action, Change } from '../plan.ts';
import { all } from './join.ts';
import type { Kind } from './kind.ts';

/** The list in which a client holds a scope; `seen`: the client's key when it was judged (`clientKeyOf`). */
export interface OwnedAssignment {
  clientId: string;
  scope: string;
  list: RealmList;
  seen?: string;
}

/** Scopes assigned to single clients. Optional → default is one change, since Keycloak ignores half of it. */
export const clientScopeAssignment: Kind<'client-scope-assignment', OwnedAssignment, 'assignments'> = {
  title: 'client’s scope',
  isRemembered: false,
  isRealmList: false,
  joins: {
    assignments: all,
  },
  diff: ({ assignments: wanted }, snapshot) =>
    (wanted ?? []).flatMap(({ clientId, scope, list, why, seen }): Change<'client-scope-assignment'>[] => {
      const client = snapshot.clients.find((one) => one.clientId === clientId);
      const from = client ? heldAs(client, scope) : 'none';
      if (from === list) return [];
      const action: Action = list === 'none' ? 'detach' : from === 'none' ? 'attach' : 'update';
      const key = `${clientId} ${scope}`;
      const before = { clientId, scope, list: from };
      const after = { clientId, scope, list, ...(seen === undefined ? {} : { seen }) };
      return [{ kind: 'client-scope-assignment', action, key, before, after, why }];
    }),
  write: (change, { keycloak, ids, revoked }) => writeAssignment(keycloak, ids, change, revoked),
};
