import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunningHost } from '../../examples/mcp-host/host.ts';
import type { Finding } from '../../src/findings/finding.ts';
import { type RunningKeycloak, startKeycloak } from '../../tools/keycloak/server.ts';
import { startMcpHost } from '../connectors/host.ts';
import { type Account, accountIn, expectCli, runCli } from '../support/cli.ts';
import { Connector } from '../support/connectors/chatgpt.ts';
import { createRealm, type Realm, type RealmUser } from '../support/keycloak/realm.ts';
import { register, startOnboard } from '../support/onboarding.ts';
import { addClient, clientIn } from '../support/realm-things.ts';

vi.setConfig({ testTimeout: 300_000 });

let server: RunningKeycloak;
let realm: Realm;
let account: Account;
let user: RealmUser;
let docs: RunningHost;
let payroll: RunningHost;

beforeAll(async () => {
  server = await startKeycloak({ features: ['resource-indicators'] });
  realm = await createRealm(server, 'resource-indicators');
  account = await accountIn(realm);
  user = await realm.createUser();
  [docs, payroll] = await Promise.all([startMcpHost(realm.issuer), startMcpHost(realm.issuer)]);
}, 300_000);

afterAll(async () => {
  await Promise.all([docs?.stop(), payroll?.stop()]);
  await server?.stop();
});

const run = (exit: number, ...args: string[]) => expectCli(exit, args, { env: account.env });
const provision = (host: RunningHost, scope: string, ...args: string[]) =>
  run(0, 'create-scope', '--resource', host.url, '--scope', scope, '--preset', 'chatgpt', ...args);
const aud = (claims: Readonly<Record<string, unknown>>) => [claims.aud].flat();

async function errors(): Promise<Finding[]> {
  const ran = await runCli(['status', '--json'], { env: account.env });
  return (ran.json.findings as Finding[]).filter(({ severity }) => severity === 'error');
}

async function connected(host: RunningHost, connector = new Connector(host.url)) {
  const result = await connector.connect(user);
  if (!result.ok) expect.fail(`${result.stage}: ${result.error}`);
  return { connector, ...result };
}

