import { FOREIGN_URI, PROBE_CODE } from '../products/probe-mark.ts';
import { refusedBy } from '../realm/refused-registration.ts';
import type { UserEvent } from '../realm/representations.ts';

/** Refusals that are alike, as one line of a report. */
export interface Refusals {
  kind: 'registration' | 'sign-in' | 'token' | 'renewal';
  count: number;
  /** The registration policy that refused, or Keycloak's error code. */
  by: string;
  clientId: string | undefined;
  address: string | undefined;
  /** Milliseconds since the epoch. */
  first: number;
  last: number;
  /** The number of them that came while validate ran on this machine: most likely its own tests. */
  duringValidate: number;
}

/** Types of events of refusals → the request that was refused. */
export const REFUSAL_KINDS: Readonly<Record<string, Refusals['kind']>> = {
  CLIENT_REGISTER_ERROR: 'registration',
  LOGIN_ERROR: 'sign-in',
  CODE_TO_TOKEN_ERROR: 'token',
  REFRESH_TOKEN_ERROR: 'renewal',
};

/** Whether mcpkc's own probe was refused: its codes name the run, and its foreign redirect URIs are nobody's. */
export function isOfProbe(details: UserEvent['details']): boolean {
  return details.code_id?.startsWith(PROBE_CODE) === true || details.redirect_uri === FOREIGN_URI;
}

/** The time that an event may be stored after its run ended, by its clock: the last answer is on its way. */
const LATE_MS = 1000;

/**
 * Groups refusals by kind, policy or error, client and address; the group with the newest one comes first. `runs`: the
 * times in which validate ran on this machine. Its refusals count as all others do: somebody else's may be among them.
 */
export function groupRefusals(
  events: readonly UserEvent[],
  runs: readonly { from: number; to: number }[] = [],
): Refusals[] {
  const groups = new Map<string, Refusals>();
  for (const { type, time, error, clientId, ipAddress, details } of events) {
    const kind = REFUSAL_KINDS[type];
    if (kind === undefined || isOfProbe(details)) continue;
    const refused = refusedBy({ error, details });
    if (!refused) continue;
    const { policy, detail } = refused;
    const uri = details.redirect_uri;
    const named = error === 'invalid_redirect_uri' && uri !== undefined ? `${error}: ${uri}` : error;
    const by = policy || (detail && `client policy: ${detail}`) || (named ?? 'unknown');
    const own = runs.some(({ from, to }) => time >= from - LATE_MS && time <= to + LATE_MS) ? 1 : 0;
    const key = JSON.stringify([kind, by, clientId, ipAddress]);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, {
        kind,
        count: 1,
        by,
        clientId,
        address: ipAddress,
        first: time,
        last: time,
        duringValidate: own,
      });
      continue;
    }
    group.count += 1;
    group.duringValidate += own;
    group.first = Math.min(group.first, time);
    group.last = Math.max(group.last, time);
  }
  return [...groups.values()].sort((a, b) => b.last - a.last);
}
