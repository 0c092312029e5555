import type { Role } from '../../realm/roles.ts';
import type { Keycloak } from './connect.ts';

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
  const token = (await keycloak.admin.getAccessToken()) ?? '';
  const claims = payloadOf(token);
  const clients = record(claims.resource_access);
  const held = strings(record(clients[keycloak.place.roleClient]).roles);
  const superuser =
    keycloak.accountRealm === 'master' && strings(record(claims.realm_access).roles).includes('admin');
  return superuser || (ENOUGH[role] ?? [role]).some((name) => held.includes(name));
}

function payloadOf(token: string): Record<string, unknown> {
  try {
    return record(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')));
  } catch {
    return {};
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
