import { beforeAll, expect, it } from 'vitest';
import { type Account, accountIn, expectCli, runCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { login } from '../support/login.ts';
import { addClient } from '../support/realm-things.ts';
import { registerWhole } from '../support/strangers.ts';

const realm = await useRealm('attack-a1');
const RESOURCE = 'https://a1.example.com/mcp';
const STATUS = ['status', '--resource', RESOURCE, '--json'];
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
  const made = ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--attach', 'none'];
  await expectCli(0, made, { env: account.env });
});

it('a client that is called as the MCP server is found: it puts the audience into tokens of others', async () => {
  const found = expect.objectContaining({ code: 'RESOURCE_ID_TAKEN', severity: 'error', subject: RESOURCE });
  const before = await runCli(STATUS, { env: account.env });
  expect(before.json.findings).not.toContainEqual(found);
  const squatter = { clientId: RESOURCE, publicClient: true, defaultRoles: ['any'] };
  expect((await registerWhole(realm, squatter)).status).toBe(201);
  // Somebody else's application, which was never adopted.
  const redirectUri = 'https://app.example.com/callback';
  await addClient(realm, 'app', { publicClient: true, redirectUris: [redirectUri], fullScopeAllowed: true });
  const user = await realm.createUser();
  const result = await login(realm, { clientId: 'app', redirectUri, user });
  expect(result).toMatchObject({ ok: true, claims: { aud: expect.arrayContaining([RESOURCE]) } });
  const after = await runCli(STATUS, { env: account.env });
  expect(after.exit).toBe(1);
  expect(after.json.findings).toContainEqual(found);
});
