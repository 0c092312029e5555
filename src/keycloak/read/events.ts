import type { UserEvent } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import type { Attempt } from '../connection/failures.ts';
import { listOf } from '../connection/lists.ts';

const EVENTS = { what: 'read the stored user events', role: 'view-events' } as const;

/** The most events in an answer, newest first, unless Keycloak is asked for another number. */
const MOST = 100;

/** Stored user events of some types since a time (milliseconds since the epoch by the server's clock, inclusive), newest first. */
export async function readEvents(
  keycloak: Keycloak,
  query: { types: readonly string[]; since?: number; first?: number; max?: number },
): Promise<UserEvent[]> {
  const { types, since, first = 0, max = MOST } = query;
  return readPage(keycloak, { type: types, from: since, first, max });
}

/** One page of stored user events, newest first; both times are inclusive (26.7.3). */
async function readPage(
  keycloak: Keycloak,
  query: {
    type?: readonly string[];
    from?: number | undefined;
    to?: number | undefined;
    first: number;
    max: number;
  },
): Promise<UserEvent[]> {
  const { type, from, to, first, max } = query;
  // Epoch seconds would silently mean 1970 (26.7.3): `dateFrom` and `dateTo` are in milliseconds.
  const dateFrom = from === undefined ? {} : { dateFrom: String(Math.max(0, Math.floor(from))) };
  const dateTo = to === undefined ? {} : { dateTo: String(to) };
  const found: unknown = await keycloak.read(EVENTS, (admin) =>
    admin.realms.findEvents({
      realm: keycloak.realm,
      ...(type && { type: type as never }),
      first,
      max,
      ...dateFrom,
      ...dateTo,
    }),
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
 * Every stored event of these types since a time, oldest first; reads page after page. With `most`, only that many of
 * the newest.
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

/** Larger pages than Keycloak's default of 100 are fine: 1,000 events take 20 ms (26.7.3). */
const PAGE = 1000;
/** The most stored events that are read. */
export const MOST_EVENTS = 1_000_000;

/** The part of a stored user event that is read; `time` is the server's, in milliseconds. */
export interface LoggedEvent {
  id: string;
  time: number;
  type: string;
  clientId: string | undefined;
  error: string | undefined;
}

/** Of a million events only this is kept in memory. */
function toLogged({ id, time, type, clientId, error, ...rest }: UserEvent): LoggedEvent {
  return { id: id ?? JSON.stringify({ time, type, clientId, error, ...rest }), time, type, clientId, error };
}

/**
 * Every stored event, or every one since a time of the server's clock, that millisecond included; newest first, each
 * once. It goes back by the last event's time and not by an offset. So each page costs the same, and events that come
 * meanwhile don't shift the rest. Throws RangeError beyond MOST_EVENTS.
 */
export async function* readEventLog(keycloak: Keycloak, since?: number): AsyncGenerator<LoggedEvent[]> {
  let until: number | undefined;
  let first = 0;
  let atUntil = new Set<string>();
  for (let total = 0; ; ) {
    const page = (await readPage(keycloak, { from: since, to: until, first, max: PAGE })).map(toLogged);
    const fresh = page.filter(({ id }) => !atUntil.has(id));
    if (fresh.length > 0) yield fresh;
    total += fresh.length;
    if (total > MOST_EVENTS) throw new RangeError('too many events');
    const oldest = page.at(-1)?.time;
    if (page.length < PAGE || oldest === undefined) return;
    // `dateTo` is inclusive (26.7.3): events of that very millisecond come again.
    first = oldest === until ? first + PAGE : 0;
    const same = page.filter(({ time }) => time === oldest).map(({ id }) => id);
    atUntil = new Set(oldest === until ? [...atUntil, ...same] : same);
    until = oldest;
  }
}

/** An event's time is when it happened; it is stored a moment later, when its request ends. */
const LATE_MS = 10_000;

/**
 * The events of some clients after a time of the server's clock: each look reads what is new to it, for all of them.
 */
export class NewEvents {
  readonly #keycloak: Keycloak;
  readonly #since: number;
  readonly #of = new Map<string, Map<string, LoggedEvent>>();
  #newest: number;

  /** `since` in milliseconds, that millisecond included. */
  constructor(keycloak: Keycloak, clientIds: Iterable<string>, since: number) {
    this.#keycloak = keycloak;
    this.#since = since;
    this.#newest = since;
    for (const clientId of clientIds) this.#of.set(clientId, new Map());
  }

  /** Reads on. All that is stored when this begins is known when it ends. */
  async look(): Promise<void> {
    const from = Math.max(this.#since, this.#newest - LATE_MS);
    for await (const page of readEventLog(this.#keycloak, from)) {
      for (const event of page) {
        this.#newest = Math.max(this.#newest, event.time);
        this.#of.get(event.clientId ?? '')?.set(event.id, event);
      }
    }
  }

  of(clientId: string): LoggedEvent[] {
    return [...(this.#of.get(clientId)?.values() ?? [])];
  }
}

/**
 * The time of an administrator's last change of the stored events, as far as admin events show it. Undefined where they
 * don't (they are off by default). Keycloak 26.7.3 writes one with the resource path `events/config`.
 */
export async function readLastEventsChange(keycloak: Keycloak): Promise<number | undefined> {
  const { realm } = keycloak;
  const found: unknown = await keycloak.read(
    { what: 'read the admin events', role: 'view-events' },
    (admin) => admin.realms.findAdminEvents({ realm, resourcePath: 'events/config', max: 1 }),
  );
  const time = (found as { time?: unknown }[])[0]?.time;
  return typeof time === 'number' ? time : undefined;
}

/** Whether the realm has any user event stored. One request. */
export async function hasStoredEvents(keycloak: Keycloak, attempt: Attempt): Promise<boolean> {
  const { realm } = keycloak;
  const some = await keycloak.read(attempt, (admin) => admin.realms.findEvents({ realm, max: 1 }));
  return some.length > 0;
}
