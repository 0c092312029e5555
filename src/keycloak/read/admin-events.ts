import type { Keycloak } from '../connection/connect.ts';
import { statusOf } from '../connection/failures.ts';
import { listOf } from '../connection/lists.ts';
import { canAccountSee } from '../connection/own-roles.ts';

/** The last write of a thing of the realm, by its admin events. */
export interface LastWrite {
  /** Path of the thing below the realm: `client-scopes/<id>/protocol-mappers/…`. */
  path: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** The person's or account's name; its internal id where that can't be read. */
  by: string;
  ipAddress: string;
}

const READ = { what: 'read the stored admin events', role: 'view-events' } as const;
const NAME = { what: 'read a user’s name', role: 'view-users' } as const;
/** The newest are looked at; what was written before them nobody tells. */
const MOST = 500;

/**
 * The newest admin event of each of these things, by the beginning of its path; none where the realm stores none, or the
 * account may not see them. One request, and one for each person.
 */
export async function readLastWrites(keycloak: Keycloak, paths: readonly string[]): Promise<LastWrite[]> {
  if (paths.length === 0 || !(await canAccountSee(keycloak, 'view-events'))) return [];
  const { realm } = keycloak;
  const found = await keycloak
    .read(READ, (admin) => admin.realms.findAdminEvents({ realm, max: MOST }))
    .then((answer) => listOf(answer, READ))
    .catch(() => []);
  const writes = paths.flatMap((path) => {
    const event = found.find(
      ({ resourcePath = '' }) => resourcePath === path || resourcePath.startsWith(`${path}/`),
    );
    return event ? [{ path, event }] : [];
  });
  const ids = [...new Set(writes.map(({ event }) => event.authDetails?.userId ?? ''))];
  const names = new Map<string, string>();
  for (const id of ids) names.set(id, await nameOf(keycloak, id));
  return writes.map(({ path, event }) => ({
    path,
    at: Number(event.time ?? 0),
    by: names.get(event.authDetails?.userId ?? '') ?? '',
    ipAddress: event.authDetails?.ipAddress ?? '',
  }));
}

/** A user of this realm by name; somebody of another realm, or who is gone, by id. */
async function nameOf(keycloak: Keycloak, id: string): Promise<string> {
  if (id === '' || !(await canAccountSee(keycloak, 'view-users'))) return id;
  try {
    const user = await keycloak.read(NAME, (admin) => admin.users.findOne({ id }));
    return user?.username ?? id;
  } catch (error) {
    if (statusOf(error) === 404 || statusOf(error) === 403) return id;
    throw error;
  }
}
