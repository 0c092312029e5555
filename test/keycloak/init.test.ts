import { beforeAll, describe, expect, inject, it } from 'vitest';
import { READING_ROLES, WORKING_ROLES } from '../../src/realm/roles.ts';
import { schemaUrn } from '../../src/schema-urn.ts';
import { adminEvents, clearEvents, switchEventsOn } from '../support/keycloak/events.ts';
import { grantRoles, revokeRoles } from '../support/keycloak/service-account.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import type { MemoryIoOptions } from '../support/memory-io.ts';
import { envValue, filesOf, fileText, type Ran, runMcpkc } from '../support/run-mcpkc.ts';

const server = inject('keycloak');
const realm = await useRealm('init');
const admin = {
  KC_BOOTSTRAP_ADMIN_USERNAME: server.adminUser,
  KC_BOOTSTRAP_ADMIN_PASSWORD: server.adminPassword,
};

interface Client {
  id: string;
  [field: string]: unknown;
}

/** Runs init for a client id of the test's own, so that tests don't meet. */
function init(clientId: string, argv: readonly string[] = [], options: MemoryIoOptions = {}): Promise<Ran> {
  const place = ['--server', server.url, '--realm', realm.name];
  const env = { ...admin, KC_CLIENT_ID: clientId, ...options.env };
  return runMcpkc(['init', ...place, ...argv], { ...options, env });
}

async function clientNamed(clientId: string): Promise<Client> {
  const [found] = await realm.admin.get<Client[]>(realm.path(`clients?clientId=${clientId}`));
  if (!found) throw new Error(`no client ${clientId}`);
  return found;
}

async function userOf(clientId: string): Promise<string> {
  const { id } = await clientNamed(clientId);
  return (await realm.admin.get<{ id: string }>(realm.path(`clients/${id}/service-account-user`))).id;
}

interface Mappings {
  clientMappings?: Record<string, { mappings: { name: string }[] }>;
}

function names({ clientMappings }: Mappings): string[] {
  return (clientMappings?.['realm-management']?.mappings ?? []).map(({ name }) => name).sort();
}

/** What the account's user was granted, and what its client passes on. */
async function rolesOf(clientId: string): Promise<{ granted: string[]; passed: string[] }> {
  const { id } = await clientNamed(clientId);
  const user = await userOf(clientId);
  return {
    granted: names(await realm.admin.get<Mappings>(realm.path(`users/${user}/role-mappings`))),
    passed: names(await realm.admin.get<Mappings>(realm.path(`clients/${id}/scope-mappings`))),
  };
}

const sorted = (roles: readonly string[]) => [...roles].sort();

interface Changes {
  changes: { kind: string; action: string; key: string }[];
}

function changesOf(ran: Ran): string[] {
  const { changes } = ran.document() as unknown as Changes;
  return changes.map(({ kind, action, key }) => `${action} ${kind} ${key}`);
}

/** Whether the second run of the same command finds nothing to do. */
async function expectNothingLeft(clientId: string, ran: Ran, argv: readonly string[] = []): Promise<void> {
  const again = await init(clientId, [...argv, '--dry-run', '--json'], { files: filesOf(ran) });
  expect({ status: again.status, changes: changesOf(again) }).toEqual({ status: 0, changes: [] });
}

