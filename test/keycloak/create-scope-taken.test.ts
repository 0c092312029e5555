import { beforeAll, describe, expect, it } from 'vitest';
import { RECORD_CLIENT } from '../../src/realm/record.ts';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { addClient, addScope, anonymousPolicies, listOf, scopeIn } from '../support/realm-things.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const realm = await useRealm('create-scope-taken');
const opened = await useRealm('create-scope-open');
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm, ['manage-clients', 'manage-realm']);
});

const create = (exit: number, resource: string, ...args: string[]) =>
  expectCli(exit, ['create-scope', '--preset', 'chatgpt', '--resource', resource, ...args], {
    env: account.env,
  });
/** One more server that every client gets the audience of takes consent. */
const createBeside = (resource: string, ...args: string[]) => create(0, resource, ...args, '--yes');

const audiences = async (scope: string) =>
  ((await scopeIn(realm, scope))?.protocolMappers ?? []).map(
    ({ config }) => config['included.custom.audience'],
  );

describe('a second resource in the same realm', () => {
  it('leaves the first one’s mapper, clients and hosts untouched', async () => {
    await addClient(realm, 'first-client');
    await create(0, RESOURCE, '--client', 'first-client');
    const before = await realm.snapshot();
    await createBeside('https://other.example.com/mcp');
    const after = await realm.snapshot();
    const others = ({ clients }: typeof before) =>
      clients.filter(
        ({ clientId }) => clientId !== RECORD_CLIENT && clientId !== 'https://other.example.com/mcp',
      );
    expect(others(after)).toEqual(others(before));
    const first = (one: typeof before) => one.clientScopes.find(({ name }) => name === 'mcp-resource-svc');
    expect(first(after)).toEqual(first(before));
    const [hosts] = await anonymousPolicies(realm, 'trusted-hosts');
    expect(hosts?.config['trusted-hosts']).toEqual(
      expect.arrayContaining(['svc.example.com', 'other.example.com']),
    );
    expect(after.defaultScopes).toEqual([...before.defaultScopes, 'mcp-resource-other'].toSorted());
  });

  it('is refused the first one’s scope name, with a free name', async () => {
    const before = await realm.snapshot();
    const ran = await create(5, 'https://svc.elsewhere.example/mcp', '--json');
    expect(ran.json).toMatchObject({
      code: 'SCOPE_TAKEN',
      exitStatus: 5,
      message: `The client scope 'mcp-resource-svc' is the scope of ${RESOURCE}, not of https://svc.elsewhere.example/mcp.`,
      details: { scope: 'mcp-resource-svc', heldBy: RESOURCE, free: 'mcp-resource-svc-2' },
    });
    expect(ran.err).toContain('--scope mcp-resource-svc-2');
    expect(await realm.snapshot()).toEqual(before);
    await createBeside('https://svc.elsewhere.example/mcp', '--scope', 'mcp-resource-svc-2');
    // Marked for it now, so that it is found without --scope.
    expect((await create(0, 'https://svc.elsewhere.example/mcp', '--dry-run', '--json')).json).toMatchObject({
      scope: 'mcp-resource-svc-2',
      changes: [],
    });
  });
});

describe('a scope that applications use', () => {
  it.each([
    ['profile', ['--dry-run']],
    ['offline_access', ['--attach', 'none']],
    ['role_list', []],
    ['email', ['--replace-audience', '--yes']],
    ['web-origins', ['--remove', '--yes']],
  ])('%s is never made one of an MCP server', async (scope, args) => {
    const before = await realm.snapshot();
    const ran = await create(5, 'https://own.example.com/mcp', '--scope', scope, ...args, '--json');
    expect(ran.json).toMatchObject({ code: 'SCOPE_TAKEN', details: { scope, heldBy: null } });
    expect(await realm.snapshot()).toEqual(before);
  });
});

