import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../support/cli.ts';
import { Connector } from '../../support/connectors/chatgpt.ts';
import { since } from '../../support/keycloak/version.ts';
import { inRealTime, startOnboard } from '../../support/onboarding.ts';
import { naming, SCOPE, useWorlds, World } from './world.ts';

const keep = useWorlds();

const codes = (findings: readonly { code: string }[]) => findings.map(({ code }) => code);
const status = (world: World, ...args: string[]) => runCli(['status', ...args], { env: world.env });

/** Paths of the admin requests that something makes. */
async function requestsOf(work: () => Promise<unknown>): Promise<string[]> {
  const paths: string[] = [];
  const listener = (message: unknown) => {
    const { path } = (message as { request: { path: string } }).request;
    if (path.includes('/admin/')) paths.push(path.replace(/^.*\/admin\/realms\/[^/]+/, ''));
  };
  subscribe('undici:request:create', listener);
  await work();
  unsubscribe('undici:request:create', listener);
  return paths;
}

describe('a brand-new realm', () => {
  it('yields what a newcomer needs, the most important first, and create-scope fixes it', async () => {
    const world = keep(await World.fresh());
    const ran = await status(world, '--json');
    expect(ran.exit).toBe(1);
    const findings = await world.findings();
    expect(codes(findings)).toEqual(['SCOPE_MISSING', 'TRUSTED_HOSTS_EMPTY', 'EVENTS_OFF']);
    const first = await world.folder.run(findings[0]?.fix.text ?? '');
    expect(first).toMatchObject({ exit: 0 });
    expect((await world.findings()).filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(await world.connect()).toMatchObject({ ok: true });
  });

  it('without any MCP server says so, instead of calling it ready', async () => {
    const world = keep(await World.fresh());
    const { MCP_TRANSPORT_URL: _resource, ...env } = world.env;
    const ran = await runCli(['status', '--json'], { env });
    expect(ran.json).toMatchObject({ ok: false, resource: null, scopes: [] });
    expect(codes(ran.json.findings as { code: string }[])[0]).toBe('SCOPE_MISSING');
  });
});

describe('a realm that was opened for other products than ChatGPT alone', () => {
  it('is judged for these, and for ChatGPT where it is named', async () => {
    const world = keep(await World.fresh());
    expect(await runCli(['create-scope', '--preset', 'codex'], { env: world.env })).toMatchObject({
      exit: 0,
    });
    const ran = await status(world, '--json');
    expect(ran).toMatchObject({ exit: 0 });
    expect(JSON.stringify(ran.json.products)).toContain('codex');
    expect(JSON.stringify(ran.json.products)).not.toContain('chatgpt');
    expect(await status(world, '--preset', 'chatgpt')).toMatchObject({ exit: 1 });
  });
});

/** Before 26.7.0 a warning stays: nothing is known there that refuses tokens without a user. */
const STRICT = since(26, 7, 0) ? ['--fail-on', 'warning'] : [];

describe('a provisioned realm', () => {
  let world: World;
  beforeAll(async () => {
    world = keep(await World.provisioned());
  });

  it('has no errors, and both connectors that name scopes and those that don’t succeed', async () => {
    const ran = await status(world, '--json', ...STRICT);
    expect(ran.json).toMatchObject({
      schema: 'mcpkc/status/v1',
      ok: true,
      exitStatus: 0,
      resource: world.host.url,
      scopes: [{ name: SCOPE, resource: world.host.url, mode: 'standing', list: 'default' }],
      otherAudienceScopes: 0,
      notVisible: [],
    });
    expect(ran.json).not.toHaveProperty('clients');
    expect(await world.connect()).toMatchObject({ ok: true });
  });

  it('says in 80 columns, without colour, that it is ready; the verdict comes last', async () => {
    const { out, exit } = await status(world);
    expect(exit).toBe(0);
    const wide = out.split('\n').filter((line) => line.length > 80 && !/\S{60}/.test(line));
    expect(wide).toEqual([]);
    expect(out).not.toContain('\u001b');
    expect(out.trimEnd().split('\n').at(-1)).toBe(
      since(26, 7, 0) ? '✓ ready for connectors' : '! ready for connectors, with 1 warning',
    );
    expect(out).toContain('✓ Trusted Hosts');
  });

  it('stays free of errors in mode adopted, where nobody but adopted clients gets in', async () => {
    await world.mcpkc(0, 'create-scope', '--preset', 'chatgpt', '--attach', 'none', '--yes');
    const found = await world.findings();
    expect(found.filter(({ severity }) => severity !== 'info')).toEqual([]);
    expect(codes(found)).toEqual(['CONNECTION_LIFETIME', 'MODE']);
    await world.mcpkc(0, 'create-scope', '--preset', 'chatgpt', '--attach', 'default');
  });

  it('judges one resource alone with --resource, and counts scopes of others', async () => {
    const mapper = {
      name: 'audience',
      protocol: 'openid-connect',
      protocolMapper: 'oidc-audience-mapper',
      config: { 'included.custom.audience': 'https://api.example.com', 'access.token.claim': 'false' },
    };
    const foreign = { name: 'somebodys-api', protocol: 'openid-connect', protocolMappers: [mapper] };
    const { id } = await world.admin.post(world.path('client-scopes'), foreign);
    const all = await status(world, '--json');
    expect(all.json).toMatchObject({ ok: true, otherAudienceScopes: 1 });
    const other = await status(world, '--json', '--resource', 'https://other.example.com/mcp');
    expect(other.json).toMatchObject({ ok: false, scopes: [], findings: [{ code: 'SCOPE_MISSING' }] });
    await world.admin.del(world.path(`client-scopes/${id}`));
  });

  it('asks for the hosts of the products that should connect', async () => {
    const found = await world.findings('--preset', 'chatgpt,claude');
    expect(found[0]).toMatchObject({ code: 'TRUSTED_HOST_MISSING', severity: 'error', subject: 'Claude' });
    expect(found[0]?.fix).toEqual({ kind: 'command', text: 'mcpkc trusted-hosts --preset claude' });
  });

  it('exits by --fail-on, and refuses another word', async () => {
    await world.deletePolicy('allowed-client-templates');
    expect(await status(world)).toMatchObject({ exit: 0 });
    expect(await status(world, '--fail-on', 'error')).toMatchObject({ exit: 0 });
    expect(await status(world, '--fail-on', 'warning')).toMatchObject({ exit: 1 });
    expect(await status(world, '--fail-on', 'info')).toMatchObject({ exit: 2 });
  });

  it('repeats in its fixes the flags that the realm was named with', async () => {
    const { KC_REALM: realm = '', ...env } = world.env;
    const ran = await runCli(['--realm', realm, 'status', '--preset', 'claude', '--json'], { env });
    const [first] = ran.json.findings as { fix: { text: string } }[];
    expect(first?.fix.text).toBe(`mcpkc --realm ${realm} trusted-hosts --preset claude`);
  });
});

describe('a realm that onboard made', () => {
  it('has no errors, and the adopted connector gets in', async () => {
    const world = keep(await World.fresh());
    const { opened, done } = startOnboard([world.host.url, '--preset', 'chatgpt', '--until', 'registered'], {
      env: world.env,
      prepare: inRealTime,
    });
    await opened;
    const connector = new Connector(world.host.url);
    expect(await connector.register()).toMatchObject({ ok: true });
    expect(await done).toMatchObject({ exit: 0 });
    const found = await world.findings('--clients');
    expect(codes(found.filter(({ severity }) => severity !== 'info'))).toEqual([]);
    expect(await connector.connect(world.user)).toMatchObject({ ok: true });
    const ran = await status(world, '--clients', '--json');
    expect(ran.json).toMatchObject({ scopes: [{ mode: 'adopted' }], clients: [{ verdict: 'adopted' }] });
  });
});

describe('what was refused', () => {
  it('is grouped by policy and by client, the newest first', async () => {
    const world = keep(await World.provisioned());
    await world.configure('trusted-hosts', { 'trusted-hosts': ['example.com'] });
    for (let round = 0; round < 3; round++) await new Connector(world.host.url).register();
    const ran = await status(world, '--json');
    const [group] = ran.json.refusals as Record<string, unknown>[];
    expect(group).toMatchObject({
      kind: 'registration',
      count: 3,
      by: 'Trusted Hosts',
      address: '127.0.0.1',
    });
    const { out } = await status(world);
    expect(out).toMatch(/- 3 registrations refused by 'Trusted Hosts' in the last 1 minute/);
  });
});

describe('--clients', () => {
  it('shows who registered and who holds the scope, with names made harmless', async () => {
    const world = keep(await World.provisioned());
    const connector = new Connector(world.host.url);
    expect(await connector.connect(world.user)).toMatchObject({ ok: true });
    const id = connector.client?.clientId ?? '';
    const hostile = { ...naming('phone'), clientName: '\u001b[31mevil\u202e' };
    await new Connector(world.host.url, { product: hostile }).register();
    const publicOne = { ...naming('none'), authMethod: 'none' as const };
    await new Connector(world.host.url, { product: publicOne }).register();
    const ran = await status(world, '--clients', '--json');
    const clients = ran.json.clients as Record<string, unknown>[];
    expect(clients).toHaveLength(3);
    expect(clients.find(({ clientId }) => clientId === id)).toMatchObject({
      kind: 'dynamic',
      product: 'chatgpt',
      verdict: 'holds',
      consent: true,
      pkce: true,
      scopes: [{ name: SCOPE, list: 'default' }],
      sessions: { active: 1, offline: 0 },
      createdAt: expect.stringMatching(/^20/),
    });
    expect(clients.filter(({ createdAt }) => createdAt === null)).toHaveLength(1);
    const { out } = await status(world, '--clients');
    expect(out).not.toMatch(/[\u001b\u202e]/);
    expect(out).toContain('\\u{1b}[31mevil\\u{202e}');
    expect(out).toContain('age unknown');
  });
});

describe('its cost', () => {
  it('is the same whatever the number of clients; they are listed with --clients, and in a small realm', async () => {
    const world = keep(await World.provisioned());
    const few = await requestsOf(() => status(world));
    for (let number = 0; number < 240; number += 10) {
      await Promise.all(
        Array.from({ length: 10 }, (_, at) =>
          world.admin.post(world.path('clients'), {
            clientId: `app-${number + at}`,
            defaultClientScopes: [],
          }),
        ),
      );
    }
    const many = await requestsOf(() => status(world));
    const listing = (path: string) =>
      /^\/clients\/?\?/.test(path) && !/[?&](max=1|clientId=[^&]+)(&|$)/.test(path);
    expect(many.filter(listing)).toEqual([]);
    // Whether the limit of 200 is reached is asked where four fifths of it are.
    const isReached = '/clients/?first=199&max=1';
    expect(few).not.toContain(isReached);
    expect(many.map(plain).sort()).toEqual(
      [...few, isReached]
        .filter((path) => !listing(path))
        .map(plain)
        .sort(),
    );
    expect(few.filter(listing).length).toBe(1);
    const listed = (await requestsOf(() => status(world, '--clients'))).filter(listing);
    expect(listed.length).toBeGreaterThan(1);
    expect(listed.every((path) => path.includes('max=100'))).toBe(true);
    expect(new Set(listed).size).toBe(listed.length);
  });
});

function plain(path: string): string {
  return path.replace(/dateFrom=\d+/, 'dateFrom=');
}