describe('the first run', () => {
  let ran: Ran;
  beforeAll(async () => {
    ran = await init('first', ['--json']);
  });

  it('makes a client for its service account alone, with explicit scopes', async () => {
    expect(ran.status).toBe(0);
    expect(await clientNamed('first')).toMatchObject({
      enabled: true,
      publicClient: false,
      serviceAccountsEnabled: true,
      standardFlowEnabled: false,
      implicitFlowEnabled: false,
      directAccessGrantsEnabled: false,
      fullScopeAllowed: false,
      optionalClientScopes: [],
    });
  });

  it('grants the four roles, and its client passes on those alone', async () => {
    expect(await rolesOf('first')).toEqual({ granted: sorted(WORKING_ROLES), passed: sorted(WORKING_ROLES) });
  });

  it('writes both files, the credentials file private, the secret in it alone, beside its server', async () => {
    const { id } = await clientNamed('first');
    const { value } = await realm.admin.get<{ value: string }>(realm.path(`clients/${id}/client-secret`));
    expect(envValue(ran, 'KC_CLIENT_ID')).toBe('first');
    expect(envValue(ran, 'KC_CLIENT_SECRET')).toBe(value);
    expect(envValue(ran, 'KC_SERVER')).toBe(server.url);
    expect(ran.io.disk.get('/here/.keycloak-env')).toMatchObject({ mode: 0o600 });
    expect(JSON.parse(fileText(ran, 'config.local.json'))).toEqual({
      $schema: schemaUrn('config'),
      KC_SERVER: server.url,
      KC_REALM: realm.name,
    });
    for (const text of [ran.out, ran.err, fileText(ran, 'config.local.json')]) {
      expect(text).not.toContain(value);
      expect(text).not.toContain(server.adminPassword.length > 6 ? server.adminPassword : value);
    }
  });

  it('answers with the fields of the contract', () => {
    expect(ran.document()).toMatchObject({
      schema: 'mcpkc/init/v1',
      ok: true,
      realm: realm.name,
      resource: null,
      scope: null,
      mode: null,
      applied: true,
      account: { clientId: 'first', realm: realm.name, roles: WORKING_ROLES, excess: [] },
      files: [
        { path: '.keycloak-env', action: 'create' },
        { path: 'config.local.json', action: 'create' },
      ],
    });
  });

  it('leaves nothing to do for a second one, which writes no file', async () => {
    await expectNothingLeft('first', ran);
    const again = await init('first', [], { files: filesOf(ran) });
    expect({ status: again.status, touched: again.io.touched }).toEqual({ status: 0, touched: [] });
  });

  it('is enough for the next command', async () => {
    const next = await runMcpkc(['trusted-hosts', '--add', 'init.example.com'], { files: filesOf(ran) });
    expect(next, next.err).toMatchObject({ status: 0, err: expect.not.stringContaining('✗') });
  });

  it('says what comes next', async () => {
    const again = await init('first', [], { files: filesOf(ran) });
    expect(again.out).toMatch(/Next, with the URL[^\n]*\nmcpkc onboard \S+ --preset chatgpt\n\s*$/);
    // The URL of the MCP server is kept, and then no line needs it.
    const told = await init('first', ['svc.first.example', '--force'], { files: filesOf(ran) });
    expect(told.out).toMatch(/\nmcpkc onboard --preset chatgpt\n\s*$/);
    expect(JSON.parse(fileText(told, 'config.local.json'))).toMatchObject({
      MCP_TRANSPORT_URL: 'https://svc.first.example/mcp',
    });
    // A profile is named as such, in place of its files.
    const named = ['svc.first.example', '--profile', 'prod'];
    const profiled = await init('first', named, { env: { XDG_CONFIG_HOME: '/xdg' } });
    expect(profiled.out).toMatch(/\nmcpkc --profile prod onboard --preset chatgpt\n\s*$/);
  });
});

describe('the issuer that the realm names', () => {
  const frontend = (frontendUrl: string) =>
    realm.admin.put(realm.path(''), { realm: realm.name, attributes: { frontendUrl } });
  const kept = async (url: string) => {
    await frontend(url);
    const ran = await init(`faced-${new URL(url).hostname}`);
    expect(ran.status, ran.err).toBe(0);
    return (JSON.parse(fileText(ran, 'config.local.json')) as Record<string, unknown>).KC_ISSUER;
  };

  it('is kept where it is public, so that no later command has to be told', async () => {
    expect(await kept('https://auth.public.example')).toBe(
      `https://auth.public.example/realms/${realm.name}`,
    );
    expect(await kept('http://localhost:9')).toBe(undefined);
    await frontend('');
  });
});

