import { randomBytes } from 'node:crypto';
import { SEAL_ROLE } from '../../../src/realm/account.ts';
import type { Realm } from './realm.ts';
import type { Representation } from './snapshot.ts';

/** What a service account signs in with. */
export interface ServiceAccount {
  clientId: string;
  secret: string;
  /** The client's internal id. */
  id: string;
  /** Its user's id. */
  userId: string;
}

/**
 * Makes a confidential client, as `init` seals it, with a service account that holds these client roles of `realm-management`, and only the
 * scopes that administration takes, so that none of the realm's defaults gets into its token.
 */
export async function createServiceAccount(
  realm: Realm,
  clientId: string,
  roles: readonly string[],
): Promise<ServiceAccount> {
  const { admin } = realm;
  const secret = randomBytes(18).toString('base64url');
  const { id } = await admin.post(realm.path('clients'), {
    clientId,
    secret,
    publicClient: false,
    serviceAccountsEnabled: true,
    standardFlowEnabled: false,
    directAccessGrantsEnabled: false,
    defaultClientScopes: ['basic', 'roles'],
    optionalClientScopes: [],
  });
  if (!id) throw new Error(`Keycloak made the client ${clientId} and did not say its id.`);
  const user = await admin.get<{ id: string }>(realm.path(`clients/${id}/service-account-user`));
  await grantRoles(realm, user.id, roles);
  const account = { clientId, secret, id, userId: user.id };
  await sealAccount(realm, account);
  return account;
}

/** Gives a user client roles of `realm-management`. */
export async function grantRoles(realm: Realm, userId: string, roles: readonly string[]): Promise<void> {
  if (roles.length === 0) return;
  const { path, body } = await managementRoles(realm, userId, roles);
  await realm.admin.post(path, body);
}

/** Takes client roles of `realm-management` from a user. */
export async function revokeRoles(realm: Realm, userId: string, roles: readonly string[]): Promise<void> {
  const { path, body } = await managementRoles(realm, userId, roles);
  await realm.admin.del(path, body);
}

async function managementRoles(realm: Realm, userId: string, names: readonly string[]) {
  const [management] = await realm.admin.get<{ id: string }[]>(
    realm.path('clients?clientId=realm-management'),
  );
  if (!management) throw new Error(`The realm ${realm.name} has no client realm-management.`);
  const all = await realm.admin.get<Representation[]>(realm.path(`clients/${management.id}/roles`));
  const body = names.map((name) => {
    const role = all.find((one) => one.name === name);
    if (!role) throw new Error(`realm-management has no role ${name}.`);
    return role;
  });
  return { path: realm.path(`users/${userId}/role-mappings/clients/${management.id}`), body };
}

/** Marks an account as `init` does, whose secret is known to nobody else; `path` is of the realm that it lives in. */
export async function sealAccount(
  { admin, path }: Pick<Realm, 'admin' | 'path'>,
  { id, userId }: Pick<ServiceAccount, 'id' | 'userId'>,
): Promise<void> {
  await admin.post(path(`clients/${id}/roles`), { name: SEAL_ROLE });
  const role = await admin.get(path(`clients/${id}/roles/${SEAL_ROLE}`));
  await admin.post(path(`users/${userId}/role-mappings/clients/${id}`), [role]);
}

/** Takes the mark from an account, which is then one of 0.1.0. */
export async function unseal(realm: Realm, { id }: ServiceAccount): Promise<void> {
  await realm.admin.del(realm.path(`clients/${id}/roles/${SEAL_ROLE}`));
}
