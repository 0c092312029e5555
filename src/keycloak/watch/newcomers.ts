import type { Client } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import { clientsNamed } from '../read/events.ts';
import { readSessionStats } from '../read/sessions.ts';
import { RegistrationLog, storedRegistrations } from './registration-log.ts';
import { Roster } from './roster.ts';

/** What a look at the realm brought. */
export interface Arrival {
  /** Clients that were not there at the look before. */
  clients: Client[];
  /** Registrations that were refused meanwhile: all that Keycloak keeps is policy and address. */
  refusals: { policy: string; address: string }[];
  /** Requests that the look took; the watch waits accordingly. */
  requests: number;
}

/** Watches for clients that come to be. */
export interface Newcomers {
  how: 'events' | 'paging';
  /** Whether the realm stores events of registrations that were refused. */
  tellsRefusals: boolean;
  /** Those of the clients that were there when the watch began that were asked for. */
  holders: Client[];
  /** How many clients there were then. */
  total: number;
  look(): Promise<Arrival>;
}

/** With events, every this many looks the clients are counted too: events may be switched off, cleared, or not tell of a client that an administrator made. */
const LOOKS_BETWEEN_COUNTS = 10;
/** Without events, every this many looks all clients are read though their number is the same: one may have come while another went. */
const LOOKS_BETWEEN_READINGS = 60;
/** More clients than this are read faster page by page than one by one. */
const MOST_ONE_BY_ONE = 20;

/** Begins to watch: reads who is there once, then follows the events where the realm stores them, else counts. */
export async function watchNewcomers(
  keycloak: Keycloak,
  isHolder: (client: Client) => boolean,
  onPage: (read: number) => void,
): Promise<Newcomers> {
  const stored = await storedRegistrations(keycloak);
  const log = stored.registered ? await RegistrationLog.begin(keycloak) : undefined;
  const roster = new Roster(keycloak);
  const all = await roster.refresh(onPage);
  return {
    how: log ? 'events' : 'paging',
    tellsRefusals: stored.registered && stored.refused,
    holders: all.filter(isHolder),
    total: all.length,
    look: log ? lookAtEvents(keycloak, log, roster) : lookAtNumber(roster),
  };
}

function lookAtEvents(keycloak: Keycloak, log: RegistrationLog, roster: Roster): () => Promise<Arrival> {
  let looks = 0;
  return async () => {
    looks += 1;
    const { registered, refusals, requests } = await log.read();
    const ids = [...new Set(registered)].filter((id) => !roster.has(id));
    const arrival: Arrival = { clients: [], refusals, requests };
    if (ids.length > MOST_ONE_BY_ONE) return { ...arrival, ...(await reading(roster, requests)) };
    const found = await clientsNamed(keycloak, ids);
    arrival.clients = found.filter(({ id }) => roster.add(id));
    arrival.requests += ids.length;
    if (looks % LOOKS_BETWEEN_COUNTS !== 0) return arrival;
    arrival.requests += 1;
    if (await roster.isComplete()) return arrival;
    const more = await reading(roster, arrival.requests);
    return { clients: [...arrival.clients, ...more.clients], refusals, requests: more.requests };
  };
}

function lookAtNumber(roster: Roster): () => Promise<Arrival> {
  let looks = 0;
  return async () => {
    looks += 1;
    const complete = await roster.isComplete();
    if (complete && looks % LOOKS_BETWEEN_READINGS !== 0) return { clients: [], refusals: [], requests: 1 };
    return { refusals: [], ...(await reading(roster, 1)) };
  };
}

async function reading(roster: Roster, requests: number): Promise<Omit<Arrival, 'refusals'>> {
  const clients = await roster.refresh();
  return { clients, requests: requests + roster.pages };
}

/** Of some clients, those with which somebody has signed in: an active or an offline session. One request. */
export async function withSession(keycloak: Keycloak, clients: readonly Client[]): Promise<Client[]> {
  const stats = await readSessionStats(keycloak);
  return clients.filter(({ id }) => {
    const { active, offline } = stats.get(id) ?? { active: 0, offline: 0 };
    return active > 0 || offline > 0;
  });
}
