import type { Client, UserEvent } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import { listOf, mapSome } from '../connection/lists.ts';
import { findClient } from './clients.ts';

const EVENTS = { what: 'read the stored user events', role: 'view-events' } as const;

/** Keycloak gives at most this many events an answer, newest first, unless asked for another number. */
const MOST = 100;

/** Stored user events of some types since a time (milliseconds since the epoch by the server's clock, inclusive), newest first. */
export async function readEvents(
  keycloak: Keycloak,
  query: { types: readonly string[]; since?: number; first?: number; max?: number },
): Promise<UserEvent[]> {
  const { types, since, first = 0, max = MOST } = query;
  // Epoch seconds would silently mean 1970 (26.7.3): `dateFrom` is in milliseconds.
  const from = since === undefined ? {} : { dateFrom: String(Math.max(0, Math.floor(since))) };
  const found: unknown = await keycloak.read(EVENTS, (admin) =>
    admin.realms.findEvents({ realm: keycloak.realm, type: types as never, first, max, ...from }),
  );
  return listOf(found as Record<string, unknown>[], EVENTS).map(eventOf);
}

function eventOf(raw: Record<string, unknown>): UserEvent {
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
  const { time, type, clientId, userId, sessionId, ipAddress, error, details } = raw;
  const entries = Object.entries((details ?? {}) as Record<string, unknown>);
  return {
    id: text(raw.id),
    time: Number(time ?? 0),
    type: text(type) ?? '',
    clientId: text(clientId),
    userId: text(userId),
    sessionId: text(sessionId),
    ipAddress: text(ipAddress),
    error: text(error),
    details: Object.fromEntries(entries.map(([key, value]) => [key, String(value)])),
  };
}

/**
 * Every stored event of these types since a time, oldest first; reads page after page. With `most`, only the newest
 * ones, as many.
 */
export async function readAllEvents(
  keycloak: Keycloak,
  types: readonly string[],
  since: number,
  most = Number.POSITIVE_INFINITY,
): Promise<UserEvent[]> {
  const all: UserEvent[] = [];
  for (let first = 0; ; first += MOST) {
    const max = Math.min(MOST, most - first);
    const page = await readEvents(keycloak, { types, since, first, max });
    all.push(...page);
    if (page.length < MOST || all.length >= most) return all.reverse();
  }
}

/** The clients of these client ids that are still there, each once. */
export async function clientsNamed(keycloak: Keycloak, clientIds: readonly string[]): Promise<Client[]> {
  const found = await mapSome([...new Set(clientIds)], (id) => findClient(keycloak, id));
  return found.filter((client) => client !== undefined);
}
