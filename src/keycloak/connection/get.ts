import type { Keycloak } from './connect.ts';
import type { Attempt } from './failures.ts';

/**
 * Reads a path below `/admin/realms/<realm>` that the admin client has no method for (26.7.4), with the same retries,
 * timeouts and errors. Each segment of the path is encoded by the caller.
 */
export function getPath(keycloak: Keycloak, attempt: Attempt, path: string): Promise<unknown> {
  return keycloak.read(attempt, async (admin) => {
    // biome-ignore lint/style/noRestrictedImports: keycloak/ talks to the admin API.
    const { fetchWithError } = await import('@keycloak/keycloak-admin-client');
    const url = `${keycloak.server}/admin/realms/${encodeURIComponent(keycloak.realm)}/${path}`;
    const headers = { ...keycloak.options.headers, authorization: `Bearer ${await admin.getAccessToken()}` };
    const answer = await fetchWithError(url, { ...keycloak.options, method: 'GET', headers });
    return answer.json() as Promise<unknown>;
  });
}
