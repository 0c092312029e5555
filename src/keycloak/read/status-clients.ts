import { keepOnce } from '../../keep-once.ts';
import type { Client } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import type { OwnToken } from '../connection/own-account.ts';
import { readAllClients } from './clients.ts';
import { readSessionStats } from './sessions.ts';
import { type ListedClients, type Part, readPart } from './status-parts.ts';

/** Without a role that shows clients Keycloak may answer 200 and an empty list (`query-clients`, 26.7.3). */
export function canSeeClients({ roles, superuser }: OwnToken): boolean | undefined {
  if (superuser) return true;
  return roles?.some((role) => role === 'view-clients' || role === 'manage-clients');
}

/** A part that takes the role which shows clients. */
export const HIDDEN: Part<never> = { visible: false, role: 'view-clients' };

/** The clients of the realm that are wanted, read page by page, and those that have sessions. */
export async function listRegistered(
  keycloak: Keycloak,
  token: OwnToken,
  {
    isWanted,
    onClients = () => {},
  }: { isWanted: (client: Client) => boolean; onClients?: ((read: number) => void) | undefined },
): Promise<Part<ListedClients>> {
  return readPart(async () => {
    const clients: Client[] = [];
    const slim = slimmer();
    let read = 0;
    let isAnyHeld = false;
    for await (const page of readAllClients(keycloak)) {
      clients.push(...page.filter(isWanted).map(slim));
      read += page.length;
      isAnyHeld ||= page.some(holdsScopes);
      onClients(read);
    }
    return { clients, isAnyHeld, sessions: await readPart(() => readSessionStats(keycloak)) };
  }).then((found) => {
    if (!found.visible) return found;
    const { isAnyHeld, ...listed } = found.value;
    // The realm's own clients always hold scopes: where no client seems to, the lists are not shown (26.8.0).
    return isAnyHeld && canSeeClients(token) !== false ? { visible: true, value: listed } : HIDDEN;
  });
}

/**
 * Cuts clients down to what is judged, one after the other: of the forty fields of a representation half, and equal
 * lists and texts once.
 */
function slimmer(): (client: Client) => Client {
  const once = keepOnce();
  const texts = (attributes: Record<string, string>) =>
    Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, once(value)]));
  return (client) => {
    const slim = {
      id: client.id,
      clientId: client.clientId === client.id ? client.id : client.clientId,
      redirectUris: once(client.redirectUris),
      attributes: texts(client.attributes),
      defaultClientScopes: once(client.defaultClientScopes),
      optionalClientScopes: once(client.optionalClientScopes),
    };
    return Object.assign(slim, Object.fromEntries(JUDGED.map((field) => [field, client[field]])));
  };
}

/** The other fields of a client that are judged; a new one of `Client` has to be named here. */
const JUDGED = Object.keys({
  name: true,
  description: true,
  enabled: true,
  protocol: true,
  publicClient: true,
  bearerOnly: true,
  consentRequired: true,
  fullScopeAllowed: true,
  standardFlowEnabled: true,
  implicitFlowEnabled: true,
  directAccessGrantsEnabled: true,
  serviceAccountsEnabled: true,
  clientAuthenticatorType: true,
  baseUrl: true,
  authorizationServicesEnabled: true,
  protocolMappers: true,
} satisfies Record<Exclude<keyof Client, keyof Slim>, true>) as Exclude<keyof Client, keyof Slim>[];

type Slim = Pick<
  Client,
  'id' | 'clientId' | 'redirectUris' | 'attributes' | 'defaultClientScopes' | 'optionalClientScopes'
>;

function holdsScopes({ defaultClientScopes, optionalClientScopes }: Client): boolean {
  return defaultClientScopes.length > 0 || optionalClientScopes.length > 0;
}
