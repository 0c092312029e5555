import { allClients, hasMoreClientsThan } from './clients.ts';
import type { Keycloak } from './connect.ts';
import { clientsOf, readEvents } from './events.ts';
import { readEventsConfig } from './read.ts';
import type { Client, UserEvent } from './representations.ts';

/** What a look at the realm brought. */
export interface Arrival {
  /** Clients that were not there at the look before. */
  clients: Client[];
  /** Registrations that were refused meanwhile: all that Keycloak keeps is policy and address. */
  refusals: { policy: string; address: string }[];
  /** Requests that the look took; the watch waits accordingly. */
  requests: number;
}

/** Watches for clients that register. */
export interface Newcomers {
  how: 'events' | 'paging';
  /** With paging: the clients that were there when the watch began, as far as they hold a given scope. */
  holders: Client[];
  look(): Promise<Arrival>;
}

const REGISTER = 'CLIENT_REGISTER';
const REGISTER_ERROR = 'CLIENT_REGISTER_ERROR';

/** Whether the realm stores the events that tell of registrations. */
export async function storesRegistrations(keycloak: Keycloak): Promise<boolean> {
  const { enabled, types } = await readEventsConfig(keycloak);
  return enabled && types.includes(REGISTER);
}

/** Begins to watch: by events where the realm stores them (one cheap request a look), else by counting clients. */
export async function watchNewcomers(
  keycloak: Keycloak,
  isHolder: (client: Client) => boolean,
  onPage: (read: number) => void,
): Promise<Newcomers> {
  return (await storesRegistrations(keycloak)) ? byEvents(keycloak) : byPaging(keycloak, isHolder, onPage);
}

async function byEvents(keycloak: Keycloak): Promise<Newcomers> {
  const types = [REGISTER, REGISTER_ERROR];
  const key = ({ time, type, clientId, ipAddress }: UserEvent) => `${time} ${type} ${clientId} ${ipAddress}`;
  // The server's own clock: what is newer than its newest event of now is a newcomer.
  const latest = await readEvents(keycloak, { types, max: 100 });
  let since = latest[0]?.time ?? 0;
  let seen = new Set(latest.filter(({ time }) => time === since).map(key));
  const look = async (): Promise<Arrival> => {
    const events = await readEvents(keycloak, { types, since });
    const fresh = events.filter((event) => !seen.has(key(event))).reverse();
    const newest = events[0]?.time ?? since;
    seen = new Set([
      ...(newest === since ? seen : []),
      ...events.filter(({ time }) => time === newest).map(key),
    ]);
    since = newest;
    const registered = fresh.filter(({ type }) => type === REGISTER);
    const refused = fresh.filter(({ type }) => type === REGISTER_ERROR);
    return {
      clients: await clientsOf(keycloak, registered),
      refusals: refused.map(({ details, ipAddress }) => ({
        policy: details.client_registration_policy ?? '',
        address: ipAddress ?? '',
      })),
      requests: 1 + registered.length,
    };
  };
  return { how: 'events', holders: [], look };
}

/** How often all clients are read though their number did not grow: one may have come while another went. */
const LOOKS_BETWEEN_PAGINGS = 60;

async function byPaging(
  keycloak: Keycloak,
  isHolder: (client: Client) => boolean,
  onPage: (read: number) => void,
): Promise<Newcomers> {
  const known = new Set<string>();
  const holders: Client[] = [];
  let looks = 0;
  const page = async (onClient: (client: Client) => void) => {
    for await (const clients of allClients(keycloak)) {
      for (const client of clients) {
        if (!known.has(client.id)) onClient(client);
        known.add(client.id);
      }
      onPage(known.size);
    }
  };
  await page((client) => isHolder(client) && holders.push(client));
  const look = async (): Promise<Arrival> => {
    looks += 1;
    const grown = await hasMoreClientsThan(keycloak, known.size);
    if (!grown && looks % LOOKS_BETWEEN_PAGINGS !== 0) return { clients: [], refusals: [], requests: 1 };
    const clients: Client[] = [];
    const before = known.size;
    await page((client) => clients.push(client));
    return { clients, refusals: [], requests: 1 + Math.ceil((before + clients.length) / 100) };
  };
  return { how: 'paging', holders, look };
}

/** Whether anybody has signed in with a client: an active or an offline session. */
export async function hasSession(keycloak: Keycloak, id: string): Promise<boolean> {
  const sessions = { what: 'count the sessions of a client', role: 'view-clients' } as const;
  const active = await keycloak.read(sessions, (admin) => admin.clients.getSessionCount({ id }));
  if (active.count > 0) return true;
  const offline = await keycloak.read(sessions, (admin) => admin.clients.getOfflineSessionCount({ id }));
  return offline.count > 0;
}
