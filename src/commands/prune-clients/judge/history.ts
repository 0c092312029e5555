import { durationText, formatMoment } from '../../../duration.ts';
import { type Activity, type EvidenceReach, NO_ACTIVITY, REACHED, type ReachedType } from './evidence.ts';

/** The fields that are needed of a stored event; `time` in milliseconds of the server's clock. */
export interface HistoryEvent {
  time: number;
  type: string;
  clientId: string | undefined;
  error: string | undefined;
}

/** The bounds of a realm's stored events, beside the events themselves. Times in milliseconds. */
export interface HistoryLimits {
  /** Whether a type is stored now. */
  isOn(type: string): boolean;
  /** The time for which events are kept; undefined for ever. */
  retentionMs: number | undefined;
  /** The last time at which an administrator changed which events are stored, as far as that is known. */
  changed: number | undefined;
  /** The time since which every look of mcpkc found a type on; the time when a look last found it off. */
  on: Readonly<Record<string, number>>;
  off: Readonly<Record<string, number>>;
}

/** Adds an event to the evidence on its client. */
export function withEvent(known: Activity, { type, time, error }: HistoryEvent): Activity {
  const later = (a: number | undefined) => Math.max(a ?? 0, time);
  if (type === 'CLIENT_REGISTER') return { ...known, registered: Math.min(known.registered ?? time, time) };
  if (error === undefined && !type.endsWith('_ERROR')) {
    return { ...known, uses: known.uses + 1, lastUse: later(known.lastUse) };
  }
  const missed = error === 'client_disabled' ? { missed: later(known.missed) } : {};
  return { ...known, lastTry: later(known.lastTry), ...missed };
}

/**
 * The stored events of a realm, boiled down while they stream by: the clients of interest and the bounds of the rest.
 */
export class History {
  readonly #of: ReadonlySet<string>;
  readonly #activity = new Map<string, Activity>();
  readonly #firstOf = new Map<string, number>();
  readonly #limits: HistoryLimits;
  #oldest: number | undefined;
  #newest: number | undefined;

  /** `clientIds`: the clients whose activity is kept; anybody can make events that name any client id. */
  constructor(clientIds: ReadonlySet<string>, limits: HistoryLimits) {
    this.#of = clientIds;
    this.#limits = limits;
  }

  add(event: HistoryEvent): void {
    const { time, type, clientId } = event;
    this.#oldest = Math.min(this.#oldest ?? time, time);
    this.#newest = Math.max(this.#newest ?? time, time);
    if (time > this.#floor(type)) {
      this.#firstOf.set(type, Math.min(this.#firstOf.get(type) ?? time, time));
    }
    if (clientId === undefined || !this.#of.has(clientId)) return;
    this.#activity.set(clientId, withEvent(this.#activity.get(clientId) ?? NO_ACTIVITY, event));
  }

  /** The newest stored event's time. */
  get newest(): number | undefined {
    return this.#newest;
  }

  of(clientId: string): Activity {
    return this.#activity.get(clientId) ?? NO_ACTIVITY;
  }

  /** The time back to which the history of the demanded types is complete. */
  reach(now: number): Record<ReachedType, EvidenceReach> {
    const entries = REACHED.map((type) => [type, this.#reachOf(type, now)] as const);
    return Object.fromEntries(entries) as Record<ReachedType, EvidenceReach>;
  }

  /** The time before which a type's being on proves nothing: it was off, or somebody changed the settings. */
  #floor(type: string): number {
    return Math.max(this.#limits.off[type] ?? 0, this.#limits.changed ?? 0);
  }

  #reachOf(type: ReachedType, now: number): EvidenceReach {
    const { isOn, retentionMs, on } = this.#limits;
    if (!isOn(type)) return { from: undefined, why: 'they are not stored' };
    if (this.#oldest === undefined) return { from: undefined, why: 'no event is stored' };
    const since = on[type];
    const seenOn = since !== undefined && since > this.#floor(type) ? since : undefined;
    const proofs = [seenOn, this.#firstOf.get(type)].filter((time) => time !== undefined);
    if (proofs.length === 0) {
      return { from: undefined, why: 'none is stored, and no earlier run saw that they were' };
    }
    const bounds: [number, string][] = [
      [Math.min(...proofs), 'that they are stored is proven'],
      [this.#oldest, 'the oldest stored event is'],
    ];
    if (retentionMs !== undefined) {
      bounds.push([now - retentionMs, `with ${durationText(retentionMs)} of retention they reach back`]);
    }
    const [from, what] = bounds.reduce((a, b) => (b[0] > a[0] ? b : a));
    return { from, why: `${what} from ${formatMoment(from)} on` };
  }
}
