import { MOST_MADE } from '../keycloak/read/status-snapshot.ts';
import { type Connection, documentConnection, findMade } from '../products/connection.ts';
import { type DocumentState, documentStateOf } from '../products/document-state.ts';
import type { Preset } from '../products/preset.ts';
import { matchesAny } from '../products/redirect.ts';
import { type DocumentPolicy, documentFetchedBy, documentPoliciesOf } from '../realm/document-policies.ts';
import { heldAs } from '../realm/lists.ts';
import type { PresentServer } from '../realm/mcp-server.ts';
import { type Allowed, allowancesOf, allowedIn, madeIds } from '../realm/record.ts';
import { hostsOf } from '../realm/registration-policies.ts';
import { type Client, POLICY } from '../realm/representations.ts';
import { listServers, requireShown, type Seen } from './seen.ts';
import { readTold } from './server.ts';

/** The enabled policies by which Keycloak fetches documents. */
export function documentPolicies(seen: Seen): DocumentPolicy[] {
  return documentPoliciesOf(requireShown(seen.parts.clientPolicies));
}

/** The policy by which Keycloak fetches the document at this URL; undefined where none does. */
export function fetchedBy(seen: Seen, url: string): DocumentPolicy | undefined {
  return documentFetchedBy(requireShown(seen.parts.clientPolicies), url);
}

/**
 * The state of a product's document in this realm; undefined where the product has none. Needs record, ids and client
 * policies.
 */
export function documentState(seen: Seen, { cimdUrl }: Preset): DocumentState | undefined {
  if (cimdUrl === undefined) return undefined;
  const client = requireShown(seen.parts.ids).find(({ clientId }) => clientId === cimdUrl);
  const { record, clientPolicies } = seen.parts;
  return documentStateOf(cimdUrl, {
    client,
    record: requireShown(record),
    lists: requireShown(clientPolicies),
  });
}

/** Whether this issuer tells products that it accepts documents. */
export const isDocumentAdvertised = (seen: Seen): boolean => readTold(seen)?.cimd === true;

/** The MCP server in question: the one that was named, else the first that the realm knows. */
export function serverOf(seen: Seen): PresentServer | undefined {
  const servers = listServers(seen);
  return seen.resource === undefined
    ? servers.find(({ resource }) => resource !== undefined)
    : servers.find(({ resource }) => resource === seen.resource);
}

/**
 * The connection of a product that doesn't register; undefined where it registers, or its document is known to nobody.
 */
export function findUnregisteredWay(seen: Seen, preset: Preset): Connection | undefined {
  const { record, ids, clientPolicies, scopes } = seen.parts;
  if (!record.visible || !scopes.visible) return undefined;
  const isKnown = ids.visible && clientPolicies.visible && isDocumentAdvertised(seen);
  const state = isKnown ? documentState(seen, preset) : undefined;
  if (state?.kind === 'pinned' || state?.kind === 'fetched')
    return documentConnection(preset, state, { lists: requireShown(clientPolicies), server: serverOf(seen) });
  const taken = state?.kind === 'taken' ? takenConnection(preset, state.client) : undefined;
  const { made: clients } = serverOf(seen)?.ways ?? { made: allowedIn(record.value, seen.resource) };
  const made = findMade(clients, preset);
  if (made === undefined) return taken;
  const { clientId } = made.client;
  const lost = lostClients(seen).find(({ entry }) => entry === made);
  return lost
    ? { way: 'none', clientId, reason: `ALLOWED_LOST: ${lost.message}` }
    : { way: 'client', clientId, reason: null };
}

/** Whether a product uses its document here, known to the realm or not: it registers in no case. */
export function isDocumentUsed(seen: Seen, { cimdUrl }: Preset): boolean {
  return cimdUrl !== undefined && isDocumentAdvertised(seen);
}

/** The connection of a product where somebody else's client has its document's id. */
function takenConnection({ redirectUris, cimdUrl = '' }: Preset, client: Client): Connection {
  const fits = client.redirectUris.some((uri) => matchesAny(redirectUris, uri));
  return fits
    ? { way: 'document', clientId: cimdUrl, reason: 'mcpkc didn’t make that client' }
    : {
        way: 'none',
        clientId: cimdUrl,
        reason: 'DOCUMENT_ID_TAKEN: the client of that id is not the product’s',
      };
}

/** The client that a product in question has already; undefined where it registers, or it isn't there. */
export function clientOf(seen: Seen, preset: Preset): Client | undefined {
  const { adopted, ids } = seen.parts;
  const clientId = findUnregisteredWay(seen, preset)?.clientId;
  if (clientId === undefined) return undefined;
  const known = [adopted, ids].flatMap((part) => (part.visible ? part.value : []));
  return known.find((one) => one.clientId === clientId);
}

/** The products in question that have to register, and can: the others have a client, or need one. */
export function listRegistering(seen: Seen): Preset[] {
  return withoutClient(seen).filter(({ cannotRegister }) => cannotRegister === undefined);
}

/** The products in question that use no document and for which nothing in the realm stands. */
export function withoutClient(seen: Seen): Preset[] {
  return seen.presets.filter(
    (preset) => !isDocumentUsed(seen, preset) && findUnregisteredWay(seen, preset) === undefined,
  );
}

/**
 * Whether nobody can register, and no product in question needs to: a safer registration is then no use. A Trusted
 * Hosts policy that lists no host refuses every anonymous registration (26.4.0 to 26.7.4).
 */
export function isRegistrationShut(seen: Seen): boolean {
  const { registrationPolicies } = seen.parts;
  if (!registrationPolicies.visible || listRegistering(seen).length > 0) return false;
  return registrationPolicies.value
    .filter(({ providerId, subType }) => providerId === POLICY.trustedHosts && subType === 'anonymous')
    .some((policy) => hostsOf(policy).hosts.length === 0);
}

/** A product's client that mcpkc made and that doesn't let it in any more, with the reason. */
export interface LostClient {
  entry: Allowed;
  message: string;
  /** Whether the client is disabled: somebody may have done that on purpose, for example after a breach. */
  isDisabled: boolean;
}

/** The clients that mcpkc made for products and that let nobody in: gone, another's, disabled, or without the audience. */
export function lostClients(seen: Seen): LostClient[] {
  const { record, adopted } = seen.parts;
  if (!record.visible || !adopted.visible) return [];
  const looked = madeIds(record.value).slice(0, MOST_MADE);
  const entries = allowedIn(record.value).filter(({ client }) => looked.includes(client.id));
  return entries.flatMap((entry): LostClient[] => {
    const { client, resource, scope } = entry;
    const found = adopted.value.find(({ id }) => id === client.id);
    const subject = `The client ${client.clientId}, made for ${resource},`;
    const what = !found
      ? 'is gone: its users are refused'
      : allowancesOf(record.value, found).length === 0
        ? 'is another one: its users are refused'
        : found.enabled === false
          ? 'is disabled: its users are refused'
          : heldAs(found, scope) === 'none'
            ? `lost the scope ${scope}: the MCP server refuses its tokens`
            : undefined;
    const isDisabled = found?.enabled === false;
    return what === undefined ? [] : [{ entry, message: `${subject} ${what}.`, isDisabled }];
  });
}
