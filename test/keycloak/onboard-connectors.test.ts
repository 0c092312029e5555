import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../examples/mcp-host/config.ts';
import { type RunningHost, startHost } from '../../examples/mcp-host/host.ts';
import { type Account, accountIn, until } from '../support/cli.ts';
import { Connector } from '../support/connectors/chatgpt.ts';
import { CHATGPT } from '../support/connectors/products.ts';
import { SdkConnector } from '../support/connectors/sdk.ts';
import type { RealmUser } from '../support/keycloak/realm.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { audience, held, startOnboard, storeEvents } from '../support/onboarding.ts';

const realm = await useRealm('onboard-connectors');
const SCOPE = 'mcp-resource-e2e';
let account: Account;
let user: RealmUser;
let host: RunningHost;
let advertising: RunningHost;

beforeAll(async () => {
  account = await accountIn(realm);
  user = await realm.createUser();
  await storeEvents(realm);
  const start = (extra: object) =>
    startHost((origin) => readConfig({ MCP_PUBLIC_BASE_URL: origin, OIDC_ISSUER: realm.issuer, ...extra }), {
      log: () => {},
    });
  host = await start({});
  advertising = await start({ ADVERTISE_SCOPES: SCOPE });
});

afterAll(async () => {
  await host?.stop();
  await advertising?.stop();
});

const start = (url: string, ...args: string[]) => {
  const scope = url === host.url ? [] : ['--scope', SCOPE];
  const until = args.includes('--until') ? [] : ['--until', 'connected'];
  const preset = args.includes('--preset') ? [] : ['--preset', 'chatgpt'];
  const begun = startOnboard([url, '--json', ...scope, ...until, ...preset, ...args], {
    env: { ...account.env, MCPKC_ALLOW_HTTP: 'true' },
    clock: 'real',
  });
  return begun;
};

describe('ChatGPT', () => {
  test('is adopted and calls a tool; who came with it or later is refused by the host', async () => {
    const { opened, done } = start(host.url);
    await opened;
    // Registers for more than the code flow, so that it isn't adopted.
    const grants = { grant_types: ['authorization_code', 'refresh_token', 'password'] };
    const product = { ...CHATGPT, registrationExtras: grants };
    const intruder = new Connector(host.url, { product });
    const entered = await intruder.register();
    const connector = new Connector(host.url);
    expect(await connector.register()).toMatchObject({ ok: true });
    // A person takes two seconds and more to sign in and consent: by then the run has seen who came.
    await sleep(2000);
    expect(await connector.connect(user)).toMatchObject({ ok: true });
    const { json } = await done;
    expect(json).toMatchObject({ ok: true, client: { clientId: connector.client?.clientId } });
    const said = (json.timeline as { event: string }[]).map(({ event }) => event);
    expect(said).toContainEqual(expect.stringMatching(new RegExp(`: ${user.username} from .* signed in`)));
    expect(await connector.refresh()).toMatchObject({ ok: true });
    expect(await connector.callTool('add', { a: 20, b: 22 })).toMatchObject({
      ok: true,
      toolResult: { content: [{ type: 'text', text: '42' }] },
    });
    expect(entered.ok).toBe(true);
    expect(await intruder.connect(user)).toMatchObject({ ok: false, stage: 'mcp', status: 401 });
    expect(await new Connector(host.url).connect(user)).toMatchObject({
      ok: false,
      stage: 'mcp',
      status: 401,
    });
  });

  test('--until connected adopts the attempt that signs in and lists the failed ones', async () => {
    const { io, opened, done } = start(host.url, '--preset', 'chatgpt', '--until', 'connected');
    await opened;
    const failed = new Connector(host.url, { refuseConsent: true });
    expect(await failed.connect(user)).toMatchObject({ ok: false, stage: 'consent' });
    const second = new Connector(host.url);
    expect(await second.connect({ ...user, password: 'wrong' })).toMatchObject({
      ok: false,
      stage: 'sign-in',
    });
    const third = new Connector(host.url);
    // A person takes longer to sign in than onboard to see the registration.
    expect(await third.register()).toMatchObject({ ok: true });
    await until(
      'the audience',
      () => io.err().replaceAll(/\s+/g, ' ').split('for the time being').length > 3,
    );
    expect(await third.connect(user)).toMatchObject({ ok: true });
    const { json } = await done;
    const [one, two, three] = [failed, second, third].map(({ client }) => client?.clientId ?? '');
    expect(json).toMatchObject({ ok: true, client: { clientId: three } });
    const others = json.others as { clientId: string; reason: string }[];
    expect(others.map(({ clientId }) => clientId).toSorted()).toEqual([one, two].toSorted());
    expect(others[0]?.reason).toContain('another one signed in');
    expect(await audience(realm, one ?? '', json.scope as string)).toBe('none');
    expect(await third.refresh()).toMatchObject({ ok: true });
    expect(await third.callTool()).toMatchObject({ ok: true });
  });

  test('--until connected where nobody signs in is exit 6 and names the attempts', async () => {
    const { opened, done } = start(
      host.url,
      '--preset',
      'chatgpt',
      '--until',
      'connected',
      '--timeout',
      '3s',
    );
    await opened;
    const connector = new Connector(host.url);
    await connector.register();
    const { exit, json } = await done;
    expect(exit).toBe(6);
    expect(json.message).toContain('signed in with a connector');
    expect(json.details).toMatchObject({
      others: [{ clientId: connector.client?.clientId, reason: expect.stringContaining('nobody signed in') }],
    });
  });
});

describe('a client that names the scope in its registration', () => {
  test.each(['chatgpt.com', 'a public one'])('SDK client (%s): adopted, and calls a tool', async (kind) => {
    const sdk = () =>
      new SdkConnector(advertising.url, {
        clientName: 'ChatGPT',
        redirectUri: 'https://chatgpt.com/connector_platform_oauth_redirect',
        authMethod: kind === 'a public one' ? 'none' : 'client_secret_basic',
      });
    const { opened, done } = start(advertising.url, '--until', 'connected');
    await opened;
    const connector = sdk();
    const first = await connector.connect(user);
    // At a machine's speed the first token can come before the audience; the next one has it.
    if (!first.ok) expect(first).toMatchObject({ stage: 'mcp', status: 401 });
    const { json } = await done;
    const clientId = connector.client?.clientId ?? '';
    expect(json).toMatchObject({ ok: true, client: { clientId } });
    // It named the scope when it registered; the audience came beside it.
    expect(await held(realm, clientId, SCOPE)).toBe('optional');
    expect(await audience(realm, clientId, SCOPE)).toBe('adopted');
    const again = new SdkConnector(advertising.url, {
      redirectUri: 'https://chatgpt.com/connector_platform_oauth_redirect',
      client: connector.client,
    });
    expect(await again.connect(user)).toMatchObject({ ok: true });
    // Nobody waits for this one: it registers, signs in, and the host does not let it in.
    expect(await sdk().connect(user)).toMatchObject({ ok: false, stage: 'mcp', status: 401 });
  });
});
