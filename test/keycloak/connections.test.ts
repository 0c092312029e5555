import { beforeAll, describe, expect, it, vi } from 'vitest';
import { readRecord } from '../../src/keycloak/read/record.ts';
import { journalIn } from '../../src/realm/record.ts';
import { type Account, accountIn, expectCli, runCli } from '../support/cli.ts';
import { connected } from '../support/keycloak/connection.ts';
import type { RealmUser } from '../support/keycloak/realm.ts';
import { grantRoles, revokeRoles } from '../support/keycloak/service-account.ts';
import { startStandIn } from '../support/keycloak/stand-in-26-8.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { type Login, login, refresh } from '../support/login.ts';
import { remembered } from '../support/onboarding.ts';
import { grant } from '../support/people.ts';
import { CHATGPT_BODY, registerAnonymously } from '../support/realm-things.ts';
import { startReverseProxy } from '../support/reverse-proxy.ts';
import { envValue, filesOf, runMcpkc } from '../support/run-mcpkc.ts';
import { registerWhole } from '../support/strangers.ts';

vi.setConfig({ testTimeout: 240_000 });

const OPEN = 'https://open.example.com/mcp';
const PAYROLL = 'https://payroll.example.com/mcp';
const CALLBACK = 'https://chatgpt.com/connector_platform_oauth_redirect';
/** Of no product that can be told. */
const ELSEWHERE = 'https://app.example.com/callback';
const DOCUMENT = 'https://chatgpt.com/oauth/codex/client.json';
const CODEX = 'http://127.0.0.1:41235/callback';
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
  const own: Record<string, string> = { 'by-hand': ELSEWHERE, [DOCUMENT]: CODEX };
  const redirectUri = own[client.clientId] ?? CALLBACK;
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
  // Exit status 1: this issuer doesn’t advertise documents. The pin works.
  for (const resource of [OPEN, PAYROLL])
    await run(1, 'allow', resource, '--preset', 'codex', '--by', 'document');
  await realm.admin.post(realm.path('clients'), {
    clientId: 'by-hand',
    publicClient: true,
    redirectUris: [ELSEWHERE, CALLBACK],
    fullScopeAllowed: false,
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
      product: 'codex',
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
    // Bob has the shared client, and not the role.
    expect((await connections(PAYROLL)).map(({ user }) => user)).toEqual(['alice']);
    expect((await connections('--user', 'Bob')).length).toBe(2);
    expect((await connections('--preset', 'chatgpt')).length).toBe(3);
    // Its redirect URIs are ChatGPT’s and another’s.
    const { json } = await run(0, 'connections', '--preset', 'chatgpt', '--json');
    expect(json.leftOut).toEqual(['by-hand']);
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

  it('26.8 leaves out sessions of users that the account may not view: that is said', async () => {
    const { url, changed } = await startStandIn(realm.admin.access.url, { filteredSessions: true });
    await revokeRoles(realm, account.userId, ['view-users']);
    const env = { ...account.env, KC_SERVER: url };
    const { json } = await expectCli(0, ['connections', '--json'], { env });
    await grantRoles(realm, account.userId, ['view-users']);
    expect(changed.length).toBeGreaterThan(0);
    expect(json.connections).toEqual([]);
    expect(json.notVisible).toContainEqual(
      expect.stringMatching(/counts \d+ sessions and lists 0 .*view-users/),
    );
    expect((await expectCli(0, ['connections', '--json'], { env })).json.notVisible).toEqual([]);
  });

  it('an account that may read no settings of the realm is told which role it lacks, and nothing else', async () => {
    const { env } = await accountIn(realm, ['view-clients'], 'sees-little');
    const { json } = await expectCli(4, ['connections', '--json'], { env });
    expect(json).toMatchObject({ code: 'ROLE_MISSING', message: expect.stringContaining("'view-realm'") });
  });

  it.each(['1999999999', '2147483647', undefined])(
    'who registers with a document’s URL as client id (fresh until %s) came by registration',
    async (until) => {
      const clientId = `https://claude.ai/oauth/client-${until}.json`;
      const { status } = await registerWhole(realm, {
        clientId,
        name: 'ChatGPT',
        publicClient: true,
        redirectUris: [CALLBACK],
        defaultClientScopes: ['basic', 'mcp-resource-open'],
        attributes: {
          'access.token.lifespan': '7200',
          ...(until === undefined ? {} : { 'cimd.cache.expiry.time.in.sec': until }),
        },
      });
      expect(status).toBe(201);
      await connect(people.carol, { clientId });
      tokens.delete(`carol ${clientId}`);
      const args = ['connections', '--client', clientId, '--json'];
      expect((await run(0, ...args)).json.connections).toMatchObject([
        { user: 'carol', way: 'registration' },
      ]);
      // A registrant chooses how long the tokens of his client last.
      await grantRoles(realm, account.userId, ['manage-users']);
      const { json } = await run(0, ...args, '--revoke', '--yes');
      await revokeRoles(realm, account.userId, ['manage-users']);
      expect(Date.parse(String(json.tokensWorkUntil)) - Date.now()).toBeGreaterThan(7_000_000);
    },
  );
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
    for (const wrong of [
      ['--user', 'alcie'],
      ['--client', 'by-hnad'],
    ])
      expect((await run(2, 'connections', ...wrong, '--revoke', '--yes')).err).toContain(wrong[1]);
    expect(await living()).toEqual(ALL());
  });

  it('init grants the right by name alone, says what else it lets the account do, and status shows it', async () => {
    const server = realm.admin.access;
    const at = ['--server', server.url, '--realm', realm.name, '--json'];
    const env = {
      KC_BOOTSTRAP_ADMIN_USERNAME: server.adminUser,
      KC_BOOTSTRAP_ADMIN_PASSWORD: server.adminPassword,
      KC_CLIENT_ID: 'cutter',
    };
    const made = await runMcpkc(['init', ...at], { env });
    expect(made.status, made.err).toBe(0);
    const cutter = {
      KC_SERVER: server.url,
      KC_REALM: realm.name,
      KC_CLIENT_ID: 'cutter',
      KC_CLIENT_SECRET: envValue(made, 'KC_CLIENT_SECRET'),
    };
    const cut = ['connections', '--user', 'alice', '--revoke', '--yes', '--json'];
    const refused = await expectCli(4, cut, { env: cutter });
    const fix = String(refused.json.fix).split('\n').at(-1)?.split(' ') ?? [];
    const granted = await runMcpkc([...fix.slice(1), '--force', '--json'], { env, files: filesOf(made) });
    expect(granted.status, granted.err).toBe(0);
    expect(granted.document().changes).toMatchObject([
      {
        kind: 'account-role',
        action: 'attach',
        key: 'manage-users',
        why: expect.stringContaining('set anybody’s password'),
      },
    ]);
    const { json } = await runCli(['status', '--json'], { env: cutter });
    expect(json.findings).toContainEqual(expect.objectContaining({ code: 'ACCOUNT_MAY_REVOKE' }));
    expect((await runCli([...cut.slice(0, -1), '--dry-run', '--json'], { env: cutter })).exit).toBe(1);
    expect(await living()).toEqual(ALL());
  });

  it('a person’s: nobody else’s', async () => {
    const cut = ['connections', '--user', 'alice', '--revoke'];
    const at = { env: account.env, terminal: true };
    const refused = await expectCli(5, cut, { ...at, answers: ['n'] });
    expect(refused.err).toContain(`alice with Codex (${DOCUMENT})`);
    expect(await living()).toEqual(ALL());
    await expectCli(0, cut, { ...at, answers: ['y'] });
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
    expect(await living()).toEqual(without(`alice ${DOCUMENT}`));
    await everybody();
    const asked = await run(5, 'connections', '--client', 'by-hand', '--revoke', '--json');
    expect(asked.json.message).toContain('signed out of other applications');
    await run(0, 'connections', '--client', 'by-hand', '--revoke', '--yes');
    expect(await living()).toEqual(without('carol by-hand'));
  });

  it('one that stops half-way is written down as far as it went', async () => {
    await everybody();
    const began = Date.now();
    let deletions = 0;
    const proxy = await startReverseProxy(realm.admin.access.url, {
      before: ({ method, path }) =>
        method === 'DELETE' && path.includes('/consents/') && ++deletions === 2
          ? { status: 403, headers: { 'content-type': 'application/json' }, body: '{}' }
          : undefined,
    });
    const env = { ...account.env, KC_SERVER: proxy.url };
    const { json } = await expectCli(4, ['connections', '--user', 'alice', '--revoke', '--yes', '--json'], {
      env,
    });
    await proxy.stop();
    expect(json.code).toBe('ROLE_MISSING');
    const alive = await living();
    const gone = ALL().filter((name) => !alive.includes(name));
    expect(gone.length).toBe(1);
    const entries = journalIn(await readRecord(await connected(account)));
    const since = entries.filter((entry) => Date.parse(entry.at) >= began && entry.did === 'ended');
    expect(since.map(({ to }) => to)).toEqual(gone.map((name) => name.replace(' ', ' with ')));
  });

  it('--disable and --release: the client is off, or holds the audience no more; it is written down', async () => {
    await everybody();
    const { clientId } = registered;
    await run(0, 'onboard', PAYROLL, clientId, '--yes');
    expect((await remembered(account)).adopted).toContain(clientId);
    await run(0, 'connections', '--client', clientId, '--revoke', '--release', '--yes');
    expect((await remembered(account)).adopted).not.toContain(clientId);
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
    const journal = (json.journal as { did: string; to: string }[]).map(({ did, to }) => `${did} ${to}`);
    for (const line of [`ended carol with ${clientId}`, `released ${clientId} from mcp-resource-open`])
      expect(journal).toContain(line);
    expect(journal).toContain(`disabled ${DOCUMENT}`);
  });
});
