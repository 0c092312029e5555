import { DAY, durationText, exactDuration } from '../duration.ts';
import type { StoredEvents } from './account.ts';

/**
 * The user events that onboarding, pruning and status read (Keycloak's `EventType`, each with its `_ERROR`). Keycloak's
 * default list has all of them but REFRESH_TOKEN (26.7.3).
 */
const READ = [
  'CLIENT_REGISTER',
  'CLIENT_UPDATE',
  'CLIENT_DELETE',
  'REGISTER',
  'LOGIN',
  'CODE_TO_TOKEN',
  'REFRESH_TOKEN',
  'CLIENT_LOGIN',
  'GRANT_CONSENT',
  'UPDATE_CONSENT',
  'REVOKE_GRANT',
] as const;

/** The types that have to be stored. */
export const EVENT_TYPES: readonly string[] = READ.flatMap((type) => [type, `${type}_ERROR`]);

/** When prune-clients acts unless told otherwise: a client’s age, and how long each of its two stages lasts. */
export const PRUNING = { olderThanMs: 7 * DAY, graceMs: 3 * DAY } as const;

/** How long events have to be kept for prune-clients to remove anything: a client’s age and both stages. */
export const PRUNING_NEEDS_MS = PRUNING.olderThanMs + 2 * PRUNING.graceMs;

/** The time for which events are stored unless told otherwise. */
export const USUAL_RETENTION_MS = 30 * DAY;

/** The retention to advise, as `init --events` takes it: the usual one, or longer where pruning needs longer. */
export function advisedRetention(neededMs: number = PRUNING_NEEDS_MS): string {
  return durationText(Math.max(USUAL_RETENTION_MS, Math.ceil(neededMs / DAY) * DAY));
}

/** The time for which events are kept, as an operator reads it; undefined is for ever, as Keycloak has it. */
export function retentionText(ms: number | undefined): string {
  return ms === undefined ? 'for ever' : exactDuration(ms);
}

/**
 * The time for which events are to be kept: never shorter than now. No time is for ever where something is stored; in a
 * realm that never stored any it means nothing.
 */
export function retentionFor(now: StoredEvents, wantedMs: number): number | undefined {
  if (now.expirationMs === undefined) return now.enabled || now.some ? undefined : wantedMs;
  return Math.max(now.expirationMs, wantedMs);
}
