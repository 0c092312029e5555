// biome-ignore-all lint/style/noRestrictedImports: keycloak/connection makes the admin client.
import type KeycloakAdminClient from '@keycloak/keycloak-admin-client';
import { McpkcError } from '../../errors.ts';
import { isKeycloakId } from '../../realm/representations.ts';
import { visible } from '../../text.ts';

/** Methods of the admin client's `clients` that only read (26.7.4). */
const READS = /^(find|list|get|evaluate)/;

/** Ids that are one segment of a path, whatever a URL parser makes of it; an import may have chosen them. */
const PLAIN = /^[\w-]{1,36}$/;

/**
 * Makes the admin client refuse internal ids of clients that are no UUID, before anything is sent. A registrant chooses
 * them: with `..` a PUT to the client is one to the realm, and a DELETE removes it (26.4.0, 26.7.4).
 */
export function guardClientIds(admin: KeycloakAdminClient): KeycloakAdminClient {
  admin.clients = new Proxy(admin.clients, {
    get(clients, name, receiver) {
      const method: unknown = Reflect.get(clients, name, receiver);
      if (typeof method !== 'function' || typeof name !== 'string') return method;
      return (...args: unknown[]) => {
        requireId(name, args[0]);
        return method.apply(clients, args);
      };
    },
  });
  return admin;
}

function requireId(method: string, payload: unknown): void {
  if (typeof payload !== 'object' || payload === null || !Object.hasOwn(payload, 'id')) return;
  // A body that is to be created brings its own id; it is no path.
  if (method === 'create') return;
  const id = String((payload as { id: unknown }).id);
  if (isKeycloakId(id) || (READS.test(method) && PLAIN.test(id))) return;
  throw unsafeIdError(id);
}

/** CLIENT_ID_UNSAFE: a client whose internal id is a path, or may become one. */
export function unsafeIdError(id: string, clientId?: string): McpkcError {
  const which = clientId === undefined ? '' : ` of '${visible(clientId)}'`;
  const message = `The internal id${which} is '${visible(id)}', which Keycloak didn’t make: anybody who registered the client chose it. mcpkc sends nothing to it.`;
  const fix = 'Delete that client in the database, or leave it: mcpkc grants it nothing.';
  return new McpkcError('CLIENT_ID_UNSAFE', message, fix, { details: { id } });
}