describe('a later run repairs', () => {
  const broken: [what: string, (clientId: string) => Promise<void>][] = [
    [
      'a role that was removed',
      async (clientId) => revokeRoles(realm, await userOf(clientId), ['view-events', 'manage-realm']),
    ],
    [
      'a role that the client no longer passes on',
      async (clientId) => {
        const { id } = await clientNamed(clientId);
        const { id: of } = await clientNamed('realm-management');
        await realm.admin.del(realm.path(`clients/${id}/scope-mappings/clients/${of}`), [
          { name: 'view-users' },
        ]);
      },
    ],
    ['a disabled client', (clientId) => change(clientId, { enabled: false })],
    [
      'a service account that was switched off',
      (clientId) => change(clientId, { serviceAccountsEnabled: false }),
    ],
    [
      'another way to authenticate',
      (clientId) => change(clientId, { clientAuthenticatorType: 'client-jwt' }),
    ],
    [
      'a client scope that was removed',
      async (clientId) => {
        const { id } = await clientNamed(clientId);
        const scopes = await realm.admin.get<{ id: string; name: string }[]>(realm.path('client-scopes'));
        const roles = scopes.find(({ name }) => name === 'roles');
        await realm.admin.del(realm.path(`clients/${id}/default-client-scopes/${roles?.id}`));
      },
    ],
  ];

  async function change(clientId: string, fields: Record<string, unknown>): Promise<void> {
    const { id } = await clientNamed(clientId);
    await realm.admin.put(realm.path(`clients/${id}`), fields);
  }

  it.each(broken)('%s', async (_what, breakIt) => {
    const clientId = `repaired-${broken.findIndex(([, one]) => one === breakIt)}`;
    const made = await init(clientId);
    await breakIt(clientId);
    const seen = await init(clientId, ['--dry-run', '--json'], { files: filesOf(made) });
    expect(seen.status).toBe(1);
    const fixed = await init(clientId, ['--force', '--json'], { files: filesOf(made) });
    expect({ status: fixed.status, err: fixed.err }).toEqual({ status: 0, err: '' });
    expect(changesOf(fixed)).toEqual(changesOf(seen));
    await expectNothingLeft(clientId, fixed);
    expect(await rolesOf(clientId)).toEqual({
      granted: sorted(WORKING_ROLES),
      passed: sorted(WORKING_ROLES),
    });
  });

  it('inherited MCP audience scopes, default and optional ones, and leaves other scopes', async () => {
    await init('heir');
    const { id } = await clientNamed('heir');
    const attach = async (list: string, name: string, attributes: Record<string, string>) => {
      const scope = { name, protocol: 'openid-connect', attributes };
      const made = await realm.admin.post(realm.path('client-scopes'), scope);
      await realm.admin.put(realm.path(`clients/${id}/${list}-client-scopes/${made.id}`));
    };
    await attach('default', 'mcp-one', { 'mcpkc.mode': 'standing' });
    await attach('optional', 'mcp-two', { 'mcpkc.mode': 'standing' });
    await attach('default', 'somebodys', {});
    const fixed = await init('heir', ['--force', '--json']);
    expect(changesOf(fixed).sort()).toEqual([
      'detach client-scope-assignment heir mcp-one',
      'detach client-scope-assignment heir mcp-two',
    ]);
    const scopes = await clientNamed('heir');
    expect(scopes.defaultClientScopes).toContain('somebodys');
    expect([scopes.defaultClientScopes, scopes.optionalClientScopes].flat()).not.toContain('mcp-one');
    expect([scopes.defaultClientScopes, scopes.optionalClientScopes].flat()).not.toContain('mcp-two');
  });

  it('a client made in a realm with a default audience scope doesn’t inherit it', async () => {
    const scope = {
      name: 'mcp-default',
      protocol: 'openid-connect',
      attributes: { 'mcpkc.mode': 'standing' },
    };
    const { id } = await realm.admin.post(realm.path('client-scopes'), scope);
    await realm.admin.put(realm.path(`default-default-client-scopes/${id}`));
    await init('newborn');
    await realm.admin.del(realm.path(`default-default-client-scopes/${id}`));
    const { defaultClientScopes } = await clientNamed('newborn');
    expect(defaultClientScopes).toEqual(expect.arrayContaining(['basic', 'roles']));
    expect(defaultClientScopes).not.toContain('mcp-default');
  });
});

