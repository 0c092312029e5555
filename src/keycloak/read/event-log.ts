import type { Keycloak } from '../connection/connect.ts';
import type { Attempt } from '../connection/failures.ts';
import { listOf } from '../connection/lists.ts';

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
 * Every stored event, or every one since a time of the server's clock, that millisecond included; newest first, each once. Goes back in time by the last event's time and not by an offset, so that
 * each page costs the same and events that come meanwhile don't shift the rest. Throws RangeError beyond MOST_EVENTS.
 */
export async function* eventLog(keycloak: Keycloak, since?: number): AsyncGenerator<LoggedEvent[]> {
  const { realm } = keycloak;
  const from = since === undefined ? {} : { dateFrom: String(since) };
  let until: number | undefined;
  let first = 0;
  let atUntil = new Set<string>();
  for (let total = 0; ; ) {
    const at = until === undefined ? {} : { dateTo: String(until) };
    const found: unknown = await keycloak.read(EVENTS, (admin) =>
      admin.realms.findEvents({ realm, max: PAGE, first, ...from, ...at }),
    );
    const page = listOf(found as Record<string, unknown>[], EVENTS).map(eventOf);
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

/** An event's time is when it happened; it is stored a moment later, when its request ends. */
const LATE_MS = 10_000;

/** What happens to some clients after a time of the server's clock: each look reads what is new to it, for all of them. */
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

  /** Reads on. What is stored when this begins is known when it ends. */
  async look(): Promise<void> {
    const from = Math.max(this.#since, this.#newest - LATE_MS);
    for await (const page of eventLog(this.#keycloak, from)) {
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
