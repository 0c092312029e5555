import type { Client } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import { readClientsNamed } from '../read/clients.ts';
import { type Refusal, RegistrationLog, readStoredRegistrations } from './registration-log.ts';
import { Roster } from './roster.ts';

/** A client that came, and the facts of Keycloak's event of it. */
export interface Newcomer {
  client: Client;
  /** The address that the registration came from; undefined where the realm stores no events. */
  address: string | undefined;
}

/** The outcome of a look at the realm. */
export interface Arrival {
  /** Clients that were not there at the look before. */
  newcomers: Newcomer[];
  /** Registrations that were refused meanwhile: all that Keycloak keeps is policy and address. */
  refusals: Refusal[];
  /** Requests that the look took; the watch waits accordingly. */
  requests: number;
  /**
   * The realm stopped storing registrations: from now on the number of clients shows them, and those that came in
   * between are not seen.
   */
  eventsEnded?: true;
}

/** Watches for clients that come to be. */
export interface Newcomers {
  how: 'events' | 'paging';
  /** Whether the realm stores events of registrations that were refused. */
  tellsRefusals: boolean;
  /** The number of clients when the watch began; undefined where nobody had to count them. */
  total: number | undefined;
  look(): Promise<Arrival>;
}

/**
 * The number of looks without events after which all clients are read. Their number may be the same: one may have come
 * while another went.
 */
const LOOKS_BETWEEN_READINGS = 240;

/** The number of looks with events after which it is asked whether they are still stored. */
const LOOKS_BETWEEN_CHECKS = 40;

/**
 * Begins to watch. Where the realm stores registrations, the events show who comes, and nothing of the realm is read,
 * however large it is. Else everybody is read once, and each look asks whether their number has changed.
 */
export async function watchNewcomers(keycloak: Keycloak, onPage: (read: number) => void): Promise<Newcomers> {
  const stored = await readStoredRegistrations(keycloak);
  const tellsRefusals = stored.registered && stored.refused;
  if (stored.registered) {
    const log = await RegistrationLog.begin(keycloak);
    return { how: 'events', tellsRefusals, total: undefined, look: lookAtEvents(keycloak, log) };
  }
  const roster = new Roster(keycloak);
  await roster.refresh(onPage);
  return { how: 'paging', tellsRefusals, total: roster.size, look: lookAtNumber(roster) };
}

function lookAtEvents(keycloak: Keycloak, log: RegistrationLog): () => Promise<Arrival> {
  const met = new Set<string>();
  let looks = 0;
  let instead: (() => Promise<Arrival>) | undefined;
  // An event comes once: a client that can't be read now is read at the next look.
  const addresses = new Map<string, string | undefined>();
  return async () => {
    if (instead) return instead();
    looks += 1;
    const { registered, refusals, requests } = await log.read();
    for (const { clientId, address } of registered) addresses.set(clientId, address);
    const checks = looks % LOOKS_BETWEEN_CHECKS === 0;
    if (checks && !(await readStoredRegistrations(keycloak)).registered) {
      const roster = new Roster(keycloak);
      await roster.refresh();
      instead = lookAtNumber(roster);
      return { newcomers: [], refusals, requests: requests + 1 + roster.requests, eventsEnded: true };
    }
    const clients = await readClientsNamed(keycloak, [...addresses.keys()]);
    const fresh = clients.filter(({ id }) => !met.has(id) && met.add(id));
    const newcomers = fresh.map((client) => ({ client, address: addresses.get(client.clientId) }));
    const cost = requests + addresses.size + (checks ? 1 : 0);
    addresses.clear();
    return { newcomers, refusals, requests: cost };
  };
}

function lookAtNumber(roster: Roster): () => Promise<Arrival> {
  let looks = 0;
  return async () => {
    looks += 1;
    const before = roster.requests;
    const clients = await comers(roster, looks % LOOKS_BETWEEN_READINGS === 0);
    const newcomers = clients.map((client) => ({ client, address: undefined }));
    return { newcomers, refusals: [], requests: roster.requests - before };
  };
}

async function comers(roster: Roster, all: boolean): Promise<Client[]> {
  if (all) return roster.refresh();
  return (await roster.isComplete()) ? [] : roster.changes();
}
