import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningHost } from '../../examples/mcp-host/host.ts';
import { Connector } from '../support/connectors/chatgpt.ts';
import type { Stage } from '../support/connectors/outcome.ts';
import { SdkConnector } from '../support/connectors/sdk.ts';
import { audiences } from '../support/connectors/tokens.ts';
import { startMcpHost } from './host.ts';
import { newRealm, provision, type TestRealm } from './realm.ts';

const SCOPE = 'mcp-resource-stages';
const TRUSTED = ['chatgpt.com', '127.0.0.1', 'vscode.dev', 'insiders.vscode.dev'];
let realm: TestRealm;
let host: RunningHost;

beforeAll(async () => {
  realm = await newRealm();
  host = await startMcpHost(realm.issuer, SCOPE);
  const wanted = { scope: SCOPE, resource: host.url, attach: 'default', trustedHosts: TRUSTED } as const;
  await provision(realm, wanted);
});

afterAll(async () => {
  await host?.stop();
  await realm?.remove();
});

describe('authorization', () => {
  it('goes through the stages in order', async () => {
    const stages: Stage[] = [];
    const connector = new Connector(host.url, { onStage: (stage) => stages.push(stage) });
    expect(await connector.connect(realm.user)).toMatchObject({ ok: true });
    expect(stages).toEqual(['challenge', 'registration', 'authorization', 'token', 'mcp']);
  });

  it('is refused for a scope that the client does not hold', async () => {
    const result = await new Connector(host.url, { scope: 'unheard-of' }).connect(realm.user);
    expect(result).toMatchObject({
      ok: false,
      stage: 'authorization',
      error: 'invalid_scope',
      page: 'redirect',
    });
  });

  it('works for a client that was stored, and asks nothing the second time', async () => {
    const first = new Connector(host.url);
    const connected = await first.connect(realm.user);
    if (!connected.ok) expect.fail(JSON.stringify(connected));
    const again = new Connector(host.url, { client: connected, jar: first.jar });
    const callback = await again.authorize(realm.user);
    expect(callback).toMatchObject({ ok: true, pages: [] });
    expect(callback.ok && (await again.exchange(callback.code)).ok).toBe(true);
    const { clientId, clientSecret } = connected;
    const restored = new Connector(host.url, { client: { clientId, clientSecret } });
    expect(await restored.connect(realm.user)).toMatchObject({ ok: true, clientId });
  });
});

describe('sign-in', () => {
  it.each([
    ['ChatGPT', (user: TestRealm['user']) => new Connector(host.url).connect(user)],
    ['the SDK client', (user: TestRealm['user']) => new SdkConnector(host.url).connect(user)],
  ])('with a wrong password stops %s there', async (_name, connect) => {
    const result = await connect({ ...realm.user, password: 'wrong' });
    expect(result).toMatchObject({ ok: false, stage: 'sign-in', error: 'login_refused' });
    expect(result).toHaveProperty('description', 'Invalid username or password.');
  });

  it.each([
    ['ChatGPT', () => new Connector(host.url, { refuseConsent: true }).connect(realm.user)],
    ['the SDK client', () => new SdkConnector(host.url, { refuseConsent: true }).connect(realm.user)],
  ])('with consent refused stops %s there', async (_name, connect) => {
    expect(await connect()).toMatchObject({ ok: false, stage: 'consent', error: 'access_denied' });
  });
});

describe('tokens', () => {
  it('are refused for a wrong secret', async () => {
    const connector = new Connector(host.url);
    const registered = await connector.register();
    if (!registered.ok) expect.fail(JSON.stringify(registered));
    const forgetful = new Connector(host.url, { client: { ...registered, clientSecret: 'wrong' } });
    const result = await forgetful.connect(realm.user);
    expect(result).toMatchObject({ ok: false, stage: 'token', status: 401, error: 'unauthorized_client' });
  });

  it('are refused for a wrong verifier', async () => {
    const connector = new Connector(host.url);
    await connector.register();
    const callback = await connector.authorize(realm.user);
    await connector.authorize(realm.user);
    const result = await connector.exchange(callback.ok ? callback.code : '');
    expect(result).toMatchObject({ ok: false, stage: 'token', error: 'invalid_grant' });
  });

  it('are renewed, audience included', async () => {
    const connector = new Connector(host.url);
    await connector.connect(realm.user);
    const before = connector.tokens?.accessToken;
    expect(await connector.refresh()).toMatchObject({ ok: true });
    expect(connector.tokens?.accessToken).not.toBe(before);
    expect(audiences(connector.tokens?.claims ?? {})).toEqual([host.url]);
    expect(await connector.callTool('add', { a: 20, b: 22 })).toMatchObject({
      ok: true,
      toolResult: { content: [{ type: 'text', text: '42' }] },
    });
  });

  it('are gone with the client, and so is its sign-in', async () => {
    const connector = new Connector(host.url);
    const connected = await connector.connect(realm.user);
    if (!connected.ok) expect.fail(JSON.stringify(connected));
    await realm.admin.del(realm.path(`clients/${connected.clientId}`));
    expect(await connector.refresh()).toMatchObject({
      stage: 'refresh',
      status: 401,
      error: 'invalid_client',
    });
    expect(await connector.authorize(realm.user)).toMatchObject({
      stage: 'authorization',
      page: 'login-error',
    });
    const sdk = new SdkConnector(host.url, { client: connected });
    expect(await sdk.connect(realm.user)).toMatchObject({ stage: 'authorization', page: 'login-error' });
  });
});

describe('the host', () => {
  it('answers a tool that does not exist with an error', async () => {
    const connector = new Connector(host.url);
    await connector.connect(realm.user);
    expect(await connector.callTool('unheard-of')).toMatchObject({ ok: false, stage: 'mcp' });
  });
});
