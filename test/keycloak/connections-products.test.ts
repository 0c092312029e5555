import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { CLOCK_TOLERANCE_SECONDS } from '../../examples/mcp-host/token.ts';
import { initializeMessage } from '../../src/checks/json-rpc.ts';
import { resolvePresets } from '../../src/products/resolve.ts';
import { type Replayed, type ReplayOptions, replay } from '../products/replay.ts';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { type GoodHost, startGoodHost } from '../support/hosts/good.ts';
import type { RealmUser } from '../support/keycloak/realm.ts';
import { grantRoles } from '../support/keycloak/service-account.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { refresh } from '../support/login.ts';
import { grant } from '../support/people.ts';

vi.setConfig({ testTimeout: 240_000 });

/** How long access tokens last here, in seconds. */
const LIFETIME = 20;
const DOCUMENT = resolvePresets(['claude-code'])[0]?.cimdUrl ?? '';
const realm = await useRealm('connections-products');
let account: Account;
let open: GoodHost;
let payroll: GoodHost;
let people: Record<'alice' | 'bob' | 'carol', RealmUser>;
let made: string;

const run = (exit: number, ...args: string[]) => expectCli(exit, [...args, '--json'], { env: account.env });

/** Two hosts, of which one is for who has a role; by registration, by document, and by a client made beforehand. */
beforeAll(async () => {
  account = await accountIn(realm);
  await grantRoles(realm, account.userId, ['manage-users']);
  await realm.admin.put(realm.path(''), { accessTokenLifespan: LIFETIME });
  const host = (scope: string) => startGoodHost({ issuer: realm.issuer, scope, advertisedScopes: [scope] });
  open = await host('mcp-resource-open');
  payroll = await host('mcp-resource-payroll');
  const at = (url: string, name: string) => ['--resource', url, '--scope', `mcp-resource-${name}`];
  await run(0, 'create-scope', ...at(open.url, 'open'), '--preset', 'chatgpt,codex', '--no-existing');
  const bound = ['--attach', 'none', '--role', 'finance', '--no-existing'];
  await run(0, 'create-scope', ...at(payroll.url, 'payroll'), ...bound);
  // Exit status 1: this issuer doesn’t advertise documents, so that Claude Code itself would register. The pin works.
  for (const { url } of [open, payroll])
    await run(1, 'allow', url, '--preset', 'claude-code', '--by', 'document');
  const allowed = await run(0, 'allow', payroll.url, '--preset', 'opencode', '--by', 'client');
  made = (allowed.json.products as { clientId: string }[])[0]?.clientId ?? '';
  const [alice, bob, carol] = await Promise.all(
    ['alice', 'bob', 'carol'].map((username) => realm.createUser({ username })),
  );
  if (!alice || !bob || !carol) throw new Error('somebody is missing');
  people = { alice, bob, carol };
  await grant(realm, 'users', alice.id, 'finance');
  await grant(realm, 'users', carol.id, 'finance');
});
afterAll(async () => {
  await open?.stop();
  await payroll?.stop();
});

interface Wish {
  user: 'alice' | 'bob' | 'carol';
  product: string;
  way: 'registration' | 'document' | 'client';
  servers: () => GoodHost[];
}

/** Two that hold a secret, two that don't; two hosted, two on a person's machine. Alice and Bob share a pin. */
const WISHES: readonly Wish[] = [
  { user: 'alice', product: 'chatgpt', way: 'registration', servers: () => [open] },
  { user: 'bob', product: 'chatgpt', way: 'registration', servers: () => [open] },
  { user: 'alice', product: 'codex', way: 'registration', servers: () => [open] },
  { user: 'alice', product: 'claude-code', way: 'document', servers: () => [open, payroll] },
  { user: 'bob', product: 'claude-code', way: 'document', servers: () => [open] },
  { user: 'carol', product: 'opencode', way: 'client', servers: () => [payroll] },
];
const nameOf = ({ user, product }: Pick<Wish, 'user' | 'product'>) => `${user} ${product}`;
const ALL = WISHES.map(nameOf).sort();

const connected = new Map<string, Replayed>();

function optionsOf(wish: Wish): ReplayOptions {
  const client = connected.get(nameOf(wish))?.client;
  if (wish.way === 'document')
    return { document: { url: DOCUMENT, redirectUri: 'http://localhost:51234/callback' } };
  if (wish.way === 'registration') return client ? { client } : {};
  const redirectUri = 'http://127.0.0.1:19876/mcp/oauth/callback';
  return { client: { clientId: made, redirectUri, registration: { token_endpoint_auth_method: 'none' } } };
}

