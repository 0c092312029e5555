import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { isMasked } from '../../src/keycloak/read/masked.ts';
import { accountIn, expectCli, runCli } from '../support/cli.ts';
import { startStandIn, upgradeRealm } from '../support/keycloak/stand-in-26-8.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { envValue, filesOf, runMcpkc } from '../support/run-mcpkc.ts';
import { type PruneRealm, pruneRealm, runPrune } from './prune-realm.ts';

const server = inject('keycloak');
const realm = await useRealm('upgraded');
const RESOURCE = 'https://svc.example.com/mcp';
const administrator = {
  KC_BOOTSTRAP_ADMIN_USERNAME: server.adminUser,
  KC_BOOTSTRAP_ADMIN_PASSWORD: server.adminPassword,
};

const admin = (url: string, ...words: string[]) =>
  runMcpkc([words[0] ?? '', '--server', url, '--realm', realm.name, ...words.slice(1)], {
    env: administrator,
  });

describe('26.8.2: the admin API takes only tokens that are for it', () => {
  it('status says it before the upgrade, a 401 names the scope after it, and init gives it', async () => {
    const before = await startStandIn(server.url, {});
    const made = await admin(before.url, 'init');
    expect(made.status).toBe(0);
    const account = {
      KC_SERVER: before.url,
      KC_REALM: realm.name,
      KC_CLIENT_ID: 'mcpkc',
      KC_CLIENT_SECRET: envValue(made, 'KC_CLIENT_SECRET'),
    };
    const forecast = await runCli(['status', '--for', '26.8', '--json'], { env: account });
    expect(forecast.exit).toBe(1);
    expect(forecast.json.upgrade).toMatchObject({
      breakages: [{ from: '26.8.2', fix: { kind: 'command', text: 'mcpkc init' } }],
    });

    await upgradeRealm(realm);
    const after = await startStandIn(server.url, { audience: true });
    const env = { ...account, KC_SERVER: after.url };
    const refused = await expectCli(4, ['trusted-hosts', '--list', '--json'], { env });
    expect(refused.json).toMatchObject({
      code: 'NOT_AUTHORISED',
      message: expect.stringContaining(
        'Keycloak 26.8.2 and later take only tokens whose aud names the admin API',
      ),
      fix: expect.stringMatching(/client scope kc-admin-api.*\nmcpkc init --server \S+ --realm \S+$/),
    });
    expect(after.changed.length).toBeGreaterThan(0);

    const seen = await runCli(['status', '--json'], { env: account });
    expect(seen.json.findings).toContainEqual(
      expect.objectContaining({ code: 'ACCOUNT_LACKS_ADMIN_API', severity: 'warning' }),
    );

    const repaired = await runMcpkc(
      ['init', '--server', after.url, '--realm', realm.name, '--force', '--json'],
      { env: administrator, files: filesOf(made) },
    );
    expect(repaired.status).toBe(0);
    expect(repaired.document().changes).toMatchObject([
      { kind: 'client-scope-assignment', action: 'attach', key: 'mcpkc kc-admin-api' },
    ]);
    const works = await expectCli(0, ['trusted-hosts', '--list', '--json'], { env });
    expect(works.json).toMatchObject({ ok: true });
    const again = await runCli(['status', '--for', '26.8', '--json'], { env });
    expect(again.json.upgrade).toMatchObject({ breakages: [] });
  });

  it('a new account has the scope from the start', async () => {
    const after = await startStandIn(server.url, { audience: true });
    const made = await runMcpkc(['init', '--server', after.url, '--realm', realm.name], {
      env: { ...administrator, KC_CLIENT_ID: 'newcomer' },
    });
    expect({ status: made.status, err: made.status === 0 ? '' : made.err }).toEqual({ status: 0, err: '' });
  });

  it('an administrator’s client without it is told how it gets it', async () => {
    const after = await startStandIn(server.url, { audience: true });
    const { KC_CLIENT_ID, KC_CLIENT_SECRET } = (await accountIn(realm, ['realm-admin'], 'bootstrap')).env;
    const ran = await runMcpkc(
      ['init', '--server', after.url, '--realm', realm.name, '--admin-realm', realm.name, '--json'],
      {
        env: {
          KC_BOOTSTRAP_ADMIN_CLIENT_ID: String(KC_CLIENT_ID),
          KC_BOOTSTRAP_ADMIN_CLIENT_SECRET: String(KC_CLIENT_SECRET),
        },
      },
    );
    expect(ran.status).toBe(4);
    expect(ran.document()).toMatchObject({
      code: 'ADMIN_LOGIN_FAILED',
      fix: expect.stringContaining('kcadm.sh update clients/$CLIENT/default-client-scopes/$SCOPE'),
    });
  });
});

