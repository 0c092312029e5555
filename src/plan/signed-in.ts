import type { SessionCount } from '../keycloak/read/sessions.ts';
import type { Client } from '../realm/representations.ts';
import { count } from '../text.ts';

/**
 * The number of sign-ins with clients that are about to lose something: each is somebody who uses the client, or did
 * lately.
 */
export function sessionsSentence(
  clients: readonly Client[],
  stats: ReadonlyMap<string, SessionCount>,
): string {
  const found = clients.flatMap(({ id }) => stats.get(id) ?? []);
  const online = found.reduce((sum, { active }) => sum + active, 0);
  const offline = found.reduce((sum, { offline: more }) => sum + more, 0);
  if (online + offline === 0) return 'Nobody is signed in with them now.';
  return `${count(found.length, 'client')} of these have sign-ins of users now: ${count(online, 'session')} and ${count(offline, 'offline session')}.`;
}
