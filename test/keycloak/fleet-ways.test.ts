import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { switchEventsOn } from '../support/keycloak/events.ts';
import { createRealm, type Realm } from '../support/keycloak/realm.ts';
import { clientIn, listOf, scopeIn } from '../support/realm-things.ts';
import { startReverseProxy } from '../support/reverse-proxy.ts';
import { inTerminal, type Terminal } from '../support/terminal.ts';

const server = inject('keycloak');
const MCPKC = inject('mcpkcBin');
const folder = mkdtempSync(join(tmpdir(), 'mcpkc-ways-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function stage(name: string): Promise<{ realm: Realm; account: Account }> {
  const realm = await createRealm(server, name);
  afterAll(() => realm.remove());
  return { realm, account: await accountIn(realm) };
}

const policiesIn = async ({ admin, path }: Realm) =>
  (await admin.get<{ policies: { name: string }[] }>(path('client-policies/policies'))).policies;

describe('harden: false', async () => {
  const { realm, account } = await stage('unhardened');
  const text = (harden: boolean) =>
    `realms: [{ harden: ${harden}, servers: [{ resource: https://a.example.com/mcp, access: anybody, products: [chatgpt] }] }]`;

  it('opens registration without a policy, and asks the server nothing about policies', async () => {
    const proxy = await startReverseProxy(server.url);
    const env = { ...account.env, KC_SERVER: proxy.url };
    await expectCli(0, ['apply'], { env, files: { 'mcpkc.yaml': text(false) } });
    const asked = proxy.requests.filter(
      ({ method, path }) => /partial-export/.test(path) || (method === 'PUT' && /client-policies/.test(path)),
    );
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
    expect(await policiesIn(realm)).toEqual([]);
    await expectCli(0, ['plan'], { env, files: { 'mcpkc.yaml': text(false) } });
    const exported = await expectCli(0, ['export'], { env });
    expect(exported.out).toContain('harden: false');
  });

  it('is what the realm lacks once it isn’t written any more; hardened, it stays so', async () => {
    const { env } = account;
    await expectCli(1, ['plan'], { env, files: { 'mcpkc.yaml': text(true) } });
    await expectCli(0, ['apply'], { env, files: { 'mcpkc.yaml': text(true) } });
    const hardened = await policiesIn(realm);
    expect(hardened.map(({ name }) => name)).toContain('mcpkc-registrations');
    await expectCli(0, ['apply'], { env, files: { 'mcpkc.yaml': text(false) } });
    expect(await policiesIn(realm)).toEqual(hardened);
    // A product more is let through by the policy that is there.
    const more = text(false).replace('[chatgpt]', '[chatgpt, vscode]');
    await expectCli(0, ['apply'], { env, files: { 'mcpkc.yaml': more } });
    await expectCli(0, ['plan'], { env, files: { 'mcpkc.yaml': more.replace('false', 'true') } });
  });
});

describe('attach, and the client that stands for a server', async () => {
  const { realm, account } = await stage('attach');
  const resource = 'https://a.example.com/mcp';
  const text = (attach: string) =>
    `realms: [{ servers: [{ resource: ${resource}, mode: standing${attach}, access: anybody, products: [chatgpt] }] }]`;
  const run = (exit: number, argv: string[], attach: string) =>
    expectCli(exit, argv, { env: account.env, files: { 'mcpkc.yaml': text(attach) } });

  it('the scope goes to the list that is written, and stays where nothing is', async () => {
    await run(0, ['apply'], ', attach: optional');
    expect(await listOf(realm, 'mcp-resource-a')).toBe('optional');
    expect((await expectCli(0, ['export'], { env: account.env })).out).toContain('attach: optional');
    await run(0, ['plan'], '');
    await run(0, ['apply'], ', attach: default');
    expect(await listOf(realm, 'mcp-resource-a')).toBe('default');
    await run(0, ['plan'], '');
  });

  it('a resource client that create-scope made stays, and goes with the server', async () => {
    await expectCli(0, ['create-scope', resource, '--resource-client'], { env: account.env });
    expect(await clientIn(realm, resource)).toBeDefined();
    await run(0, ['plan'], '');
    const exported = await expectCli(0, ['export'], { env: account.env });
    await expectCli(0, ['plan'], { env: account.env, files: { 'mcpkc.yaml': exported.out } });
    const retired = { 'mcpkc.yaml': `realms: [{ retired: [${resource}] }]` };
    await expectCli(0, ['apply', '--prune', '--yes'], { env: account.env, files: retired });
    expect(await clientIn(realm, resource)).toBeUndefined();
    expect(await scopeIn(realm, 'mcp-resource-a')).toBeUndefined();
  });
});

describe('what somebody changed by hand', async () => {
  const { realm, account } = await stage('drift');
  const files = {
    'mcpkc.yaml': 'realms: [{ servers: [{ resource: https://a.example.com/mcp, access: anybody }] }]',
  };

  it('is in the plan with who changed it, where from and when, as far as admin events tell', async () => {
    await expectCli(0, ['apply'], { env: account.env, files });
    await switchEventsOn(realm);
    const scope = await scopeIn(realm, 'mcp-resource-a');
    const attributes = { ...(scope?.attributes as object), 'mcpkc.mode': 'standing' };
    await realm.admin.put(realm.path(`client-scopes/${scope?.id}`), { ...scope, attributes });
    const told = await expectCli(1, ['plan'], {
      env: account.env,
      files: { 'mcpkc.yaml': `defaults: { mode: adopted }\n${files['mcpkc.yaml']}` },
    });
    // The administrator is one of master, whom the account of this realm knows by id alone.
    expect(told.out.replaceAll(/\s+/g, ' ')).toMatch(
      /Last written by [0-9a-f-]{36} from [\d.:a-f]+, \d{4}-\d\d-\d\dT[\d:.]+Z: what is to be repaired by .*mcp-resource-a/,
    );
  });
});

describe('apply at a terminal', async () => {
  const { realm, account } = await stage('asked');
  const FILE = join(folder, 'mcpkc.yaml');
  beforeAll(() =>
    writeFileSync(
      FILE,
      'realms: [{ servers: [{ resource: https://a.example.com/mcp, access: anybody, products: [chatgpt] }] }]',
    ),
  );

  function apply(...more: string[]): Terminal {
    const env = { PATH: process.env.PATH, TERM: 'xterm-256color', HOME: folder, ...account.env };
    const terminal = inTerminal([process.execPath, MCPKC, 'apply', ...more], { cwd: folder, env });
    onTestFinished(() => terminal.kill());
    return terminal;
  }
  const ASKED = /Apply this \(\d+ added, \d+ changed\)\? \[y\/N\]/;

  it('shows the plan and asks once; no and Ctrl-C write nothing', async () => {
    for (const [answer, exit] of [
      ['n\n', 5],
      ['\n', 5],
      ['\u0003', 130],
    ] as const) {
      const terminal = apply();
      await terminal.until(ASKED);
      expect(terminal.plain()).toContain('create client scope mcp-resource-a');
      terminal.type(answer);
      expect(await terminal.ended, terminal.plain()).toBe(exit);
      expect(await scopeIn(realm, 'mcp-resource-a')).toBeUndefined();
    }
  }, 120_000);

  it('a realm that moved while somebody read the plan is left alone', async () => {
    const terminal = apply();
    await terminal.until(ASKED);
    await realm.admin.post(realm.path('client-scopes'), {
      name: 'mcp-resource-a',
      protocol: 'openid-connect',
    });
    terminal.type('y\n');
    expect(await terminal.ended, terminal.plain()).toBe(1);
    const told = terminal.plain().split('[y/N]').at(-1);
    expect(told).toContain('SCOPE_TAKEN');
    expect(told).toContain('✗ 1 MCP server failed');
    expect(told).toContain('✗ Nothing was changed.');
    expect((await scopeIn(realm, 'mcp-resource-a'))?.attributes?.['mcpkc.mode']).toBeUndefined();
    await realm.admin.del(realm.path(`client-scopes/${(await scopeIn(realm, 'mcp-resource-a'))?.id}`));
  }, 60_000);

  it('yes applies it; with nothing to change, and with --yes, nothing is asked', async () => {
    const terminal = apply();
    await terminal.until(ASKED);
    terminal.type('y\n');
    expect(await terminal.ended, terminal.plain()).toBe(0);
    expect(await scopeIn(realm, 'mcp-resource-a')).toBeDefined();
    const again = apply();
    expect(await again.ended, again.plain()).toBe(0);
    expect(again.plain()).not.toMatch(/\[y\/N\]/);
    await realm.admin.del(realm.path(`client-scopes/${(await scopeIn(realm, 'mcp-resource-a'))?.id}`));
    const agreed = apply('--yes');
    expect(await agreed.ended, agreed.plain()).toBe(0);
    expect(agreed.plain()).not.toMatch(/\[y\/N\]/);
  }, 120_000);
});
