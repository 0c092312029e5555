import { beforeAll, expect, it } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
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
});

it('a client without a sign-in that came before the hardening gets no token without a user, once somebody agreed', async () => {
  const { err } = await expectCli(0, ['create-scope', '--resource', RESOURCE], { env: account.env });
  const said = err.replace(/\s+/g, ' ');
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
