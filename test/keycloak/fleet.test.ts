import { beforeAll, describe, expect, inject, it } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { scopeIn } from '../support/realm-things.ts';
import { startReverseProxy } from '../support/reverse-proxy.ts';

const realm = await useRealm('fleet');
let account: Account;
beforeAll(async () => {
  account = await accountIn(realm);
});

const FILE = `realms:
  - servers:
      - resource: https://one.example.com/mcp
        mode: standing
        access: anybody
        products: [chatgpt]
      - resource: https://two.example.com/mcp
        roles: [finance]
        products:
          - { preset: claude, by: client }
      - resource: https://three.example.com/mcp
        roles: []
`;

/** The same run as people read it. */
const read = async (exit: number, args: string[], text = FILE) => {
  const ran = await expectCli(exit, args, { env: account.env, files: { 'mcpkc.yaml': text } });
  return `${ran.out}${ran.err}`.replaceAll(/\s+/g, ' ');
};

const run = (exit: number, args: string[], text = FILE, more: Record<string, string> = {}) =>
  expectCli(exit, [...args, '--json'], { env: { ...account.env, ...more }, files: { 'mcpkc.yaml': text } });

interface RealmDocument {
  changes: { kind: string; key: string; action: string }[];
}
const realmOf = ({ json }: { json: Record<string, unknown> }) =>
  (json.realms as RealmDocument[])[0] as RealmDocument;

describe('a file of three servers', () => {
  it('plan says what would change, and writes nothing', async () => {
    const proxy = await startReverseProxy(inject('keycloak').url);
    const ran = await run(1, ['plan'], FILE, { KC_SERVER: proxy.url });
    expect(proxy.writes().filter((one) => !/partial-export/.test(String(one)))).toEqual([]);
    const kinds = realmOf(ran).changes.map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(
      new Set([
        'realm-role',
        'client-scope',
        'scope-access',
        'audience-mapper',
        'resource-client',
        'trusted-hosts',
        'allowed-scopes',
        'mapper-types',
        'client-policy',
        'default-scope',
        'allowed-client',
        'client-scope-assignment',
      ]),
    );
    expect(await scopeIn(realm, 'mcp-resource-one')).toBeUndefined();
  });

  it('apply makes it at once; plan is empty then', async () => {
    const ran = await run(0, ['apply']);
    expect(ran.json).toMatchObject({ schema: 'mcpkc/apply/v1', ok: true, exitStatus: 0 });
    expect(await scopeIn(realm, 'mcp-resource-one')).toBeDefined();
    const again = await run(0, ['plan']);
    expect(realmOf(again).changes).toEqual([]);
  });
});

describe('a client that is not mcpkc’s to make', () => {
  it.each([
    ['Keycloak’s own', "{ by: client, clientId: account, redirectUris: ['https://a.example.com/cb'] }"],
    ['mcpkc’s record', "{ by: client, clientId: mcpkc-record, redirectUris: ['https://a.example.com/cb'] }"],
    ['mcpkc’s account', '{ preset: claude, by: client, clientId: mcpkc }'],
    ['another’s document', '{ preset: chatgpt, by: document, clientId: https://evil.example.com/d.json }'],
  ])('is refused with its server, which stops no other: %s', async (_what, product) => {
    const text = `${FILE}      - resource: https://four.example.com/mcp\n        access: anybody\n        products: [${product}]\n`;
    const ran = await run(2, ['plan'], text);
    const [one] = ran.json.realms as { changes: unknown[]; servers: { error: { code: string } | null }[] }[];
    expect(one?.changes).toEqual([]);
    expect(one?.servers.map(({ error }) => error?.code ?? null)).toEqual([null, null, null, 'INPUT_INVALID']);
  });
});

describe('a server that is new', () => {
  it('is opened to everybody by that word alone: without it, and without roles, it isn’t made', async () => {
    const entry = (more: string) => `${FILE}      - { resource: https://six.example.com/mcp${more} }\n`;
    const ran = await run(2, ['plan'], entry(''));
    const [one] = ran.json.realms as { changes: unknown[]; servers: { error: { message: string } }[] }[];
    expect(one?.changes).toEqual([]);
    expect(one?.servers[3]?.error.message).toContain('doesn’t name who may use it');
    for (const more of [', access: anybody', ', roles: []']) await run(1, ['plan'], entry(more));
  });
});

describe('a scope that is something else', () => {
  it('is taken over by no file: Keycloak’s own profile stays what it is', async () => {
    const text = `${FILE}      - { resource: https://five.example.com/mcp, scope: profile }\n`;
    const ran = await run(5, ['plan'], text);
    const [one] = ran.json.realms as { changes: unknown[]; servers: { error: { code: string } | null }[] }[];
    expect([one?.changes, one?.servers[3]?.error?.code]).toEqual([[], 'SCOPE_TAKEN']);
  });
});

describe('an account that only reads', () => {
  it('plans the same, and export is the file that a plan on is empty', async () => {
    const reader = await accountIn(realm, ['view-clients', 'view-realm'], 'reader');
    expect(realmOf(await run(0, ['plan'], FILE, reader.env)).changes).toEqual([]);
    const written = await expectCli(0, ['export', '--json'], { env: reader.env });
    const text = String(written.json.file);
    expect(written.json.servers).toHaveLength(3);
    expect(realmOf(await run(0, ['plan'], text, reader.env)).changes).toEqual([]);
  });
});

