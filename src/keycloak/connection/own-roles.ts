import type { AdminRole } from '../../realm/roles.ts';
import type { Keycloak } from './connect.ts';
import { type Attempt, roleMissingError } from './failures.ts';
import { readOwnToken } from './own-account.ts';

/** Roles that let an account see the same things (Keycloak 26.7.3). */
const ENOUGH: Readonly<Partial<Record<AdminRole, readonly string[]>>> = {
  'view-clients': ['view-clients', 'manage-clients'],
  'view-users': ['view-users', 'manage-users'],
  'view-realm': ['view-realm', 'manage-realm'],
  'view-events': ['view-events', 'manage-events'],
};

/**
 * Refuses (ROLE_MISSING, exit status 4) before anything is written where the account's token shows that it lacks a
 * role. A token that shows no roles refuses nothing: then the first request that takes the role does.
 */
export async function requireRoles(keycloak: Keycloak, attempts: readonly Attempt[]): Promise<void> {
  const { roles, isAsked, superuser } = await readOwnToken(keycloak);
  if (superuser || roles === undefined || isAsked) return;
  const lacking = attempts.find(({ role }) => !(ENOUGH[role] ?? [role]).some((name) => roles.includes(name)));
  if (lacking === undefined) return;
  const error = new Error(`the token shows no role ${lacking.role}`);
  throw roleMissingError(lacking, keycloak.place, undefined, { cause: error, details: {} });
}

/**
 * Whether the account holds a role for sure, by its own token. With `query-clients` or `query-users` alone, or with
 * fine-grained permissions, Keycloak answers lists with 200 and leaves out what the account may not see (26.7.3). So an
 * empty list proves nothing unless the role is there.
 */
export async function canAccountSee(keycloak: Keycloak, role: AdminRole): Promise<boolean> {
  const { roles = [], superuser } = await readOwnToken(keycloak);
  return superuser || (ENOUGH[role] ?? [role]).some((name) => roles.includes(name));
}
