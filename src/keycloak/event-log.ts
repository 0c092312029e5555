import type { Keycloak } from './connect.ts';
import type { Attempt } from './failures.ts';

const EVENTS: Attempt = { what: 'read the stored events', role: 'view-events' };

/** Larger pages than Keycloak's default of 100 are fine: 1,000 events take 20 ms (26.7.3). */
const PAGE = 1000;
/** Beyond so many stored events they are not read. */
export const MOST_EVENTS = 1_000_000;

/** What is read of a stored user event; `time` is the server's, in milliseconds. */
export interface LoggedEvent {
  id: string;
  time: number;
  type: string;
  clientId: string | undefined;
  error: string | undefined;
}

function eventOf(raw: Record<string, unknown>): LoggedEvent {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return {
    id: text(raw.id) ?? JSON.stringify(raw),
    time: Number(raw.time),
    type: text(raw.type) ?? '',
    clientId: text(raw.clientId),
    error: text(raw.error),
  };
}

/**
 * Every stored event, newest first, each once. Goes back in time by the last event's time and not by an offset, so that
 * each page costs the same and events that come meanwhile don't shift the rest. Throws RangeError beyond MOST_EVENTS.
 */
export async function* eventLog(keycloak: Keycloak): AsyncGenerator<LoggedEvent[]> {
  const { realm } = keycloak;
  let until: number | undefined;
  let first = 0;
  let atUntil = new Set<string>();
  for (let total = 0; ; ) {
    const at = until === undefined ? {} : { dateTo: String(until) };
    const found: unknown = await keycloak.read(EVENTS, (admin) =>
      admin.realms.findEvents({ realm, max: PAGE, first, ...at }),
    );
    const page = (found as Record<string, unknown>[]).map(eventOf);
    const fresh = page.filter(({ id }) => !atUntil.has(id));
    if (fresh.length > 0) yield fresh;
    total += fresh.length;
    if (total > MOST_EVENTS) throw new RangeError('too many events');
    const oldest = page.at(-1)?.time;
    if (page.length < PAGE || oldest === undefined) return;
    // `dateTo` is inclusive (26.7.3): what happened in that very millisecond comes again.
    first = oldest === until ? first + PAGE : 0;
    const same = page.filter(({ time }) => time === oldest).map(({ id }) => id);
    atUntil = new Set(oldest === until ? [...atUntil, ...same] : same);
    until = oldest;
  }
}

/** How many events of one client are looked at right before it is cut off; more than that is no orphan's. */
const MOST_OF_CLIENT = 100;

/** The events of one client since a time of the server's clock, that millisecond included. */
export async function eventsOfClient(
  keycloak: Keycloak,
  clientId: string,
  since: number,
): Promise<LoggedEvent[]> {
  const { realm } = keycloak;
  const found: unknown = await keycloak.read(EVENTS, (admin) =>
    admin.realms.findEvents({ realm, client: clientId, dateFrom: String(since), max: MOST_OF_CLIENT }),
  );
  return (found as Record<string, unknown>[]).map(eventOf);
}

/**
 * When an administrator last changed which events are stored, as far as admin events tell; undefined where they don't
 * (they are off by default). Keycloak 26.7.3 writes one with the resource path `events/config`.
 */
export async function lastEventsChange(keycloak: Keycloak): Promise<number | undefined> {
  const { realm } = keycloak;
  const found: unknown = await keycloak.read(
    { what: 'read the admin events', role: 'view-events' },
    (admin) => admin.realms.findAdminEvents({ realm, resourcePath: 'events/config', max: 1 }),
  );
  const time = (found as { time?: unknown }[])[0]?.time;
  return typeof time === 'number' ? time : undefined;
}