describe('--replace-audience', () => {
  it('needs --yes, then takes the scope over, the other’s mapper included', async () => {
    await addScope(realm, 'shared', {}, 'https://gone.example.org/mcp', 'their-mapper');
    const mine = 'https://mine.example.com/mcp';
    await create(5, mine, '--scope', 'shared');
    const asked = await create(5, mine, '--scope', 'shared', '--replace-audience', '--json');
    expect(asked.json).toMatchObject({
      code: 'CONSENT_NEEDED',
      message: expect.stringContaining('carries the audience https://gone.example.org/mcp'),
    });
    expect(await audiences('shared')).toEqual(['https://gone.example.org/mcp']);
    await create(0, mine, '--scope', 'shared', '--replace-audience', '--yes');
    expect(await audiences('shared')).toEqual([mine]);
  });

  it('is not needed, and takes nothing, where the scope carries both audiences', async () => {
    const id = await addScope(realm, 'double', {}, 'https://b.example.org/mcp', 'mcp-audience');
    await realm.admin.post(realm.path(`client-scopes/${id}/protocol-mappers/models`), {
      name: 'second',
      protocol: 'openid-connect',
      protocolMapper: 'oidc-audience-mapper',
      config: { 'included.custom.audience': 'https://a.example.com/mcp', 'access.token.claim': 'true' },
    });
    await createBeside('https://a.example.com/mcp', '--scope', 'double');
    expect((await audiences('double')).toSorted()).toEqual([
      'https://a.example.com/mcp',
      'https://b.example.org/mcp',
    ]);
  });

  it('a scope with another host in the mapper that we would change is taken, whatever stands beside', async () => {
    const id = await addScope(realm, 'beside', {}, 'https://b.example.org/mcp', 'mcp-audience');
    await realm.admin.post(realm.path(`client-scopes/${id}/protocol-mappers/models`), {
      name: 'second',
      protocol: 'openid-connect',
      protocolMapper: 'oidc-audience-mapper',
      config: { 'included.custom.audience': 'https://a.example.com/mcp/', 'access.token.claim': 'true' },
    });
    const ran = await create(5, 'https://a.example.com/mcp', '--scope', 'beside', '--json');
    expect(ran.json).toMatchObject({ code: 'SCOPE_TAKEN', details: { heldBy: 'https://b.example.org/mcp' } });
  });
});

describe('a difference on the same host is repaired', () => {
  it.each([
    ['slash', 'https://d1.example.com/mcp/', 'https://d1.example.com/mcp'],
    ['case', 'https://D2.example.com/mcp', 'https://d2.example.com/mcp'],
    ['case of the path', 'https://d3.example.com/MCP', 'https://d3.example.com/mcp'],
    ['scheme', 'http://d4.example.com/mcp', 'https://d4.example.com/mcp'],
    ['path', 'https://d5.example.com/', 'https://d5.example.com/mcp'],
  ])('%s: %s', async (_what, was, resource) => {
    const name = `mcp-resource-${new URL(resource).hostname.split('.')[0]}`;
    await addScope(realm, name, {}, was, name.endsWith('1') ? 'their-mapper' : 'mcp-audience');
    await createBeside(resource);
    expect(await audiences(name)).toEqual([resource]);
    expect((await create(0, resource, '--dry-run', '--json')).json.changes).toEqual([]);
  });

  it('a scope with a mapper whose name has a slash is repaired', async () => {
    const resource = 'https://d6.example.com/mcp';
    const id = await addScope(realm, 'mcp-resource-d6', {}, resource, 'their/mapper');
    await createBeside(resource);
    const [mapper] = (await scopeIn(realm, 'mcp-resource-d6'))?.protocolMappers ?? [];
    const { id: mapperId } = mapper as unknown as { id: string };
    await realm.admin.put(realm.path(`client-scopes/${id}/protocol-mappers/models/${mapperId}`), {
      ...mapper,
      config: { ...mapper?.config, 'access.token.claim': 'false' },
    });
    await createBeside(resource);
    expect((await scopeIn(realm, 'mcp-resource-d6'))?.protocolMappers).toMatchObject([
      { name: 'their/mapper', config: { 'access.token.claim': 'true' } },
    ]);
  });

  it('a scope of another protocol is taken', async () => {
    await addScope(realm, 'saml-scope', { protocol: 'saml' });
    const ran = await create(5, 'https://d7.example.com/mcp', '--scope', 'saml-scope');
    expect(ran.err).toContain("'saml-scope' is a saml scope");
  });
});

