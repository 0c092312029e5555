import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import type { RealmUser } from '../support/keycloak/realm.ts';
import { grantRoles, revokeRoles } from '../support/keycloak/service-account.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { type Login, login, refresh } from '../support/login.ts';
import { audienceScope } from '../support/onboarding.ts';
import { grant } from '../support/people.ts';
import { CHATGPT_BODY, registerAnonymously } from '../support/realm-things.ts';

vi.setConfig({ testTimeout: 240_000 });

const OPEN = 'https://open.example.com/mcp';
const PAYROLL = 'https://payroll.example.com/mcp';
const CALLBACK = 'https://chatgpt.com/connector_platform_oauth_redirect';
/** Of no product that can be told. */
const ELSEWHERE = 'https://app.example.com/callback';
const DOCUMENT = 'https://chatgpt.com/oauth/codex/client.json';
const realm = await useRealm('connections');
let account: Account;
let people: Record<'alice' | 'bob' | 'carol', RealmUser>;
let registered: Pick<Login, 'clientId' | 'secret'>;

/** Who is connected, by name of the connection: what refreshes it. */
const tokens = new Map<string, { how: Login; token: string }>();

const run = (exit: number, ...args: string[]) => expectCli(exit, args, { env: account.env });
const connections = async (...args: string[]) => {
  const { json } = await run(0, 'connections', '--json', ...args);
  return json.connections as { user: string; client: { clientId: string }; [field: string]: unknown }[];
};

async function connect(
  user: RealmUser,
  client: Pick<Login, 'clientId' | 'secret'>,
  offline = false,
): Promise<void> {
  const scope = offline ? 'openid offline_access' : 'openid';
  const authMethod = client.secret === undefined ? 'none' : 'client_secret_basic';
  const redirectUri = client.clientId === registered.clientId ? CALLBACK : ELSEWHERE;
  const how = { ...client, redirectUri, user, scope, authMethod };
  const result = await login(realm, how);
  if (!result.ok) return expect.fail(`${user.username} with ${client.clientId}: ${JSON.stringify(result)}`);
  tokens.set(`${user.username} ${client.clientId}`, { how, token: result.refreshToken ?? '' });
}

/** Which of all connections still refresh. */
async function living(): Promise<string[]> {
  const names: string[] = [];
  for (const [name, { how, token }] of tokens) if ((await refresh(realm, how, token)).ok) names.push(name);
  return names.sort();
}

async function everybody(): Promise<void> {
  tokens.clear();
  await connect(people.alice, registered, true);
  await connect(people.bob, registered);
  await connect(people.alice, { clientId: DOCUMENT }, true);
  await connect(people.bob, { clientId: DOCUMENT }, true);
  await connect(people.carol, { clientId: 'by-hand' });
  await connect(people.carol, registered, true);
}

const ALL = () =>
  [
    `alice ${registered.clientId}`,
    `bob ${registered.clientId}`,
    `alice ${DOCUMENT}`,
    `bob ${DOCUMENT}`,
    'carol by-hand',
    `carol ${registered.clientId}`,
  ].sort();
const without = (...gone: string[]) => ALL().filter((name) => !gone.includes(name));

beforeAll(async () => {
  account = await accountIn(realm);
  await run(0, 'create-scope', '--preset', 'chatgpt', '--resource', OPEN, '--no-existing');
  await run(
    0,
    'create-scope',
    '--resource',
    PAYROLL,
    '--attach',
    'none',
    '--role',
    'finance',
    '--no-existing',
  );
  const [alice, bob, carol] = await Promise.all(
    ['alice', 'bob', 'carol'].map((username) => realm.createUser({ username })),
  );
  if (!alice || !bob || !carol) throw new Error('somebody is missing');
  people = { alice, bob, carol };
  await grant(realm, 'users', alice.id, 'finance');
  const { body } = await registerAnonymously(realm, CHATGPT_BODY);
  registered = { clientId: String(body.client_id), secret: String(body.client_secret) };
  const hidden = (await audienceScope(realm, 'mcp-resource-payroll'))?.name ?? '';
  const made = { publicClient: true, redirectUris: [ELSEWHERE], fullScopeAllowed: false };
  const scopes = {
    defaultClientScopes: ['basic', 'mcp-resource-open', hidden],
    optionalClientScopes: ['offline_access'],
  };
  await realm.admin.post(realm.path('clients'), {
    clientId: DOCUMENT,
    consentRequired: true,
    ...made,
    ...scopes,
  });
  await realm.admin.post(realm.path('clients'), {
    clientId: 'by-hand',
    ...made,
    defaultClientScopes: ['basic', 'mcp-resource-open'],
  });
});

