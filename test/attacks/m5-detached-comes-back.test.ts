import { beforeAll, expect, it } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { clientIn } from '../support/realm-things.ts';
import { type Registered, registerWhole, updateOwn } from '../support/strangers.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const SCOPE = 'mcp-resource-svc';
const realm = await useRealm('attack-m5');
let account: Account;
let registered: Registered;

const scopes = async () => (await clientIn(realm, 'a-stranger'))?.defaultClientScopes ?? [];
const back = (registration: Registered) =>
  updateOwn(realm, registration, {
    redirectUris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
    defaultClientScopes: ['basic', SCOPE],
  });

beforeAll(async () => {
  account = await accountIn(realm);
  await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--attach', 'default'], {
    env: account.env,
  });
  registered = await registerWhole(realm, {
    clientId: 'a-stranger',
    redirectUris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
  });
});

it('a registration access token puts back a scope that an administrator took: that is the attack', async () => {
  expect(registered.status).toBe(201);
  expect(await scopes()).toContain(SCOPE);
  const { id } = (await clientIn(realm, 'a-stranger')) ?? { id: '' };
  const all = await realm.admin.get<{ id: string; name: string }[]>(realm.path('client-scopes'));
  const scope = all.find(({ name }) => name === SCOPE);
  await realm.admin.del(realm.path(`clients/${id}/default-client-scopes/${scope?.id}`));
  expect(await scopes()).not.toContain(SCOPE);
  const answer = await back(registered);
  expect(answer.status).toBe(200);
  expect(await scopes()).toContain(SCOPE);
  registered = { ...answer, body: { ...registered.body, ...answer.body } };
});

it('--detach takes the token first', async () => {
  const detach = ['create-scope', '--resource', RESOURCE, '--no-existing', '--detach', 'a-stranger'];
  await expectCli(0, detach, { env: account.env });
  expect(await scopes()).not.toContain(SCOPE);
  expect((await back(registered)).status).toBe(401);
  expect(await scopes()).not.toContain(SCOPE);
});
