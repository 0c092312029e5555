import { randomBytes } from 'node:crypto';
import { afterAll } from 'vitest';
import { WORKING_ROLES } from '../../../src/realm/roles.ts';
import { seedSecret } from '../../support/cli.ts';
import { sealAccount } from '../../support/keycloak/service-account.ts';
import type { World } from './world.ts';

interface Named {
  id: string;
  name: string;
}

const made: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const remove of made) await remove();
});

/** Gives a world an account that lives in `master`: what is done to its realm's own clients doesn't touch it. */
export async function inMaster(world: World): Promise<void> {
  const { admin, realm } = world;
  const clientId = `mcpkc-${realm.name}`;
  const secret = seedSecret(randomBytes(18).toString('base64url'));
  const { id } = await admin.post('/realms/master/clients', {
    clientId,
    secret,
    publicClient: false,
    serviceAccountsEnabled: true,
    standardFlowEnabled: false,
    defaultClientScopes: ['basic', 'roles'],
    optionalClientScopes: [],
  });
  made.push(() => admin.request('DELETE', `/realms/master/clients/${id}`));
  const user = await admin.get<Named>(`/realms/master/clients/${id}/service-account-user`);
  const [roleClient] = await admin.get<Named[]>(`/realms/master/clients?clientId=${realm.name}-realm`);
  const roles = await admin.get<Named[]>(`/realms/master/clients/${roleClient?.id}/roles`);
  const wanted = roles.filter(({ name }) => (WORKING_ROLES as readonly string[]).includes(name));
  await admin.post(`/realms/master/users/${user.id}/role-mappings/clients/${roleClient?.id}`, wanted);
  const path = (rest = '') => `/realms/master/${rest}`;
  await sealAccount({ admin, path }, { id: id ?? '', userId: user.id });
  world.env = { ...world.env, KC_CLIENT_ID: clientId, KC_CLIENT_SECRET: secret, KC_ADMIN_REALM: 'master' };
}
