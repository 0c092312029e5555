import { expect, it } from 'vitest';
import type { Keycloak } from '../../../src/keycloak/connection/connect.ts';
import { countUsers } from '../../../src/keycloak/read/sessions.ts';

/** An account with these roles, in a realm where one person is signed in with the client. */
function accountWith(...roles: string[]): Keycloak {
  const claims = { realm_access: { roles: [] }, resource_access: { 'realm-management': { roles } } };
  const token = `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
  const admin = {
    getAccessToken: async () => token,
    clients: { listSessions: async () => [{ userId: 'u1' }], listOfflineSessions: async () => [] },
  };
  const read = (_attempt: unknown, send: (admin: unknown) => Promise<unknown>) => send(admin);
  return { admin, read, place: { roleClient: 'realm-management' }, accountRealm: 'r' } as unknown as Keycloak;
}

it('people are counted for sure only where the account may see users: Keycloak 26.8 leaves the others out', async () => {
  expect(await countUsers(accountWith('manage-clients', 'view-users'), 'c')).toEqual({
    users: 1,
    more: false,
  });
  expect(await countUsers(accountWith('manage-clients', 'manage-users'), 'c')).toEqual({
    users: 1,
    more: false,
  });
  expect(await countUsers(accountWith('manage-clients'), 'c')).toEqual({ users: 1, more: true });
});
