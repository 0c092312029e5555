import { beforeAll, expect, it } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { since } from '../support/keycloak/version.ts';
import { clientIn } from '../support/realm-things.ts';
import { openRegistration, registerWhole, userlessToken } from '../support/strangers.ts';

const realm = await useRealm('attack-h7');
const RESOURCE = 'https://h7.example.com/mcp';
const SECRET = 'the-strangers-own';
const machine = { publicClient: false, serviceAccountsEnabled: true, secret: SECRET };
const STRANGERS = ['no-sign-in', 'marked'];
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
  await openRegistration(realm, ['chatgpt.com']);
  await expectCli(0, ['create-scope', '--resource', RESOURCE, '--no-harden'], { env: account.env });
  const attributes = { tosUri: 'https://mcpkc.invalid/probe/00000000.1.zzzzzzzz.0' };
  const [first, second] = STRANGERS;
  const bare = { ...machine, standardFlowEnabled: false };
  expect((await registerWhole(realm, { clientId: first, ...bare })).status).toBe(201);
  expect((await registerWhole(realm, { clientId: second, ...bare, attributes })).status).toBe(201);
  const device = { 'oauth2.device.authorization.grant.enabled': 'true' };
  const byDevice = { publicClient: true, standardFlowEnabled: false, attributes: device };
  expect((await registerWhole(realm, { clientId: 'device-before', ...byDevice })).status).toBe(201);
});

it('a client without a sign-in that came before the hardening gets no token without a user, once somebody agreed', async () => {
  const { err } = await expectCli(0, ['create-scope', '--resource', RESOURCE], { env: account.env });
  const said = err.replace(/\s+/g, ' ');
  if (!since(26, 7, 0)) {
    expect(said).toContain('This Keycloak can’t refuse tokens without a user to registered clients alone');
    return;
  }
  expect(said).toContain('Tokens without a user are not refused, since 2 clients would lose them');
  const args = ['status', '--resource', RESOURCE, '--clients', '--json'];
  const { json } = await expectCli(1, args, { env: account.env });
  for (const subject of STRANGERS) {
    expect(await userlessToken(realm, subject, SECRET)).toBeDefined();
    expect(json.findings).toContainEqual(expect.objectContaining({ code: 'CLIENT_WITHOUT_USER', subject }));
  }
  await expectCli(0, ['create-scope', '--resource', RESOURCE, '--yes'], { env: account.env });
  for (const clientId of STRANGERS) expect(await userlessToken(realm, clientId, SECRET)).toBeUndefined();
});

it('a client without redirect URIs that signs people in by device is found, before the hardening and after', async () => {
  const device = {
    publicClient: true,
    standardFlowEnabled: false,
    attributes: { 'oauth2.device.authorization.grant.enabled': 'true' },
  };
  expect((await registerWhole(realm, { clientId: 'device-after', ...device })).status).toBe(201);
  const { json } = await expectCli(1, ['status', '--resource', RESOURCE, '--clients', '--json'], {
    env: account.env,
  });
  for (const subject of ['device-before', 'device-after'])
    expect(json.findings).toContainEqual(
      expect.objectContaining({
        code: 'HOLDER_EXCEEDS',
        subject,
        message: expect.stringContaining('the device grant'),
        fix: expect.objectContaining({ text: expect.stringContaining(`--detach ${subject}`) }),
      }),
    );
  await expectCli(
    0,
    ['create-scope', '--resource', RESOURCE, '--no-existing', '--detach', 'device-before,device-after'],
    {
      env: account.env,
    },
  );
  for (const clientId of ['device-before', 'device-after'])
    expect((await clientIn(realm, clientId))?.defaultClientScopes).not.toContain('mcp-resource-h7');
});
