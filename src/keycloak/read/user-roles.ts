import type { Keycloak } from '../connection/connect.ts';
import { listOf } from '../connection/lists.ts';
import { findHolderNamed } from './role-holders.ts';

const DEFAULTS = { what: 'read the realm’s default roles', role: 'view-realm' } as const;
const OF_USER = { what: 'read the roles of a user', role: 'view-users' } as const;

const names = (roles: readonly { name?: string }[]) => roles.map(({ name = '' }) => name);

/** Realm roles that every new user has, by the realm's default role. */
export async function readDefaultRoles(keycloak: Keycloak): Promise<string[]> {
  const { realm } = keycloak;
  const settings = await keycloak.read(DEFAULTS, (admin) => admin.realms.findOne({ realm }));
  const { id, name } = (settings?.defaultRole ?? {}) as { id?: string; name?: string };
  if (id === undefined) return [];
  const parts = await keycloak.read(DEFAULTS, (admin) => admin.roles.getCompositeRoles({ id }));
  return [name ?? '', ...names(listOf(parts, DEFAULTS))];
}

/** Realm roles that a user has, by groups and composites too; undefined where there is no user of that name. */
export async function readRolesOfUser(keycloak: Keycloak, username: string): Promise<string[] | undefined> {
  const { id } = (await findHolderNamed(keycloak, 'user', username)) ?? {};
  if (id === undefined) return undefined;
  const roles = await keycloak.read(OF_USER, (admin) => admin.users.listCompositeRealmRoleMappings({ id }));
  return names(listOf(roles, OF_USER));
}