describe('a server that judges resource', () => {
  it('two servers, a connector each: every token names its own server alone, renewed too', async () => {
    await provision(docs, 'docs', '--attach', 'none');
    const first = startOnboard(
      [docs.url, '--scope', 'docs', '--until', 'registered', '--timeout', '60s', '--json'],
      { env: account.env },
    );
    await first.opened;
    const connector = new Connector(docs.url);
    await connector.register();
    const done = await first.done;
    expect(done.json).toMatchObject({ ok: true, doubts: [] });
    const mine = await connected(docs, connector);
    expect(aud(mine.claims)).toEqual([docs.url]);

    await provision(payroll, 'payroll', '--attach', 'default', '--yes');
    const other = await connected(payroll);
    expect(aud(other.claims)).toEqual([payroll.url]);
    const renewed = await other.connector.refresh();
    if (!renewed.ok) expect.fail(renewed.error);
    expect(aud(renewed.claims)).toEqual([payroll.url]);
    expect(await errors()).toEqual([]);
  });

  it('one connector that holds both: the token is for the one that it names; another’s, and a foreign one, are refused', async () => {
    const { clientId, clientSecret } = await connected(payroll);
    await run(0, 'create-scope', '--resource', docs.url, '--scope', 'docs', '--client', clientId);
    const client = { clientId, ...(clientSecret === undefined ? {} : { clientSecret }) };
    const atDocs = await connected(docs, new Connector(docs.url, { client }));
    expect(aud(atDocs.claims)).toEqual([docs.url]);
    const atPayroll = await connected(payroll, new Connector(payroll.url, { client }));
    expect(aud(atPayroll.claims)).toEqual([payroll.url]);

    const elsewhere = await fetch(`${realm.issuer}/protocol/openid-connect/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: atPayroll.tokens.refreshToken ?? '',
        resource: docs.url,
      }),
    });
    expect(elsewhere.status).toBe(400);

    const unknown = await startMcpHost(realm.issuer);
    const refused = await new Connector(unknown.url, { client }).connect(user);
    await unknown.stop();
    expect(refused).toMatchObject({ ok: false, error: 'invalid_target' });
  });

  it('without that client status has the command that makes it, and sign-ins work again', async () => {
    const own = await clientIn(realm, payroll.url);
    await realm.admin.del(realm.path(`clients/${own?.id}`));
    expect(await new Connector(payroll.url).connect(user)).toMatchObject({
      ok: false,
      error: 'invalid_target',
    });
    const [finding, ...more] = await errors();
    expect([finding?.code, more]).toEqual(['RESOURCE_INDICATORS_BREAK_AUDIENCE', []]);
    const words = (finding?.fix.text ?? '').split(' ').slice(1);
    await run(0, ...words);
    await connected(payroll);
    expect(await errors()).toEqual([]);
  });

  it('a stranger who takes the URL first: left out and named without consent, then made anew', async () => {
    const own = await clientIn(realm, payroll.url);
    await realm.admin.del(realm.path(`clients/${own?.id}`));
    const response = await fetch(`${realm.issuer}/clients-registrations/default`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ clientId: payroll.url, attributes: { resource_url: payroll.url } }),
    });
    expect(response.status).toBe(201);
    const { registrationAccessToken } = (await response.json()) as { registrationAccessToken: string };
    const words = ['create-scope', '--resource', payroll.url, '--scope', 'payroll', '--preset', 'chatgpt'];
    const left = await run(0, ...words);
    expect(left.err.replaceAll(/\\?\n\s*/g, '')).toContain('--resource-client --yes');
    expect((await clientIn(realm, payroll.url))?.consentRequired).toBe(true);
    expect((await errors()).map(({ code }) => code)).toEqual([
      'RESOURCE_INDICATORS_BREAK_AUDIENCE',
      'RESOURCE_ID_TAKEN',
    ]);
    await addClient(realm, 'application');
    const named = await run(0, 'onboard', payroll.url, 'application', '--scope', 'payroll');
    expect(named.out).toMatch(/Not verified: [\s\S]*invalid_target/);

    expect((await run(5, ...words, '--resource-client', '--json')).json.code).toBe('CONSENT_NEEDED');
    await run(0, ...words, '--resource-client', '--yes');
    await connected(payroll);
    const dead = await fetch(
      `${realm.issuer}/clients-registrations/default/${encodeURIComponent(payroll.url)}`,
      { headers: { authorization: `Bearer ${registrationAccessToken}` } },
    );
    expect(dead.status).toBe(401);
  });

  it('another client that claims the URL is found and goes with consent; somebody’s own stays', async () => {
    await addClient(realm, 'claims-it', { attributes: { resource_url: payroll.url } });
    await addClient(realm, 'their-api', { attributes: { resource_url: 'https://api.example.org/' } });
    const ran = await runCli(['status', '--clients', '--json'], { env: account.env });
    const found = (ran.json.findings as Finding[]).find(({ code }) => code === 'RESOURCE_CLIENT_FOREIGN');
    expect(found?.message).toContain("'claims-it'");
    await run(0, ...(found?.fix.text ?? '').split(' ').slice(1));
    expect(await clientIn(realm, 'claims-it')).toBeUndefined();
    expect(await clientIn(realm, 'their-api')).toBeDefined();
    await connected(payroll);
  });

  it('goes with its server', async () => {
    await run(0, 'create-scope', '--resource', payroll.url, '--scope', 'payroll', '--remove', '--yes');
    expect(await clientIn(realm, payroll.url)).toBeUndefined();
    expect(await clientIn(realm, docs.url)).toBeDefined();
    await register(realm);
  });
});