describe('a plan that was saved', () => {
  it('is applied exactly, or not at all once the realm has moved: PLAN_MOVED', async () => {
    const text = FILE.replace('roles: [finance]', 'roles: [finance, hr]').replace('roles: []', 'roles: [hr]');
    const saved = await run(1, ['plan'], text);
    const apply = (exit: number) =>
      expectCli(exit, ['apply', '--plan', 'plan.json', '--json'], {
        env: account.env,
        files: { 'plan.json': saved.out },
      });
    // Somebody else edits what the plan is about.
    await realm.admin.post(realm.path('roles'), { name: 'hr' });
    const refused = await apply(5);
    expect(refused.json).toMatchObject({ code: 'PLAN_MOVED', exitStatus: 5 });
    expect(realmOf(await run(1, ['plan'], text)).changes.length).toBeGreaterThan(0);
    await realm.admin.del(realm.path('roles/hr'));
    await apply(0);
    expect(realmOf(await run(0, ['plan'], text)).changes).toEqual([]);
    // It is done: nothing of it is left to be done.
    expect((await apply(5)).json.code).toBe('PLAN_MOVED');
  });
});

describe('access and ownership', () => {
  it('taking roles out of the file opens nothing; access that ends needs --yes', async () => {
    const silent = FILE.replace('        roles: [finance]\n', '').replace('        roles: []\n', '');
    const kept = await run(0, ['plan'], silent);
    expect(JSON.stringify(kept.json.realms)).toContain('it stays so');
    const open = FILE.replace('roles: [finance]', 'access: anybody');
    const { changes } = realmOf(await run(1, ['plan'], open));
    expect(new Set(changes.map(({ kind, action }) => `${action} ${kind}`))).toEqual(
      new Set(['detach scope-access', 'update scope-access']),
    );
  });

  it('removes what is retired and was made by mcpkc, with --prune and --yes alone', async () => {
    const byHand = { name: 'theirs', protocol: 'openid-connect' };
    await realm.admin.post(realm.path('client-scopes'), {
      ...byHand,
      protocolMappers: [
        {
          name: 'aud',
          protocol: 'openid-connect',
          protocolMapper: 'oidc-audience-mapper',
          config: {
            'included.custom.audience': 'https://theirs.example.com/mcp',
            'access.token.claim': 'true',
          },
        },
      ],
    });
    const text = `realms:
  - servers:
      - resource: https://one.example.com/mcp
        products: [chatgpt]
    retired: [https://two.example.com/mcp, https://theirs.example.com/mcp, https://never.example.com/mcp]
`;
    const named = await run(0, ['plan'], text);
    expect(named.json.realms).toMatchObject([
      {
        retired: [{ state: 'stays' }, { state: 'foreign' }, { state: 'gone' }],
        unlisted: ['https://three.example.com/mcp'],
      },
    ]);
    const planned = await run(1, ['plan', '--prune'], text);
    expect(planned.json.realms).toMatchObject([{ retired: [{ state: 'goes', holders: 1 }, {}, {}] }]);
    expect(await read(0, ['plan'], text)).toContain(
      '! Nothing would change; 1 retired MCP server still there',
    );
    const refused = await read(5, ['apply', '--prune', '-f', 'mcpkc.yaml'], text);
    expect(refused).toContain('mcpkc plan -f mcpkc.yaml --prune');
    expect(await scopeIn(realm, 'mcp-resource-two')).toBeDefined();
    await run(0, ['apply', '--prune', '--yes'], text);
    expect(await scopeIn(realm, 'mcp-resource-two')).toBeUndefined();
    expect(await scopeIn(realm, 'theirs')).toBeDefined();
    expect(await scopeIn(realm, 'mcp-resource-three')).toBeDefined();
    expect(realmOf(await run(0, ['plan', '--prune'], text)).changes).toEqual([]);
  });
});

describe('a plan read by people', () => {
  it('reveals no name that is drawn anew, and names the commands by which people connect', async () => {
    const text = `${FILE}      - { resource: https://six.example.com/mcp, access: anybody, products: [cursor, { preset: claude, by: client }] }\n`;
    const done = await read(0, ['apply'], text);
    expect(done).toContain('+ create client scope mcp-audience-six-… ');
    expect(done).not.toMatch(/mcp-audience-\S*[0-9a-f]{32}/);
    expect(done).toContain('mcpkc allow https://six.example.com/mcp --preset claude --by client');
    expect(done).toContain('mcpkc onboard https://six.example.com/mcp --preset cursor');
    await run(0, ['apply', '--prune', '--yes'], 'realms: [{ retired: [https://six.example.com/mcp] }]');
  });

  it('asks of a role that is nearly one of the realm’s, and opens nothing without a word', async () => {
    const plan = await read(1, ['plan'], FILE.replace('roles: [finance]', 'roles: [finanse]'));
    expect(plan).toContain('The realm has a role finance: is that one meant?');
    const open = await read(1, ['plan'], FILE.replace('roles: [finance]', 'access: anybody'));
    expect(open).toContain('- open mcp-resource-two to everybody');
  });

  it('names hosts of nobody’s that registration trusts', async () => {
    await expectCli(0, ['trusted-hosts', '--add', 'strange.example.net'], { env: account.env });
    const plan = await read(0, ['plan']);
    expect(plan).toContain('no MCP server of the realm needs: strange.example.net.');
    expect(plan).not.toContain('www.cursor.com');
    await expectCli(0, ['trusted-hosts', '--remove', 'strange.example.net'], { env: account.env });
  });
});