describe('roles in excess', () => {
  it('are named and left; --exact takes them away, with flows that nobody needs', async () => {
    const made = await init('rich');
    await grantRoles(realm, await userOf('rich'), ['manage-users', 'realm-admin']);
    const { id } = await clientNamed('rich');
    await realm.admin.put(realm.path(`clients/${id}`), { standardFlowEnabled: true, fullScopeAllowed: true });
    const named = await init('rich', ['--json'], { files: filesOf(made) });
    const excess = (named.document().account as { excess: string[] }).excess;
    expect({ status: named.status, excess: sorted(excess), changes: changesOf(named) }).toEqual({
      status: 0,
      excess: ['manage-users', 'realm-admin'],
      changes: [],
    });
    expect((await init('rich', [], { files: filesOf(made) })).out).toContain('In excess, and left as it is');
    const exact = await init('rich', ['--exact', '--json'], { files: filesOf(made) });
    expect(exact.status).toBe(0);
    expect(await rolesOf('rich')).toEqual({ granted: sorted(WORKING_ROLES), passed: sorted(WORKING_ROLES) });
    expect(await clientNamed('rich')).toMatchObject({ standardFlowEnabled: false, fullScopeAllowed: false });
    await expectNothingLeft('rich', exact, ['--exact']);
  });

  it('--read-only grants view roles alone; on a working account it names the others', async () => {
    const reader = await init('reader', ['--read-only', '--json']);
    expect(reader.status).toBe(0);
    expect(await rolesOf('reader')).toEqual({
      granted: sorted(READING_ROLES),
      passed: sorted(READING_ROLES),
    });
    const worker = await init('worker');
    const narrowed = await init('worker', ['--read-only', '--exact'], { files: filesOf(worker) });
    expect(narrowed.status).toBe(0);
    expect(await rolesOf('worker')).toEqual({
      granted: sorted(READING_ROLES),
      passed: sorted(READING_ROLES),
    });
    const writes = await runMcpkc(['trusted-hosts', '--add', 'other.example.com'], {
      files: filesOf(reader),
    });
    expect(writes.status).toBe(4);
    expect(writes.err).toContain("'manage-realm'");
  });
});

describe('a client that serves another purpose', () => {
  it('is deleted and made anew with --yes alone', async () => {
    const body = { clientId: 'webapp', publicClient: true, redirectUris: ['https://app.example.com/*'] };
    await realm.admin.post(realm.path('clients'), body);
    const before = await realm.snapshot();
    const refused = await init('webapp');
    expect(refused.status).toBe(5);
    expect(refused.err).toContain('people sign in through it');
    expect(refused.io.touched).toEqual([]);
    expect(await realm.snapshot()).toEqual(before);
    const { id } = await clientNamed('webapp');
    const anew = await init('webapp', ['--yes']);
    expect({ status: anew.status, err: anew.err }).toEqual({ status: 0, err: '' });
    const now = await clientNamed('webapp');
    expect(now).toMatchObject({ publicClient: false, standardFlowEnabled: false, redirectUris: [] });
    expect(now.id).not.toBe(id);
  });

  it('is never Keycloak’s own', async () => {
    const before = await realm.snapshot();
    for (const clientId of ['realm-management', 'admin-cli', 'security-admin-console']) {
      const ran = await init(clientId, ['--yes', '--json']);
      expect({ status: ran.status, code: ran.document().code }).toEqual({ status: 2, code: 'INPUT_INVALID' });
    }
    expect(await realm.snapshot()).toEqual(before);
  });
});

describe('the secret', () => {
  it('is kept by a second run, and made anew with --rotate-secret', async () => {
    const made = await init('secretive');
    const old = envValue(made, 'KC_CLIENT_SECRET');
    const lost = await init('secretive');
    expect(envValue(lost, 'KC_CLIENT_SECRET')).toBe(old);
    const otherFile = { ...filesOf(made), '/here/.keycloak-env': 'KC_CLIENT_SECRET=another\n' };
    const unasked = await init('secretive', ['--rotate-secret'], { files: otherFile });
    expect(unasked.status).toBe(5);
    const { id } = await clientNamed('secretive');
    const now = () => realm.admin.get<{ value: string }>(realm.path(`clients/${id}/client-secret`));
    expect((await now()).value).toBe(old);
    const rotated = await init('secretive', ['--rotate-secret'], { files: filesOf(made) });
    expect(rotated.status).toBe(0);
    expect(envValue(rotated, 'KC_CLIENT_SECRET')).not.toBe(old);
    expect(envValue(rotated, 'KC_CLIENT_SECRET')).toBe((await now()).value);
    for (const text of [rotated.out, rotated.err]) expect(text).not.toContain((await now()).value);
  });
});

