import type { Keycloak } from '../connection/connect.ts';
import { statusOf } from '../connection/failures.ts';
import { mapSome } from '../connection/lists.ts';

/** The most users whose consents are read: beyond it that source is unknown. */
export const MOST_USERS = 20_000;
const PAGE = 100;
const ROUNDS = 3;

/** Consents to one client: by how many users, and when the last one was given (milliseconds since the epoch). */
export interface ConsentCount {
  users: number;
  lastGiven: number | undefined;
}

/** The consents of all users, or the reason in words why they are unknown. */
export type Consents = { byClientId: Map<string, ConsentCount> } | { why: string };

/**
 * Reads every user's consents, once per user: the number of requests grows with users and not with clients. A client id
 * that isn't in the answer has no consent; an offline session that nobody consented to is in it too.
 */
export async function readConsents(
  keycloak: Keycloak,
  onUser: (done: number, all: number) => void,
): Promise<Consents> {
  const users = await userIds(keycloak);
  if (!Array.isArray(users)) return users;
  // Nobody to be seen, though somebody may be there (the account's own user is never listed).
  if (users.length === 0) return { why: 'the realm shows no users to this account' };
  const byClientId = new Map<string, ConsentCount>();
  let done = 0;
  await mapSome(users, async (id) => {
    for (const { clientId, at: given } of await consentsOf(keycloak, id)) {
      const known = byClientId.get(clientId);
      const lastGiven = Math.max(known?.lastGiven ?? 0, given ?? 0);
      byClientId.set(clientId, { users: (known?.users ?? 0) + 1, lastGiven: lastGiven || undefined });
    }
    done += 1;
    onUser(done, users.length);
  });
  return { byClientId };
}

async function consentsOf(
  keycloak: Keycloak,
  id: string,
): Promise<{ clientId: string; at: number | undefined }[]> {
  const found: unknown = await keycloak
    .read({ what: 'read users’ consents', role: 'view-users' }, (admin) => admin.users.listConsents({ id }))
    .catch((error) => {
      // The user was deleted meanwhile, and the consents with it.
      if (statusOf(error) === 404) return [];
      throw error;
    });
  return ((found ?? []) as Record<string, unknown>[]).map(({ clientId, createdDate, lastUpdatedDate }) => {
    const times = [createdDate, lastUpdatedDate].filter((time) => typeof time === 'number');
    return { clientId: String(clientId), at: times.length > 0 ? Math.max(...times) : undefined };
  });
}

/** Ids of all users. Neighbouring pages overlap by one user: where they don't, somebody went, and it begins anew. */
async function userIds(keycloak: Keycloak): Promise<string[] | { why: string }> {
  for (let round = 0; round < ROUNDS; round++) {
    const ids = await userIdsOnce(keycloak);
    if (ids === 'moved') continue;
    if (ids === 'too many') {
      return { why: `the realm has more than ${MOST_USERS.toLocaleString('en')} users` };
    }
    return ids;
  }
  return { why: 'the list of users changed too often while it was read' };
}

async function userIdsOnce(keycloak: Keycloak): Promise<string[] | 'moved' | 'too many'> {
  const ids: string[] = [];
  for (let first = 0; ; first += PAGE - 1) {
    const page = await keycloak.read({ what: 'read the users', role: 'view-users' }, (admin) =>
      admin.users.find({ first, max: PAGE, briefRepresentation: true }),
    );
    const found = page.map(({ id }) => String(id));
    if (first > 0 && found[0] !== ids.at(-1)) return 'moved';
    ids.push(...found.slice(first > 0 ? 1 : 0));
    if (ids.length > MOST_USERS) return 'too many';
    if (page.length < PAGE) return ids;
  }
}
