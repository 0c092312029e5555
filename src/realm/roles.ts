/** The administrative roles that mcpkc's requests take (Keycloak 26.7.3: client roles of `realm-management`). */
export type AdminRole =
  | 'view-clients'
  | 'manage-clients'
  | 'view-realm'
  | 'manage-realm'
  | 'view-events'
  | 'manage-events'
  | 'view-users'
  | 'manage-users';

/**
 * The roles of a service account that does everything. In Keycloak 26.7.3 `manage-clients` and `manage-realm` include
 * reading the same things, so `view-clients` and `view-realm` would be in excess.
 */
export const WORKING_ROLES: readonly AdminRole[] = [
  'manage-clients',
  'manage-realm',
  'view-events',
  'view-users',
];

/** The role that ending people's connections takes as well. Anybody who has it can set anybody's password. */
export const REVOKING_ROLE: AdminRole = 'manage-users';

/** The roles of an account that only looks (`status`, the plan of `prune-clients`, `validate`). */
export const READING_ROLES: readonly AdminRole[] = [
  'view-clients',
  'view-realm',
  'view-events',
  'view-users',
];

/**
 * The client whose roles administer a realm: in the realm itself `realm-management`. For an account that lives in
 * `master` it is the client `<realm>-realm` there, which administers that realm alone.
 */
export function roleClientOf(realm: string, accountRealm: string): string {
  return accountRealm === 'master' ? `${realm}-realm` : 'realm-management';
}

/**
 * The client scope whose audience opens the admin API to a token. Keycloak 26.8.2 creates it in every realm and demands
 * its audience; the upgrade assigns it to admin-cli and security-admin-console alone (upgrading guide of 26.8.2).
 */
export const ADMIN_API_SCOPE = 'kc-admin-api';