describe('who is connected to what', () => {
  it('is what was made: person, client, way, servers that its token opens, how long it goes on', async () => {
    await everybody();
    const rows = await connections();
    expect(rows.map(({ user, client }) => `${user} ${client.clientId}`).sort()).toEqual(ALL());
    const of = (user: string, clientId: string) =>
      rows.find((row) => row.user === user && row.client.clientId === clientId);
    expect(of('alice', DOCUMENT)).toMatchObject({
      way: 'document',
      servers: expect.arrayContaining([OPEN, PAYROLL]),
      consented: true,
      offlineSessions: 1,
    });
    expect(of('bob', DOCUMENT)).toMatchObject({ servers: [OPEN] });
    expect(of('bob', registered.clientId)).toMatchObject({
      way: 'registration',
      product: 'chatgpt',
      sessions: 1,
      offlineSessions: 0,
    });
    expect(of('carol', 'by-hand')).toMatchObject({ way: 'client', since: null, consented: false });
    expect(of('alice', DOCUMENT)?.goesOn).toBe('goes on until nobody uses it for 30d (offline session)');
    expect((await connections(PAYROLL)).map(({ user }) => user).sort()).toEqual(['alice', 'bob']);
    expect((await connections('--user', 'Bob')).length).toBe(2);
    expect((await connections('--preset', 'chatgpt')).length).toBe(3);
    expect(await connections('--idle', '1d')).toEqual([]);
    const { out } = await run(0, 'connections');
    expect(out).toContain('opens https://');
    expect(out).toContain('since: unknown (no consent is there)');
  });

  it('an account without view-users: what it can’t see is said', async () => {
    await revokeRoles(realm, account.userId, ['view-users']);
    const { json } = await run(0, 'connections', '--json');
    await grantRoles(realm, account.userId, ['view-users']);
    expect(json.notVisible).toEqual([expect.stringContaining('view-users')]);
  });
});

describe('cutting it', () => {
  it('takes a right that init doesn’t grant, and consent; --dry-run ends nothing', async () => {
    const cut = ['connections', '--user', 'alice', '--revoke'];
    expect((await run(1, ...cut, '--dry-run', '--json')).json).toMatchObject({ applied: false });
    const refused = await run(4, ...cut, '--yes', '--json');
    expect(refused.json).toMatchObject({ code: 'ROLE_MISSING', details: { role: 'manage-users' } });
    expect(refused.json.fix).toMatch(/^mcpkc init .* --revoke$/m);
    await grantRoles(realm, account.userId, ['manage-users']);
    expect((await run(5, ...cut, '--json')).json).toMatchObject({ code: 'CONSENT_NEEDED' });
    await run(2, 'connections', '--revoke');
    expect(await living()).toEqual(ALL());
  });

  it('a person’s: nobody else’s', async () => {
    await run(0, 'connections', '--user', 'alice', '--revoke', '--yes');
    expect(await living()).toEqual(without(`alice ${registered.clientId}`, `alice ${DOCUMENT}`));
    expect(await connections('--user', 'alice')).toEqual([]);
  });

  it('one person’s of a shared client, one product’s, one server’s, one client’s', async () => {
    await everybody();
    await run(0, 'connections', '--user', 'bob', '--client', DOCUMENT, '--revoke', '--yes');
    expect(await living()).toEqual(without(`bob ${DOCUMENT}`));
    await everybody();
    await run(0, 'connections', '--preset', 'chatgpt', '--revoke', '--yes');
    expect(await living()).toEqual(without(...ALL().filter((name) => name.endsWith(registered.clientId))));
    await everybody();
    await run(0, 'connections', PAYROLL, '--revoke', '--yes');
    expect(await living()).toEqual(without(`alice ${DOCUMENT}`, `bob ${DOCUMENT}`));
    await everybody();
    const asked = await run(5, 'connections', '--client', 'by-hand', '--revoke', '--json');
    expect(asked.json.message).toContain('signed out of other applications');
    await run(0, 'connections', '--client', 'by-hand', '--revoke', '--yes');
    expect(await living()).not.toContain('carol by-hand');
    expect(await living()).toContain(`carol ${registered.clientId}`);
  });

  it('--disable and --release: the client is off, or holds the audience no more; it is written down', async () => {
    await everybody();
    const { clientId } = registered;
    await run(0, 'connections', '--client', clientId, '--revoke', '--release', '--yes');
    const client = async () =>
      (
        await realm.admin.get<{ enabled: boolean; defaultClientScopes: string[] }[]>(
          realm.path(`clients?clientId=${clientId}`),
        )
      )[0];
    expect((await client())?.defaultClientScopes).not.toContain('mcp-resource-open');
    expect(await connections('--client', clientId)).toEqual([]);
    await run(0, 'connections', '--client', DOCUMENT, '--revoke', '--disable', '--yes');
    const [pin] = await realm.admin.get<{ enabled: boolean }[]>(
      realm.path(`clients?clientId=${encodeURIComponent(DOCUMENT)}`),
    );
    expect(pin?.enabled).toBe(false);
    const { json } = await run(0, 'status', '--resource', OPEN, '--json', '--fail-on', 'error').catch(() =>
      run(1, 'status', '--resource', OPEN, '--json'),
    );
    expect((json.journal as { did: string }[]).some(({ did }) => did === 'ended')).toBe(true);
  });
});
