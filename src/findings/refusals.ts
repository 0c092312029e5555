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
}

const KINDS: Readonly<Record<string, Refusals['kind']>> = {
  CLIENT_REGISTER_ERROR: 'registration',
  LOGIN_ERROR: 'sign-in',
  CODE_TO_TOKEN_ERROR: 'token',
  REFRESH_TOKEN_ERROR: 'renewal',
};

/** Groups refusals by kind, policy or error, client and address; the group with the newest one comes first. */
export function groupRefusals(events: readonly UserEvent[]): Refusals[] {
  const groups = new Map<string, Refusals>();
  for (const { type, time, error, clientId, ipAddress, details } of events) {
    const kind = KINDS[type];
    if (kind === undefined) continue;
    const refused = refusedBy({ error, details });
    if (!refused) continue;
    const { policy, detail } = refused;
    const by = policy || (detail && `client policy: ${detail}`) || (error ?? 'unknown');
    const key = JSON.stringify([kind, by, clientId, ipAddress]);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { kind, count: 1, by, clientId, address: ipAddress, first: time, last: time });
      continue;
    }
    group.count += 1;
    group.first = Math.min(group.first, time);
    group.last = Math.max(group.last, time);
  }
  return [...groups.values()].sort((a, b) => b.last - a.last);
}
