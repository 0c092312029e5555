import { heldAs } from '../../realm/lists.ts';

import type { Action, RealmChange } from '../plan.ts';
import type { Resource } from './resource.ts';

/** Scopes that clients hold by themselves. Optional → default is one change, since Keycloak ignores half of it. */
export const clientScopeAssignment: Resource = {
  kind: 'client-scope-assignment',
  diff: ({ assignments: wanted }, snapshot) =>
    (wanted ?? []).flatMap(({ clientId, scope, list, why }): RealmChange[] => {
      const client = snapshot.clients.find((one) => one.clientId === clientId);
      const from = client ? heldAs(client, scope) : 'none';
      if (from === list) return [];
      const action: Action = list === 'none' ? 'detach' : from === 'none' ? 'attach' : 'update';
      const key = `${clientId} ${scope}`;
      const before = { clientId, scope, list: from };
      return [
        { kind: 'client-scope-assignment', action, key, before, after: { clientId, scope, list }, why },
      ];
    }),
};
