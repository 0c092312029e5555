import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { RunningHost } from '../../examples/mcp-host/host.ts';
import { startMcpHost } from '../connectors/host.ts';
import { newRealm, provision, type TestRealm } from '../connectors/realm.ts';
import { type Account, accountIn, expectCli, runCli } from '../support/cli.ts';
import { Connector } from '../support/connectors/chatgpt.ts';
import { audience } from '../support/onboarding.ts';
import { clientIn, listOf, registerAnonymously, scopeIn } from '../support/realm-things.ts';

let realm: TestRealm;
let account: Account;
const hosts: RunningHost[] = [];

beforeAll(async () => {
  realm = await newRealm();
  account = await accountIn(realm);
});

afterAll(async () => {
  for (const host of hosts) await host.stop();
  await realm?.remove();
});

/** A resource as mcpkc 0.1.0 left it, with a connector that is connected. */
interface Old {
  scope: string;
  scopeId: string;
  host: RunningHost;
  connector: Connector;
}

const HOUR = 3_600_000;
const windowMark = (endsIn: number) =>
  JSON.stringify({
    since: new Date(Date.now() - HOUR).toISOString(),
    until: new Date(Date.now() + endsIn).toISOString(),
    host: 'elsewhere',
    pid: 999_999,
    by: 'ann',
    watch: 'events',
    before: 'none',
    presets: 'chatgpt',
  });

let made = 0;

/** By bare admin calls, as 0.1.0 wrote it: nothing here is the product's. */
async function old(
  attach: 'default' | 'optional' | 'none',
  attributes: Record<string, string> = {},
): Promise<Old> {
  made += 1;
  const scope = `mcp-resource-old${made}`;
  const host = await startMcpHost(realm.issuer, attach === 'optional' ? scope : undefined);
  hosts.push(host);
  const trustedHosts = ['chatgpt.com', 'app.example.com'];
  const { scopeId } = await provision(realm, { scope, resource: host.url, attach, trustedHosts });
  const mode = attach === 'none' ? 'windowed' : 'standing';
  await realm.admin.put(realm.path(`client-scopes/${scopeId}`), {
    name: scope,
    protocol: 'openid-connect',
    attributes: { 'mcpkc.mode': mode, 'mcpkc.resource': host.url, ...attributes },
  });
  const connector = new Connector(host.url);
  const registered = await connector.register();
  if (!registered.ok) throw new Error(JSON.stringify(registered));
  const { clientId } = registered;
  if (attach !== 'optional') await hold(clientId, scopeId);
  await realm.admin.put(realm.path(`clients/${clientId}`), {
    clientId,
    attributes: { 'mcpkc.adopted': scope },
  });
  expect(await connector.connect(realm.user)).toMatchObject({ ok: true });
  return { scope, scopeId, host, connector };
}

const hold = (clientId: string, scopeId: string) =>
  realm.admin.put(realm.path(`clients/${clientId}/default-client-scopes/${scopeId}`));

/** A client that registers with a redirect URI of no product, and says of itself that it is adopted. */
async function stranger(scope: string): Promise<string> {
  const { status, body } = await registerAnonymously(realm, {
    client_name: 'ChatGPT',
    redirect_uris: ['https://app.example.com/cb'],
  });
  expect(status).toBe(201);
  const clientId = String(body.client_id);
  await realm.admin.put(realm.path(`clients/${clientId}`), {
    clientId,
    attributes: { 'mcpkc.adopted': scope },
  });
  return clientId;
}

/** The connector goes on: its refresh has the audience, and so has a new sign-in with the same client. */
async function expectAlive({ host, connector }: Old): Promise<void> {
  const refreshed = await connector.refresh();
  expect(refreshed).toMatchObject({ ok: true });
  expect([refreshed.ok ? refreshed.claims.aud : []].flat()).toContain(host.url);
  const again = new Connector(host.url, { client: connector.client });
  expect(await again.connect(realm.user)).toMatchObject({ ok: true });
}

const create = (one: Old, ...args: string[]) => [
  ...[
    'create-scope',
    '--preset',
    'chatgpt',
    '--resource',
    one.host.url,
    '--scope',
    one.scope,
    '--no-existing',
  ],
  ...args,
];
const run = (exit: number, args: readonly string[]) => expectCli(exit, args, { env: account.env });

async function codes(one: Old): Promise<string[]> {
  const ran = await runCli(['status', '--resource', one.host.url, '--json'], { env: account.env });
  expect([0, 1], ran.err).toContain(ran.exit);
  return (ran.json.findings as { code: string }[]).map(({ code }) => code);
}