describe('odd names', () => {
  it.each(['a/b', 'a b', 'a"b', 'a\\b', 'ä', ''])('--scope %j is refused', async (name) => {
    const ran = await create(2, RESOURCE, '--scope', name);
    expect(ran.err).toContain('--scope');
  });

  it('MCP_SCOPE_NAME with a slash works, there and back', async () => {
    const env = {
      ...account.env,
      MCP_TRANSPORT_URL: 'https://slash.example.com/mcp',
      MCP_SCOPE_NAME: 'mcp/slash:x',
    };
    await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--yes'], { env });
    expect(await audiences('mcp/slash:x')).toEqual(['https://slash.example.com/mcp']);
    expect(
      (await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--dry-run', '--json'], { env })).json
        .changes,
    ).toEqual([]);
    await expectCli(0, ['create-scope', '--remove'], { env });
    expect(await scopeIn(realm, 'mcp/slash:x')).toBeUndefined();
  });

  it('a resource at an IPv6 address is trusted as Keycloak compares it', async () => {
    await createBeside('http://[::1]:3000/mcp');
    const [hosts] = await anonymousPolicies(realm, 'trusted-hosts');
    expect(hosts?.config['trusted-hosts']).toContain('[::1]');
    await create(0, 'http://[::1]:3000/mcp', '--remove');
    const [after] = await anonymousPolicies(realm, 'trusted-hosts');
    expect(after?.config['trusted-hosts']).not.toContain('[::1]');
  });
});

it('a window of 0.1.0 that may be in use is not worked around', async () => {
  const mark = {
    since: '2026-01-01T00:00:00Z',
    until: '2999-01-01T00:10:00Z',
    host: 'h',
    pid: 1,
    by: 'ann',
    before: 'none',
  };
  await addScope(realm, 'mcp-resource-win', {
    attributes: { 'mcpkc.mode': 'windowed', 'mcpkc.window': JSON.stringify(mark) },
  });
  const before = await realm.snapshot();
  for (const more of [[], ['--attach', 'default']]) {
    const ran = await create(5, 'https://win.example.com/mcp', '--json', ...more);
    expect(ran.json).toMatchObject({ code: 'OLD_WINDOW', fix: expect.stringContaining('--yes') });
  }
  expect(await realm.snapshot()).toEqual(before);
});

it('a realm without a Trusted Hosts policy gets one only with --yes', async () => {
  const open = await accountIn(opened, ['manage-clients', 'manage-realm']);
  for (const { id } of await anonymousPolicies(opened, 'trusted-hosts')) {
    await opened.admin.del(opened.path(`components/${id}`));
  }
  const before = await opened.snapshot();
  const ran = await expectCli(5, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--json'], {
    env: open.env,
  });
  expect(ran.json).toMatchObject({
    code: 'CONSENT_NEEDED',
    message: expect.stringContaining('anybody may register'),
  });
  expect(await opened.snapshot()).toEqual(before);
  await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--yes'], {
    env: open.env,
  });
  expect(await anonymousPolicies(opened, 'trusted-hosts')).toMatchObject([
    {
      config: {
        'trusted-hosts': expect.arrayContaining(['svc.example.com']),
        'host-sending-registration-request-must-match': ['false'],
        'client-uris-must-match': ['true'],
      },
    },
  ]);
  expect(await listOf(opened, 'mcp-resource-svc')).toBe('default');
});
