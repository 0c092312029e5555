import { inputError, McpkcError } from '../../errors.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { unsafeIdError } from '../../keycloak/connection/guarded-ids.ts';
import { findClientById } from '../../keycloak/read/clients.ts';
import { type Client, isKeycloakId } from '../../realm/representations.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import { visible } from '../../text.ts';

/** The clients that flags name, each once. */
export interface NamedClients {
  attach: Client[];
  detach: Client[];
}

/**
 * Finds the clients of `--client` and `--detach`, by client id or internal id, and puts them into the snapshot. Refuses
 * ids that the realm doesn't have (CLIENT_NOT_IN_REALM, all at once) and a client that is named by both flags. Refuses
 * mcpkc's own account as well, which must not carry an audience.
 */
export async function requireNamedClients(
  keycloak: Keycloak,
  snapshot: RealmSnapshot,
  wanted: { attach: readonly string[]; detach: readonly string[] },
  ownClientId: string | undefined,
): Promise<NamedClients> {
  const attach = await find(keycloak, snapshot, wanted.attach);
  const detach = await find(keycloak, snapshot, wanted.detach);
  requireAll(snapshot, [...attach.missing, ...detach.missing]);
  const both = attach.found.find(({ id }) => detach.found.some((other) => other.id === id));
  if (both) {
    const problem = `'${visible(both.clientId)}' is named by --client too`;
    throw inputError('--detach', problem, 'Name a client in one of the two only.');
  }
  const unsafe = [...attach.found, ...detach.found].find(({ id }) => !isKeycloakId(id));
  if (unsafe) throw unsafeIdError(unsafe.id, unsafe.clientId);
  const own = attach.found.find(({ clientId }) => clientId === ownClientId);
  if (own && keycloak.accountRealm === keycloak.realm) {
    const problem = `'${visible(own.clientId)}' is mcpkc’s own account, whose tokens must not name an MCP server`;
    throw inputError('--client', problem, 'Name the client that connects to the MCP server.');
  }
  return { attach: attach.found, detach: detach.found };
}

async function find(keycloak: Keycloak, snapshot: RealmSnapshot, ids: readonly string[]) {
  const found = new Map<string, Client>();
  const missing: string[] = [];
  for (const wanted of ids) {
    const client =
      snapshot.clients.find(({ clientId }) => clientId === wanted) ??
      (await findClientById(keycloak, wanted));
    if (client) found.set(client.id, client);
    else missing.push(wanted);
  }
  for (const client of found.values()) {
    if (!snapshot.clients.some(({ id }) => id === client.id)) snapshot.clients.push(client);
  }
  return { found: [...found.values()], missing };
}

function requireAll(snapshot: RealmSnapshot, missing: readonly string[]): void {
  if (missing.length === 0) return;
  const list = [...new Set(missing)].map((id) => `'${visible(id)}'`).join(', ');
  throw new McpkcError(
    'CLIENT_NOT_IN_REALM',
    `There is no client ${list} in realm '${snapshot.realm}'.`,
    'Client ids are case-sensitive; mcpkc status --clients lists those that registered.',
    { details: { missing: [...new Set(missing)] } },
  );
}
