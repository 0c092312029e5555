import { beforeAll, describe, expect, it } from 'vitest';
import { type Account, accountIn, expectCli, runCli } from '../support/cli.ts';
import type { RealmUser } from '../support/keycloak/realm.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { login } from '../support/login.ts';
import { addClient, clientIn } from '../support/realm-things.ts';
import { openRegistration, registerWhole, withToken } from '../support/strangers.ts';

const realm = await useRealm('attack-a1');
// Its registration is shut.
const shut = await useRealm('attack-a1-shut');
const HELD = 'https://held.example.com/mcp';
const LATE = 'https://late.example.com/mcp';
const redirectUri = 'https://app.example.com/callback';
let account: Account;
let user: RealmUser;

beforeAll(async () => {
  account = await accountIn(realm);
  user = await realm.createUser();
  // Somebody else's application, which is never adopted.
  await addClient(realm, 'app', { publicClient: true, redirectUris: [redirectUri], fullScopeAllowed: true });
  await openRegistration(realm, ['chatgpt.com']);
});

const run = (exit: number, ...args: string[]) => expectCli(exit, args, { env: account.env });
/** Before 26.7 Trusted Hosts refuses a registration without a redirect URI; this one is a product's own. */
const redirectUris = ['https://chatgpt.com/connector_platform_oauth_redirect'];
const squat = (clientId: string, where = realm) =>
  registerWhole(where, { clientId, publicClient: true, redirectUris, defaultRoles: ['any'] });

async function audience(): Promise<unknown[]> {
  const result = await login(realm, { clientId: 'app', redirectUri, user });
  if (!result.ok) expect.fail(`${result.stage}: ${result.error}`);
  return [result.claims.aud].flat();
}

async function codes(resource: string): Promise<string[]> {
  const ran = await runCli(['status', '--resource', resource, '--json'], { env: account.env });
  return (ran.json.findings as { code: string }[]).map(({ code }) => code);
}

describe.each([
  ['create-scope', ['create-scope', '--resource', HELD, '--attach', 'none']],
  ['onboard', ['onboard', HELD, 'app']],
  ['allow', ['allow', HELD, '--preset', 'vscode', '--by', 'client']],
])('%s', (_what, command) => {
  it('holds the MCP server’s URL as client id: no stranger can take it, nor change what holds it', async () => {
    await run(0, ...command);
    const own = await clientIn(realm, HELD);
    expect(own).toMatchObject({ bearerOnly: true, fullScopeAllowed: false, redirectUris: [] });
    const refused = await squat(HELD);
    expect(refused.status).toBe(400);
    // Keycloak gives roles back with the name of a client that is there: none came of it.
    expect(await realm.admin.get(realm.path(`clients/${own?.id}/roles`))).toEqual([]);
    expect(await codes(HELD)).not.toContain('RESOURCE_ID_TAKEN');
    await run(0, 'create-scope', '--resource', HELD, '--remove', '--yes');
    expect(await clientIn(realm, HELD)).toBeUndefined();
  });
});

it('apply holds the URL of each server of a file once one of them opens registration', async () => {
  const names = ['open', 'closed'].map((name) => `https://${name}.example.com/mcp`);
  const [open, closed] = names;
  const servers = [
    { resource: closed, access: 'anybody', products: [{ preset: 'vscode', by: 'client' }] },
    { resource: open, access: 'anybody', products: ['chatgpt'] },
  ];
  const { env } = await accountIn(shut);
  const apply = (realms: object, ...flags: string[]) =>
    expectCli(0, ['apply', '--yes', ...flags], {
      env,
      files: { 'mcpkc.yaml': JSON.stringify({ realms: [realms] }) },
    });
  await apply({ servers: servers.slice(0, 1) });
  expect(await clientIn(shut, closed ?? '')).toBeUndefined();
  await apply({ servers });
  for (const name of names) {
    expect(await clientIn(shut, name)).toMatchObject({ bearerOnly: true });
    expect((await squat(name, shut)).status).toBe(400);
  }
  await apply({ retired: names }, '--prune');
  for (const name of names) expect(await clientIn(shut, name)).toBeUndefined();
});

it('trusted-hosts holds the URL of each server that is there before strangers may register', async () => {
  const early = 'https://early.example.com/mcp';
  const { env } = await accountIn(shut, undefined, 'mcpkc-opens');
  await expectCli(0, ['create-scope', '--resource', early, '--attach', 'none', '--registration', 'keep'], {
    env,
  });
  expect(await clientIn(shut, early)).toBeUndefined();
  await expectCli(0, ['trusted-hosts', '--preset', 'chatgpt'], { env });
  expect(await clientIn(shut, early)).toMatchObject({ bearerOnly: true });
  expect((await squat(early, shut)).status).toBe(400);
  await expectCli(0, ['trusted-hosts', '--preset', 'chatgpt', '--dry-run'], { env });
});

it('a stranger who was there first is named, found, and goes with a person’s word; his token is dead', async () => {
  const squatter = await squat(LATE);
  expect(squatter.status).toBe(201);
  expect(await audience()).toContain(LATE);

  const left = await run(0, 'create-scope', '--resource', LATE, '--attach', 'none');
  expect(left.err).toMatch(/Tokens of other applications can name https:\/\/late\.example\.com\/mcp in aud/);
  expect((await clientIn(realm, LATE))?.id).toBe(squatter.body.id);
  const found = await runCli(['status', '--resource', LATE, '--json'], { env: account.env });
  expect(found.exit).toBe(1);
  const finding = (found.json.findings as { code: string; fix: { text: string } }[]).find(
    ({ code }) => code === 'RESOURCE_ID_TAKEN',
  );
  await run(0, ...(finding?.fix.text ?? '').split(' ').slice(1));

  expect(await audience()).not.toContain(LATE);
  expect(await codes(LATE)).not.toContain('RESOURCE_ID_TAKEN');
  expect(await withToken(realm, squatter, 'GET')).toBe(401);
  expect((await squat(LATE)).status).toBe(400);
});

it('an administrator’s own client of that id is left alone, as nobody can register it', async () => {
  const theirs = 'https://theirs.example.com/mcp';
  const id = await addClient(realm, theirs, { bearerOnly: true });
  await run(0, 'create-scope', '--resource', theirs, '--attach', 'none', '--yes');
  expect((await clientIn(realm, theirs))?.id).toBe(id);
});
