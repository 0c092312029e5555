import type { AdminRole } from '../../realm/roles.ts';
import type { Keycloak } from './connect.ts';
import { statusOf } from './failures.ts';

/** A path below `/admin/realms/<realm>` that is 403 without the role, also with `query-clients` or `query-users`. */
const QUESTIONS: readonly (readonly [role: AdminRole, path: string])[] = [
  ['view-clients', 'clients-initial-access'],
  // 200 with an empty record for a user that isn't there; with `query-users` alone 403.
  ['view-users', 'attack-detection/brute-force/users/00000000-0000-0000-0000-000000000000'],
  ['view-realm', 'client-policies/policies'],
  ['view-events', 'events/config'],
];

/**
 * The roles of an account whose token names none (a lightweight access token), found out by asking. Each question is
 * 200 with the role or the one that includes it, 403 without (Keycloak 26.7.3, also for an account in `master`). Its
 * roles to write show in `access.manage` of the realm's own client `broker`. Five small requests.
 */
export async function askForRoles(keycloak: Keycloak): Promise<AdminRole[]> {
  const [manages, ...seen] = await Promise.all([
    managesClients(keycloak),
    ...QUESTIONS.map(async ([role, path]) => ((await isAnswered(keycloak, role, path)) ? [role] : [])),
  ]);
  return [...seen.flat(), ...(manages ? (['manage-clients'] as const) : [])];
}

async function isAnswered(keycloak: Keycloak, role: AdminRole, path: string): Promise<boolean> {
  try {
    await keycloak.read(
      { what: `find out whether the account has the role '${role}'`, role },
      async (admin) => {
        // biome-ignore lint/style/noRestrictedImports: keycloak/ talks to the admin API.
        const { fetchWithError } = await import('@keycloak/keycloak-admin-client');
        const url = `${keycloak.server}/admin/realms/${encodeURIComponent(keycloak.realm)}/${path}`;
        const headers = { authorization: `Bearer ${await admin.getAccessToken()}` };
        const answer = await fetchWithError(url, { ...keycloak.options, headers });
        await answer.body?.cancel();
      },
    );
    return true;
  } catch (error) {
    if (statusOf(error) === 403) return false;
    throw error;
  }
}

async function managesClients(keycloak: Keycloak): Promise<boolean> {
  const what = { what: 'find out what the account may manage', role: 'view-clients' } as const;
  try {
    const found = await keycloak.read(what, (admin) => admin.clients.find({ clientId: 'broker' }));
    const access = (found[0] as { access?: { manage?: unknown } } | undefined)?.access;
    return access?.manage === true;
  } catch (error) {
    if (statusOf(error) === 403) return false;
    throw error;
  }
}
