import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { readConfig } from '../../examples/mcp-host/config.ts';
import { type RunningHost, startHost } from '../../examples/mcp-host/host.ts';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { visit } from '../support/connectors/mcp.ts';
import { signIn as signInWithBrowser } from '../support/connectors/sign-in.ts';
import { challenge } from '../support/connectors/tokens.ts';
import type { RealmUser } from '../support/keycloak/realm.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { login } from '../support/login.ts';
import { type People, peopleOf } from '../support/people.ts';
import { addClient } from '../support/realm-things.ts';

vi.setConfig({ testTimeout: 240_000 });

const EXAMPLES = fileURLToPath(new URL('../../examples/access/', import.meta.url));
const SCOPE = 'mcp-resource';
const CALLBACK = 'https://app.example.com/callback';
const realm = await useRealm('access-recipes');
let account: Account;
let host: RunningHost;
let people: People;

/** Runs a recipe as its first lines say. */
function recipe(name: string, ...args: string[]): string {
  const { adminUser, adminPassword, url } = inject('keycloak');
  const env = {
    PATH: process.env.PATH,
    KC_BOOTSTRAP_ADMIN_USERNAME: adminUser,
    KC_BOOTSTRAP_ADMIN_PASSWORD: adminPassword,
  };
  const words = [`${EXAMPLES}${name}`, url, realm.name, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { env, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

beforeAll(async () => {
  account = await accountIn(realm);
  const env = (origin: string) => ({
    MCP_PUBLIC_BASE_URL: origin,
    OIDC_ISSUER: realm.issuer,
    TOOL_ROLES: 'true',
  });
  host = await startHost((origin) => readConfig(env(origin)), { log: () => {} });
  const made = [
    'create-scope',
    '--preset',
    'chatgpt',
    '--resource',
    host.url,
    '--scope',
    SCOPE,
    '--role',
    'finance',
  ];
  await expectCli(0, [...made, '--no-existing'], { env: account.env });
  people = await peopleOf(realm, 'finance');
  await addClient(realm, 'connector', { redirectUris: [CALLBACK] });
  await addClient(realm, 'application', { redirectUris: [CALLBACK], defaultClientScopes: ['basic'] });
});
afterAll(() => host.stop());

const signIn = (user: RealmUser, clientId = 'connector') =>
  login(realm, { clientId, redirectUri: CALLBACK, user, authMethod: 'none' });

/** What Keycloak's page tells somebody whose sign-in it refuses. */
async function refusal(user: RealmUser): Promise<string> {
  const { params } = challenge('S256');
  const query = { client_id: 'connector', response_type: 'code', redirect_uri: CALLBACK, scope: 'openid' };
  const url = `${realm.issuer}/protocol/openid-connect/auth?${new URLSearchParams({ ...query, ...params })}`;
  const result = await signInWithBrowser(url, { user, redirectUri: CALLBACK });
  return result.ok ? '' : (result.description ?? '');
}

describe('a refusal in words', () => {
  it('is read by who lacks the role, at the sign-in; nobody else’s changes, and it goes without a trace', async () => {
    const before = await realm.snapshot();
    recipe('readable-refusal.mjs', SCOPE, 'finance', 'Payroll is for finance.');
    expect(await refusal(people.bob)).toContain('Payroll is for finance.');
    for (const user of [people.alice, people.carol, people.erin])
      expect(await signIn(user)).toMatchObject({ ok: true });
    expect(await signIn(people.bob, 'application')).toMatchObject({ ok: true });
    recipe('readable-refusal.mjs', '--remove');
    expect(await signIn(people.bob)).toMatchObject({ ok: true });
    expect(await realm.snapshot()).toEqual(before);
  });
});

describe('roles for single tools', () => {
  it('are in the token, and the example server asks for them', async () => {
    recipe('tool-roles.mjs', SCOPE, 'payroll-server', 'add');
    const [client] = await realm.admin.get<{ id: string }[]>(realm.path('clients?clientId=payroll-server'));
    const add = await realm.admin.get<object>(realm.path(`clients/${client?.id}/roles/add`));
    await realm.admin.post(realm.path(`users/${people.alice.id}/role-mappings/clients/${client?.id}`), [add]);
    const call = async (user: RealmUser) => {
      const signed = await signIn(user);
      if (!signed.ok) return expect.fail(JSON.stringify(signed));
      const target = { url: host.url, token: signed.accessToken, fetch, userAgent: 'test' };
      const visited = await visit('sdk-modern', target, { name: 'add', arguments: { a: 2, b: 3 } });
      return visited.ok ? visited.toolResult : visited;
    };
    expect(await call(people.alice)).toMatchObject({ content: [{ text: '5' }] });
    expect(await call(people.carol)).toMatchObject({ ok: false, error: 'tool_error' });
    // Anybody who has a tool's role gets in by it, and access says so.
    await realm.admin.post(realm.path(`users/${people.dave.id}/role-mappings/clients/${client?.id}`), [add]);
    expect(await call(people.dave)).toMatchObject({ content: [{ text: '5' }] });
    const { json } = await expectCli(0, ['access', host.url, '--scope', SCOPE, '--json'], {
      env: account.env,
    });
    expect(json.roles).toMatchObject([
      { name: 'finance', client: null },
      { name: 'add', client: 'payroll-server', people: 2 },
    ]);
  });
});
