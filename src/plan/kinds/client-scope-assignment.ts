import { heldAs } from '../../realm/lists.ts';

import type { Action, RealmChange } from '../plan.ts';
import type { Resource } from './resource.ts';

/** Scopes that clients hold by themselves. Optional → default is one change, since Keycloak ignores half of it. */
export const clientScopeAssignment: Resource = {
  kind: 'client-scope-assignment',
  diff: ({ assignments: wanted }, snapshot) =>
    (wanted ?? []).flatMap(({ clientId, scope, list, why, seen }): RealmChange[] => {
      const client = snapshot.clients.find((one) => one.clientId === clientId);
      const from = client ? heldAs(client, scope) : 'none';
      if (from === list) return [];
      const action: Action = list === 'none' ? 'detach' : from === 'none' ? 'attach' : 'update';
      const key = `${clientId} ${scope}`;
      const before = { clientId, scope, list: from };
      const after = { clientId, scope, list, ...(seen === undefined ? {} : { seen }) };
      return [{ kind: 'client-scope-assignment', action, key, before, after, why }];
    }),
};
