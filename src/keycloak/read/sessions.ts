import type { Keycloak } from '../connection/connect.ts';
import { canAccountSee } from '../connection/own-roles.ts';

/** Sessions of a client: active ones and offline ones. */
export interface SessionCount {
  active: number;
  offline: number;
}

/** The sessions of all clients that have some, by the client's internal id, in one answer. */
export async function readSessionStats(keycloak: Keycloak): Promise<Map<string, SessionCount>> {
  const { realm } = keycloak;
  const found: unknown = await keycloak.read(
    { what: 'read which clients have sessions', role: 'view-realm' },
    (admin) => admin.realms.getClientSessionStats({ realm }),
  );
  const stats = new Map<string, SessionCount>();
  // Numbers come as strings (26.7.3). One that can't be read counts as a session: it must not look like none.
  const number = (value: unknown) => (/^\d+$/.test(String(value)) ? Number(value) : 1);
  for (const { id, active, offline } of found as { id: string; active: unknown; offline: unknown }[]) {
    stats.set(id, { active: number(active), offline: number(offline) });
  }
  return stats;
}

/** A person's session with a client. */
export interface SignIn {
  /** The user's name; undefined where the account may not see users. */
  username: string | undefined;
  address: string | undefined;
}

const WHO = { what: 'read who is signed in', role: 'view-clients' } as const;
/** The most sessions of one client that are looked at. */
const MOST = 20;

/** The people who are signed in with a client: ordinary sessions and offline ones. */
export async function readSignIns(keycloak: Keycloak, id: string): Promise<SignIn[]> {
  const found: unknown[] = await Promise.all([
    keycloak.read(WHO, (admin) => admin.clients.listSessions({ id, first: 0, max: MOST })),
    keycloak.read(WHO, (admin) => admin.clients.listOfflineSessions({ id, first: 0, max: MOST })),
  ]);
  return (found.flat() as { username?: unknown; ipAddress?: unknown }[]).map(({ username, ipAddress }) => ({
    username: typeof username === 'string' ? username : undefined,
    address: typeof ipAddress === 'string' ? ipAddress : undefined,
  }));
}

/**
 * The number of people who are signed in with a client; more than `MOST_COUNTED` sessions of a kind are not looked at.
 */
export interface UserCount {
  users: number;
  /** Whether there may be more: sessions that were not looked at, or that the account may not see. */
  more: boolean;
}

const MOST_COUNTED = 1000;
const PAGE = 100;

/** Counts the people who are signed in with a client, by ordinary sessions and offline ones. Takes `view-clients`. */
export async function countUsers(keycloak: Keycloak, id: string): Promise<UserCount> {
  const users = new Set<string>();
  // Lists of sessions leave people out that the account may not see, without a word (Keycloak 26.8.0).
  let more = !(await canAccountSee(keycloak, 'view-users'));
  for (const kind of ['listSessions', 'listOfflineSessions'] as const) {
    for (let first = 0; ; first += PAGE) {
      const page: unknown = await keycloak.read(WHO, (admin) =>
        admin.clients[kind]({ id, first, max: PAGE }),
      );
      const found = page as { userId?: unknown; username?: unknown }[];
      for (const { userId, username } of found) users.add(String(userId ?? username));
      if (found.length < PAGE) break;
      if (first + PAGE < MOST_COUNTED) continue;
      more = true;
      break;
    }
  }
  return { users: users.size, more };
}
