import type { Role } from '../../realm/roles.ts';
import type { Keycloak } from './connect.ts';
import { readOwnToken } from './own-account.ts';

/** Which roles let an account see the same things (Keycloak 26.7.3). */
const ENOUGH: Readonly<Partial<Record<Role, readonly string[]>>> = {
  'view-clients': ['view-clients', 'manage-clients'],
  'view-users': ['view-users', 'manage-users'],
  'view-realm': ['view-realm', 'manage-realm'],
  'view-events': ['view-events', 'manage-events'],
};

/**
 * Whether the account holds a role for sure, by its own token. With `query-clients` or `query-users` alone, or with
 * fine-grained permissions, Keycloak answers lists with 200 and leaves out what the account may not see (26.7.3): an
 * empty list proves nothing unless the role is there.
 */
export async function accountSees(keycloak: Keycloak, role: Role): Promise<boolean> {
  const { roles = [], superuser } = await readOwnToken(keycloak);
  return superuser || (ENOUGH[role] ?? [role]).some((name) => roles.includes(name));
}
