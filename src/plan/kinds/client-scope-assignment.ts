import type { Client } from '../../realm/representations.ts';
import type { RealmList } from '../desired.ts';
import type { Action, Change } from '../plan.ts';
import type { Resource } from './resource.ts';

/** As what a client holds a scope. */
export function heldAs(client: Client, scope: string): RealmList {
  if (client.defaultClientScopes.includes(scope)) return 'default';
  return client.optionalClientScopes.includes(scope) ? 'optional' : 'none';
}

/** Scopes that clients hold by themselves. Optional → default is one change, since Keycloak ignores half of it. */
export const clientScopeAssignment: Resource = {
  kind: 'client-scope-assignment',
  diff: ({ assignments: wanted }, snapshot) =>
    (wanted ?? []).flatMap(({ clientId, scope, list, why }): Change[] => {
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
