import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningHost } from '../../examples/mcp-host/host.ts';
import { Connector } from '../support/connectors/chatgpt.ts';
import { CHATGPT, VSCODE } from '../support/connectors/products.ts';
import { SdkConnector } from '../support/connectors/sdk.ts';
import { startMcpHost } from './host.ts';
import { enforcePkce, newRealm, provision, type TestRealm } from './realm.ts';

const SCOPE = 'mcp-resource-stages';
const TRUSTED = ['chatgpt.com', '127.0.0.1', 'vscode.dev', 'insiders.vscode.dev'];
let realm: TestRealm;
let host: RunningHost;
let scopeId: string;

beforeAll(async () => {
  realm = await newRealm();
  host = await startMcpHost(realm.issuer, SCOPE);
  const wanted = { scope: SCOPE, resource: host.url, attach: 'default', trustedHosts: TRUSTED } as const;
  scopeId = (await provision(realm, wanted)).scopeId;
});

afterAll(async () => {
  await host?.stop();
  await realm?.remove();
});

describe('a new realm', () => {
  let untouched: TestRealm;
  let lonely: RunningHost;

  beforeAll(async () => {
    untouched = await newRealm();
    lonely = await startMcpHost(untouched.issuer);
  });

  afterAll(async () => {
    await lonely?.stop();
    await untouched?.remove();
  });

  it.each([
    ['ChatGPT', () => new Connector(lonely.url).connect(untouched.user)],
    ['the SDK client', () => new SdkConnector(lonely.url).connect(untouched.user)],
  ])('refuses the registration of %s by Trusted Hosts', async (_name, connect) => {
    const result = await connect();
    expect(result).toMatchObject({
      ok: false,
      stage: 'registration',
      status: 403,
      error: 'insufficient_scope',
    });
    expect(result).toHaveProperty('description', expect.stringContaining("Policy 'Trusted Hosts' rejected"));
  });
});

describe('registration', () => {
  it('asks for what ChatGPT asks for, and gets a confidential client', async () => {
    const result = await new Connector(host.url).register();
    expect(result).toMatchObject({ ok: true, clientSecret: expect.any(String) });
    expect(result).toHaveProperty('registration.token_endpoint_auth_method', 'client_secret_basic');
    expect(result).toHaveProperty('registration.redirect_uris', [
      'https://chatgpt.com/connector_platform_oauth_redirect',
    ]);
  });

  it('answers §4.8’s scopes to a body without scope', async () => {
    const result = await new Connector(host.url).register();
    if (!result.ok) expect.fail(JSON.stringify(result));
    expect(String(result.registration.scope).split(' ').sort()).toEqual([
      'address',
      'microprofile-jwt',
      'offline_access',
      'organization',
      'phone',
    ]);
  });

  it('is refused where the policy does not know a named scope', async () => {
    const product = { ...CHATGPT, registrationScope: 'openid unheard-of' };
    const result = await new Connector(host.url, { product }).register();
    expect(result).toMatchObject({ ok: false, stage: 'registration', error: 'insufficient_scope' });
    expect(result).toHaveProperty('description', expect.stringContaining('Allowed Client Scopes'));
  });

  it('is refused for one foreign host in the body, be it client_uri', async () => {
    const result = await new Connector(host.url, { product: VSCODE }).register();
    expect(result).toMatchObject({ ok: false, stage: 'registration', status: 403 });
  });

  it('takes openid, which the policy lists', async () => {
    const product = { ...CHATGPT, registrationScope: `openid ${SCOPE}` };
    expect(await new Connector(host.url, { product }).connect(realm.user)).toMatchObject({ ok: true });
  });
});

describe('a host', () => {
  it('refuses a client that registered while the scope was no default', async () => {
    await realm.admin.del(realm.path(`default-default-client-scopes/${scopeId}`));
    try {
      const late = new Connector(host.url, { scope: 'profile' });
      expect(await late.connect(realm.user)).toMatchObject({
        stage: 'mcp',
        status: 401,
        error: 'invalid_token',
      });
      const asking = await new Connector(host.url).connect(realm.user);
      expect(asking).toMatchObject({ stage: 'authorization', error: 'invalid_scope' });
      const sdk = await new SdkConnector(host.url).connect(realm.user);
      expect(sdk).toMatchObject({ stage: 'registration', error: 'insufficient_scope' });
    } finally {
      await realm.admin.put(realm.path(`default-default-client-scopes/${scopeId}`));
    }
  });
});

describe('a policy that enforces PKCE', () => {
  let strict: TestRealm;
  let strictHost: RunningHost;

  beforeAll(async () => {
    strict = await newRealm();
    strictHost = await startMcpHost(strict.issuer);
    const resource = strictHost.url;
    await provision(strict, { scope: SCOPE, resource, attach: 'default', trustedHosts: TRUSTED });
    await enforcePkce(strict, SCOPE);
  });

  afterAll(async () => {
    await strictHost?.stop();
    await strict?.remove();
  });

  it.each([
    ['none', 'Missing parameter: code_challenge_method'],
    ['plain', 'Invalid parameter: invalid code_challenge_method'],
  ] as const)('refuses a connector with PKCE %s', async (pkce, description) => {
    const result = await new Connector(strictHost.url, { pkce }).connect(strict.user);
    expect(result).toMatchObject({
      ok: false,
      stage: 'authorization',
      error: 'invalid_request',
      description,
    });
  });

  it('lets S256 pass', async () => {
    expect(await new Connector(strictHost.url).connect(strict.user)).toMatchObject({ ok: true });
    expect(await new SdkConnector(strictHost.url).connect(strict.user)).toMatchObject({ ok: true });
  });
});
