import { McpkcError } from '../errors.ts';
import type { RealmSnapshot } from '../keycloak/snapshot.ts';
import { visible } from '../render/text.ts';

/** Refuses client ids that the realm doesn't have (CLIENT_NOT_IN_REALM, exit status 2), all of them at once. */
export function requireClients(snapshot: RealmSnapshot, clientIds: readonly string[]): void {
  const missing = clientIds.filter((wanted) => !snapshot.clients.some(({ clientId }) => clientId === wanted));
  if (missing.length === 0) return;
  const list = missing.map((id) => `'${visible(id)}'`).join(', ');
  const message = `There is no client ${list} in realm '${snapshot.realm}'.`;
  throw new McpkcError(
    'CLIENT_NOT_IN_REALM',
    message,
    'Client ids are case-sensitive; mcpkc status --clients lists those that registered.',
    {
      details: { missing },
    },
  );
}