const holds = (one: Old, clientId = one.connector.client?.clientId ?? '') =>
  audience(realm, clientId, one.scope);

describe('a realm of 0.1.0', () => {
  it('standing: stays standing', async () => {
    const one = await old('default');
    await run(0, create(one));
    expect(await listOf(realm, one.scope)).toBe('default');
    await expectAlive(one);
    await realm.admin.del(realm.path(`default-default-client-scopes/${one.scopeId}`));
  });

  it('standing, by the optional list: stays so', async () => {
    const one = await old('optional');
    await run(0, create(one));
    expect(await listOf(realm, one.scope)).toBe('optional');
    await expectAlive(one);
  });

  it('windowed, with an adopted client: is found, and moved', async () => {
    const one = await old('none');
    expect(await codes(one)).toContain('NOT_MOVED');
    await expectAlive(one);
    await run(0, create(one, '--attach', 'none'));
    expect(await holds(one)).toBe('adopted');
    expect(await codes(one)).not.toContain('NOT_MOVED');
    expect((await scopeIn(realm, one.scope))?.protocolMappers ?? []).toEqual([]);
    await expectAlive(one);
  });

  it.each([
    ['of a dead run', -HOUR],
    ['whose run may live', HOUR],
  ])(
    'with a window %s: who came meanwhile is listed, and loses the audience with --yes',
    async (_what, endsIn) => {
      const one = await old('none', { 'mcpkc.window': windowMark(endsIn) });
      await realm.admin.put(realm.path(`default-default-client-scopes/${one.scopeId}`));
      const came = await stranger(one.scope);
      expect(await holds(one, came)).toBe('named');
      expect(await codes(one)).toContain('OLD_WINDOW_OPEN');
      const refused = await run(5, create(one, '--attach', 'none'));
      if (endsIn < 0) expect(refused.err.replace(/\s+/g, ' ')).toContain(came);
      await expectAlive(one);
      await run(0, create(one, '--attach', 'none', '--yes'));
      expect(await holds(one, came)).toBe('none');
      expect(await listOf(realm, one.scope)).toBe('optional');
      await expectAlive(one);
      expect(await codes(one)).not.toContain('OLD_WINDOW_OPEN');
    },
  );

  it('half swept: the list is closed, a client that came still holds the scope', async () => {
    const one = await old('none');
    const came = await stranger(one.scope);
    await hold(came, one.scopeId);
    await run(5, create(one, '--attach', 'none'));
    expect([await holds(one), await holds(one, came)]).toEqual(['named', 'named']);
    await run(0, create(one, '--attach', 'none', '--yes'));
    expect([await holds(one), await holds(one, came)]).toEqual(['adopted', 'none']);
    await expectAlive(one);
  });

  it('two resources: each is moved by its own command, and the other goes on meanwhile', async () => {
    const [one, other] = [await old('none'), await old('none')];
    await run(0, create(one, '--attach', 'none'));
    expect([await holds(one), await holds(other)]).toEqual(['adopted', 'named']);
    await expectAlive(one);
    await expectAlive(other);
    await run(0, create(other, '--attach', 'none'));
    await expectAlive(one);
    await expectAlive(other);
  });

  it('forged marks: anybody who says of himself that he is adopted gets nothing by that', async () => {
    const one = await old('none');
    const forger = await stranger(one.scope);
    await run(0, create(one, '--attach', 'none'));
    expect(await holds(one, forger)).toBe('none');
    expect(await clientIn(realm, forger)).toBeDefined();
    await expectAlive(one);
  });

  it('a move that is interrupted leaves the connector its audience, and is finished by the next run', async () => {
    const one = await old('none');
    const { startBetween } = await import('../support/keycloak/between.ts');
    const between = await startBetween(inject('keycloak').url);
    for (const cut of [1, 2, 3, 4, 5]) {
      let writes = 0;
      between.meddle = (method) => {
        if (method === 'GET') return undefined;
        writes += 1;
        return writes > cut + 1 ? { status: 400 } : undefined;
      };
      const env = { ...account.env, KC_SERVER: between.url };
      await runCli(create(one, '--attach', 'none'), { env });
      expect((await one.connector.refresh()).ok, `${cut} writes`).toBe(true);
      expect(await holds(one), `${cut} writes`).not.toBe('none');
    }
    await between.stop();
    await run(0, create(one, '--attach', 'none'));
    await expectAlive(one);
  });
});