async function withoutMapper(name: string): Promise<void> {
  type Scope = { id: string; name: string; protocolMappers?: { id: string }[] };
  const scopes = await realm.admin.get<Scope[]>(realm.path('client-scopes'));
  const scope = scopes.find((one) => one.name === name);
  for (const { id } of scope?.protocolMappers ?? [])
    await realm.admin.del(realm.path(`client-scopes/${scope?.id}/protocol-mappers/models/${id}`));
}

describe('26.8.2: mappers', () => {
  it('take manage-realm, and the error names that role', async () => {
    const whole = await accountIn(realm, undefined, 'mapper-maker');
    const words = ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--json'];
    const { scope } = (await expectCli(0, words, { env: whole.env })).json as { scope: string };
    await withoutMapper(scope);

    const { url, changed } = await startStandIn(server.url, { mapperRole: true });
    const roles = ['manage-clients', 'view-realm', 'view-events', 'view-users'];
    const account = await accountIn(realm, roles, 'mapper-writer');
    const ran = await runCli(words, { env: { ...account.env, KC_SERVER: url } });
    expect(ran.exit).toBe(4);
    expect(ran.json).toMatchObject({
      code: 'ROLE_MISSING',
      // The lock takes the same role, and comes first.
      message: expect.stringMatching(/it lacks the role 'manage-realm'/),
    });
    expect(changed).toEqual([]);
  });

  it('that a client policy refuses are explained by that policy', async () => {
    const { url } = await startStandIn(server.url, { mapperPolicy: true });
    const account = await accountIn(realm, undefined, 'mapper-policy');
    const env = { ...account.env, KC_SERVER: url };
    const ran = await runCli(
      ['create-scope', '--preset', 'chatgpt', '--resource', 'https://two.example.com/mcp', '--yes', '--json'],
      {
        env,
      },
    );
    expect(ran.exit).toBe(5);
    expect(ran.json).toMatchObject({
      code: 'MAPPER_REFUSED',
      message: expect.stringContaining('not allowed by client policy'),
    });
  });
});

describe('26.8.0: lists of scopes', () => {
  it('that are empty are no proof', async () => {
    const { url, changed } = await startStandIn(server.url, { emptyLists: 'always' });
    const account = await accountIn(realm, undefined, 'lists');
    const env = { ...account.env, KC_SERVER: url };
    const ran = await runCli(['status', '--clients', '--json'], { env });
    expect(changed.length).toBeGreaterThan(0);
    expect(ran.json.clients).toBe(null);
    expect(ran.json.findings).toContainEqual(
      expect.objectContaining({ code: 'ACCOUNT_MISSING_ROLE', subject: 'view-clients' }),
    );
  });
});

describe('26.8.0: masked secrets', () => {
  let pruning: PruneRealm;
  beforeAll(async () => {
    pruning = await pruneRealm();
  });
  afterAll(() => pruning?.remove());
  const all = () => ['--apply', '--now', '--confirm', pruning.name, '--max', '100'];

  it('are no secrets: nothing is deleted whose backup would hold none', async () => {
    const lost = await pruning.orphan();
    const { url } = await startStandIn(server.url, { maskedSecrets: 'always' });
    const run = await runPrune(pruning, all(), { days: 8, server: url });
    expect(run.status).toBe(4);
    expect(run.document).toMatchObject({ code: 'SECRET_MASKED' });
    expect(await pruning.clientIds()).toContain(lost);
    // With the real ones it goes, and comes back with its secret.
    const { secret } = await pruning.client(lost);
    const gone = await runPrune(pruning, all(), { days: 8 });
    expect(gone.document.summary).toMatchObject({ delete: 1 });
    const file = String(gone.document.backup);
    const backup = gone.io.disk.get(file);
    if (!backup || backup instanceof Error) throw new Error('there is no backup');
    expect(backup.text).toContain(String(secret));

    // A backup of an earlier mcpkc that kept the mask.
    const masked = backup.text.replaceAll(String(secret), '**********');
    // Its lines have no seal that fits, so they take consent.
    const restored = await runPrune(pruning, ['--restore', file, '--yes'], { files: { [file]: masked } });
    expect(restored.document.clients).toMatchObject([{ clientId: lost, outcome: 'done', lostSecret: true }]);
    expect(isMasked((await pruning.client(lost)).secret)).toBe(false);
  });

  it('init takes none for the account’s', async () => {
    const { url } = await startStandIn(server.url, { maskedSecrets: 'always' });
    const ran = await runMcpkc(['init', '--server', url, '--realm', pruning.name, '--json'], {
      env: { ...administrator, KC_CLIENT_ID: 'masked' },
    });
    expect(ran.status).toBe(4);
    expect(ran.document()).toMatchObject({ code: 'SECRET_MASKED' });
  });
});