describe('files that are there', () => {
  const files = {
    '.keycloak-env': { text: '# mine\nexport OIDC_AUDIENCE=legacy\nKC_CLIENT_SECRET=old\n', mode: 0o600 },
    'config.local.json': { text: '{ "//": "mine", "MCP_SCOPE_NAME": "tools" }', mode: 0o640 },
  };

  it('are not changed without --force, and nothing is written to Keycloak before', async () => {
    const before = await realm.snapshot();
    const refused = await init('filed', ['--json'], { files });
    expect(refused.status).toBe(5);
    expect(refused.document()).toMatchObject({ code: 'FILE_EXISTS', exitStatus: 5 });
    expect(refused.io.touched).toEqual([]);
    expect(await realm.snapshot()).toEqual(before);
  });

  it('keep everything else with --force', async () => {
    const forced = await init('filed', ['--force'], { files });
    expect(forced.status).toBe(0);
    expect(fileText(forced, '.keycloak-env')).toMatch(
      /^# mine\nexport OIDC_AUDIENCE=legacy\nKC_CLIENT_SECRET=\S+\nKC_CLIENT_ID=filed\nKC_SERVER=\S+\nKC_REALM=.+\n$/,
    );
    expect(JSON.parse(fileText(forced, 'config.local.json'))).toEqual({
      '//': 'mine',
      MCP_SCOPE_NAME: 'tools',
      KC_SERVER: server.url,
      KC_REALM: realm.name,
    });
    expect(forced.io.disk.get('/here/config.local.json')).toMatchObject({ mode: 0o640 });
  });

  it('are asked about at a terminal', async () => {
    const no = await init('filed', [], { files, terminal: true, answers: ['', 'n', 'n'] });
    expect({ status: no.status, touched: no.io.touched }).toEqual({ status: 5, touched: [] });
    expect(no.io.questions.at(-1)).toContain('KC_CLIENT_SECRET');
    const yes = await init('filed', [], { files, terminal: true, answers: ['', 'n', 'y'] });
    expect(yes.status).toBe(0);
    expect(envValue(yes, 'KC_CLIENT_ID')).toBe('filed');
  });

  it('lie where flags say, also where there is none yet', async () => {
    const paths = ['--credentials', 'secret/env', '--config', 'secret/config.json'];
    const ran = await init('elsewhere', paths);
    expect(ran.status).toBe(0);
    expect([...ran.io.disk.keys()].sort()).toEqual(['/here/secret/config.json', '/here/secret/env']);
    expect(ran.out).toContain('\nmcpkc --credentials secret/env --config secret/config.json');
    const next = await runMcpkc([...paths, 'trusted-hosts'], { files: filesOf(ran) });
    expect(next.status).toBe(0);
  });

  it('a place that the credentials file names otherwise is set right there', async () => {
    const env = { '.keycloak-env': 'KC_REALM=another\nKC_CLIENT_SECRET_FILE=/nowhere\n' };
    const unread = await init('placed', ['--force'], { files: { ...env, '/nowhere': 'x' } });
    expect(unread.status).toBe(0);
    expect(fileText(unread, '.keycloak-env')).toContain(`KC_REALM=${realm.name}\n`);
    expect(fileText(unread, '.keycloak-env')).not.toContain('KC_CLIENT_SECRET_FILE');
    const next = await runMcpkc(['trusted-hosts'], { files: filesOf(unread) });
    expect(next.status).toBe(0);
  });

  it('a variable that wins over them is named', async () => {
    const ran = await init('overridden', [], { env: { KC_CLIENT_SECRET: 'left-over' } });
    expect(ran.status).toBe(0);
    expect(ran.err).toMatch(/KC_CLIENT_SECRET has another value from: environment/);
    expect(ran.err).not.toContain('left-over');
  });
});

describe('--dry-run', () => {
  it('writes nothing, neither in Keycloak nor here', async () => {
    await switchEventsOn(realm);
    await clearEvents(realm);
    const before = await realm.snapshot();
    const ran = await init('planned', ['--dry-run', '--events', '30d', '--json']);
    expect(ran.status).toBe(1);
    expect(ran.io.touched).toEqual([]);
    expect(await adminEvents(realm)).toEqual([]);
    expect(await realm.snapshot()).toEqual(before);
    expect(changesOf(ran)).toContain('create service-account planned');
    expect(ran.document()).toMatchObject({ applied: false });
  });

  it('prints kcadm lines also without an administrator', async () => {
    const none = { KC_BOOTSTRAP_ADMIN_PASSWORD: undefined };
    const ran = await init('planned', ['--dry-run'], { env: none });
    expect(ran.status).toBe(1);
    expect(ran.out).toContain('Nobody');
    expect(ran.out).toContain(`kcadm.sh create clients -r ${realm.name} -s clientId=planned`);
    const asked = await init('planned', ['--dry-run'], { env: none, terminal: true });
    expect(asked.io.questions).toEqual([]);
  });
});
