import { isKeycloakId } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import { type Attempt, statusOf } from '../connection/failures.ts';

const TIMES: Attempt = { what: 'read when clients were made', role: 'view-clients' };
const PAGE = 100;
const PAGES_AT_ONCE = 4;
/** Answers of a server that doesn't show the times. */
const NOT_SHOWN: readonly number[] = [400, 403, 404, 405];

/** Internal id → when the client was made, in milliseconds by the server's clock. */
export type CreationTimes = ReadonlyMap<string, number>;

/**
 * The time when each client was made; undefined where the server doesn't show it. It does with the experimental feature
 * `client-admin-api` (26.7.4), also of clients that were made while it was off. A registrant can't set the time, and an
 * update keeps it. Pages go by offset: a client that moves between them while others go may be missing.
 */
export async function readCreationTimes(keycloak: Keycloak): Promise<CreationTimes | undefined> {
  const times = new Map<string, number>();
  for (let first = 0; ; first += PAGE * PAGES_AT_ONCE) {
    const offsets = Array.from({ length: first === 0 ? 1 : PAGES_AT_ONCE }, (_, page) => first + page * PAGE);
    let pages: unknown[][];
    try {
      pages = await Promise.all(offsets.map((offset) => readPage(keycloak, offset)));
    } catch (error) {
      // Without the feature the path is not there (26.7.4: 404, 26.4.0: 405); a later version may want another role.
      if (NOT_SHOWN.includes(statusOf(error) ?? 0)) return undefined;
      throw error;
    }
    for (const one of pages.flat()) {
      const { uuid, createdTimestamp } = (one ?? {}) as { uuid?: unknown; createdTimestamp?: unknown };
      if (!isKeycloakId(String(uuid)) || typeof createdTimestamp !== 'number') continue;
      times.set(String(uuid), createdTimestamp);
    }
    if (pages.some((page) => page.length < PAGE)) return times;
    if (first === 0) first = PAGE - PAGE * PAGES_AT_ONCE;
  }
}

async function readPage(keycloak: Keycloak, offset: number): Promise<unknown[]> {
  // biome-ignore lint/style/noRestrictedImports: keycloak/ talks to the admin API.
  const { fetchWithError } = await import('@keycloak/keycloak-admin-client');
  const realm = encodeURIComponent(keycloak.realm);
  const query = `fields=uuid,createdTimestamp&limit=${PAGE}&offset=${offset}`;
  const url = `${keycloak.server}/admin/api/${realm}/clients/v2?${query}`;
  const found: unknown = await keycloak.read(TIMES, async (admin) => {
    const headers = { authorization: `Bearer ${await admin.getAccessToken()}` };
    const response = await fetchWithError(url, { ...keycloak.options, method: 'GET', headers });
    return response.json();
  });
  return Array.isArray(found) ? found : [];
}