/** Signs in, and uses the server. */
async function connect(wish: Wish): Promise<void> {
  const [server] = wish.servers();
  if (!server) throw new Error('no server');
  const result = await replay(wish.product, { user: people[wish.user] }, server, optionsOf(wish));
  if (!result.ok) return expect.fail(`${nameOf(wish)}: ${JSON.stringify(result)}`);
  expect(await statusWith(result, server), nameOf(wish)).toBe(200);
  connected.set(nameOf(wish), result);
}

/** Of all connections, those that refresh. */
async function living(): Promise<string[]> {
  const names: string[] = [];
  for (const [name, { client, refreshToken }] of connected) {
    const { clientId, clientSecret: secret, redirectUri, registration } = client;
    const authMethod = String(registration.token_endpoint_auth_method ?? 'none');
    const how = { clientId, secret, redirectUri, user: people.alice, authMethod };
    if ((await refresh(realm, how, refreshToken ?? '')).ok) names.push(name);
  }
  return names.sort();
}

/** What the MCP server answers to a token. */
async function statusWith({ accessToken }: Replayed, { url }: GoodHost): Promise<number> {
  const { headers, body } = initializeMessage();
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...headers, authorization: `Bearer ${accessToken}` },
    body,
  });
  await response.arrayBuffer();
  return response.status;
}

it('the list is what was made: three people, four products, every way, two servers', async () => {
  for (const wish of WISHES) await connect(wish);
  expect(await living()).toEqual(ALL);
  const { json } = await run(0, 'connections');
  const rows = json.connections as { user: string; product: string; way: string; servers: string[] }[];
  const seen = rows.map(({ user, product, way, servers }) => ({
    user,
    product,
    way,
    servers: servers.sort(),
  }));
  const wanted = WISHES.map(({ user, product, way, servers }) => ({
    ...{ user, product, way },
    servers: servers()
      .map(({ url }) => url)
      .sort(),
  }));
  const sorted = <T extends { user: string; product: string }>(all: T[]) =>
    all.toSorted((a, b) => nameOf(a as never).localeCompare(nameOf(b as never)));
  expect(sorted(seen)).toEqual(sorted(wanted));
  expect(json.notVisible).toEqual([]);
});

/** The tokens that were out when their connection was cut. */
const out: { name: string; token: Replayed; server: GoodHost; expiry: number }[] = [];

const CUTS: readonly (readonly [what: string, args: () => string[], ended: readonly string[]])[] = [
  ['a person’s', () => ['--user', 'alice'], ['alice chatgpt', 'alice claude-code', 'alice codex']],
  ['a product’s', () => ['--preset', 'chatgpt'], ['alice chatgpt', 'bob chatgpt']],
  ['a client’s', () => ['--client', connected.get('alice codex')?.client.clientId ?? ''], ['alice codex']],
  ['a server’s', () => [payroll.url], ['alice claude-code', 'carol opencode']],
  ['one person’s of a shared pin', () => ['--user', 'bob', '--client', DOCUMENT], ['bob claude-code']],
];

it.each(CUTS)('%s connections are cut, nobody else’s: the next refresh fails', async (_what, args, ended) => {
  for (const wish of WISHES) if (ended.includes(nameOf(wish))) await connect(wish);
  const { json } = await run(0, 'connections', ...args(), '--revoke', '--yes');
  expect(await living()).toEqual(ALL.filter((name) => !ended.includes(name)));
  for (const wish of WISHES) {
    const token = connected.get(nameOf(wish));
    const [server] = wish.servers();
    if (!ended.includes(nameOf(wish)) || !token || !server) continue;
    const expiry = Number(token.claims.exp) * 1000;
    // What is said of tokens that are out is when the last one dies, by the server’s clock to a second.
    expect(Date.parse(String(json.tokensWorkUntil)), nameOf(wish)).toBeGreaterThanOrEqual(expiry - 1000);
    expect(Date.parse(String(json.tokensWorkUntil))).toBeLessThanOrEqual(Date.now() + (LIFETIME + 1) * 1000);
    out.push({ name: nameOf(wish), token, server, expiry });
  }
  for (const wish of WISHES) if (ended.includes(nameOf(wish))) await connect(wish);
  expect(await living()).toEqual(ALL);
});

it('a token that was out ends with its life', async () => {
  expect(out.length).toBe(CUTS.flatMap(([, , ended]) => ended).length);
  const last = Math.max(...out.map(({ expiry }) => expiry));
  await sleep(Math.max(0, last + (CLOCK_TOLERANCE_SECONDS + 1) * 1000 - Date.now()));
  for (const { name, token, server } of out) expect(await statusWith(token, server), name).toBe(401);
});
