import type { Origin } from '../../../products/dynamic.ts';
import type { LifeTrace } from './traces.ts';

/** The answer of a source, or the reason why it could not be read: unreadable is never "none". */
export type EvidenceSource<T> = ({ readable: true } & T) | { readable: false; why: string };

/** A stage that an earlier run put a client into, and its time (milliseconds since the epoch, mcpkc's clock). */
export interface StageMark {
  stage: 'marked' | 'disabled';
  at: number;
}

/**
 * The time at which mcpkc first saw a client; `after`: a complete look at the realm at that time did not find it.
 * Milliseconds.
 */
export interface FirstSeen {
  at: number;
  after: number | undefined;
}

/** The notes of earlier runs on the client, in mcpkc's record. */
export interface Marks {
  firstSeen: FirstSeen | undefined;
  /** A sign of life at that time. It proves life, never disuse. */
  lastSeen: number | undefined;
  stage: StageMark | undefined;
}

/**
 * The time from which the stored events of a type are complete. It is the latest of three: retention's limit, the
 * oldest event that is still stored, and the first proof that the type was on. `from` is undefined where there is no
 * such time; `why` names its bound.
 */
export interface EvidenceReach {
  from: number | undefined;
  why: string;
}

/** The event types whose history is demanded: registration, sign-in, and the code's exchange for tokens. */
export const DEMANDED = ['CLIENT_REGISTER', 'LOGIN', 'CODE_TO_TOKEN'] as const;
/** The types that are demanded of clients whose grants leave nothing else. */
const TRACED = [
  'CLIENT_LOGIN',
  'OAUTH2_DEVICE_CODE_TO_TOKEN',
  'AUTHREQID_TO_TOKEN',
  'TOKEN_EXCHANGE',
] as const;
/** The event type that shows that somebody misses a client that is disabled. */
export const MISSED = 'LOGIN_ERROR';
export type TracedType = (typeof TRACED)[number];
/** The types of which it is known since when they are stored. */
export const REACHED = [...DEMANDED, ...TRACED, MISSED] as const;
export type ReachedType = (typeof REACHED)[number];

/** The evidence of the stored events on one client. Times are the server's, in milliseconds since the epoch. */
export interface Activity {
  /** The time at which its registration was stored. */
  registered: number | undefined;
  /** Events without error other than the registration: somebody used it. */
  uses: number;
  lastUse: number | undefined;
  /** The last event that ended in an error: somebody tried. */
  lastTry: number | undefined;
  /** The last try that failed since the client is disabled: somebody needs it. */
  missed: number | undefined;
}

/** Whether there is no event at all. */
export const NO_ACTIVITY: Activity = {
  registered: undefined,
  uses: 0,
  lastUse: undefined,
  lastTry: undefined,
  missed: undefined,
};

/** Everything that is known about one client; the verdict is made from this and the clock alone. */
export interface OrphanEvidence {
  origin: Origin;
  /** The client product that it matches, by name. */
  preset: string | undefined;
  enabled: boolean;
  /** The reason why it must not be touched, in words: kept by a person, protected, adopted, static. */
  shield: string | undefined;
  /** Whether it was adopted for a product that registers anew for each sign-in: an old use is no sign of life then. */
  isLeftBehind?: boolean;
  /**
   * The beginning of the run whose mark it carries, as a probe of mcpkc's would; its registrant may have written it.
   */
  probeBegun: number | undefined;
  /** Whether its client id was chosen, so that only its registration's event tells it from one of an administrator's. */
  isChosen: boolean;
  /** The time at which it was made, where the server tells; milliseconds of the server's clock. */
  created: number | undefined;
  /** The time since which an operator stated that it is there, at least. Milliseconds. */
  acceptedAge: number | undefined;
  /** The grants that it may use and that leave no session or consent. */
  traces: readonly LifeTrace[];
  /** The time at which its secret was made: the client is at least as old. Undefined for public clients. */
  secretMade: number | undefined;
  marks: Marks;
  sessions: EvidenceSource<{ active: number; offline: number }>;
  consents: EvidenceSource<{ users: number; lastGiven: number | undefined }>;
  events: EvidenceSource<Activity & { reach: Readonly<Record<ReachedType, EvidenceReach>> }>;
}

/** A client with the evidence about it. */
export interface Candidate {
  /** The keys under which earlier runs remember it (`realm/record.ts`). */
  key: string;
  id: string;
  clientId: string;
  name: string | undefined;
  evidence: OrphanEvidence;
}

/** A sign of life and its kind, in words. */
export interface Sign {
  at: number;
  what: string;
  /** Whether it is over: nobody needs to have the client for that any more. */
  isPast?: boolean;
}

/** The last sign of life; undefined where no source that could be read has any. */
export function signOfLife(
  { sessions, consents, events, marks }: OrphanEvidence,
  now: number,
): Sign | undefined {
  if (sessions.readable && sessions.active + sessions.offline > 0) {
    return { at: now, what: `it has sessions (${sessions.active} active, ${sessions.offline} offline)` };
  }
  if (consents.readable && consents.users > 0) {
    const at = consents.lastGiven ?? now;
    return { at, what: `${consents.users === 1 ? 'a user' : `${consents.users} users`} consented to it` };
  }
  if (events.readable && events.uses > 0)
    return { at: events.lastUse ?? now, what: 'it was used', isPast: true };
  if (events.readable && events.missed !== undefined) {
    return { at: events.missed, what: 'somebody tried to use it while it was disabled' };
  }
  return marks.lastSeen === undefined
    ? undefined
    : { at: marks.lastSeen, what: 'it was seen in use earlier', isPast: true };
}
