import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type GoodHost, startGoodHost } from '../support/hosts/good.ts';
import type {} from '../support/keycloak/global-setup.ts';
import { createRealm, type Realm, type RealmUser } from '../support/keycloak/realm.ts';
import { since } from '../support/keycloak/version.ts';
import { anonymousPolicies, configure } from '../support/realm-things.ts';
import { DOCUMENTED_PRODUCTS } from './documented.ts';
import { provisionRealm, SCOPE, STANDING, type Staging } from './real/stage.ts';
import { recordedProducts, recordingOf, requestsOf } from './recording.ts';
import { replay } from './replay.ts';

const OTHERS = [
  'chatgpt.com',
  'claude.ai',
  'vscode.dev',
  'insiders.vscode.dev',
  'code.visualstudio.com',
  'www.cursor.com',
  'anysphere.cursor-mcp',
];
const EVERYBODY = { ...STANDING, trustedHosts: [...STANDING.trustedHosts, ...OTHERS] };

/** A realm set up for a server that names its scope. */
async function stage(staging: Staging) {
  const realm = await createRealm(inject('keycloak'), 'replay');
  const host = await startGoodHost({ issuer: realm.issuer, scope: SCOPE, advertisedScopes: [SCOPE] });
  await provisionRealm(realm, host.url, staging);
  // Gemini CLI names every scope that the issuer lists, which on 26.4.0 this one belongs to.
  for (const policy of await anonymousPolicies(realm, 'allowed-client-templates'))
    await configure(realm, policy, { 'allowed-client-scopes': ['openid', 'service_account'] });
  return { realm, host, user: await realm.createUser() };
}

describe('a standing realm', () => {
  let realm: Realm;
  let host: GoodHost;
  let user: RealmUser;

  beforeAll(async () => {
    ({ realm, host, user } = await stage(EVERYBODY));
  });
  afterAll(async () => {
    await host?.stop();
    await realm?.remove();
  });

  it.each(recordedProducts())('%s gets a token for the server', async (product) => {
    const result = await replay(product, { user }, host);
    if (!result.ok) expect.fail(JSON.stringify(result));
    expect(result.audiences).toEqual([host.url]);
    expect(result.opens).toBe(true);
    expect(result.clients).toHaveLength(requestsOf(recordingOf(product).runs.named, 'registration').length);
  });

  // Qwen Code’s registration is none that Keycloak can parse.
  it.each(DOCUMENTED_PRODUCTS.filter((name) => name !== 'qwen-code'))(
    '%s, as it is described, gets a token for the server',
    async (product) => {
      const result = await replay(product, { user }, host);
      if (!result.ok) expect.fail(JSON.stringify(result));
      expect(result.audiences).toEqual([host.url]);
    },
  );
});

describe('a realm that refuses', () => {
  let realm: Realm;
  let host: GoodHost;
  let user: RealmUser;

  beforeAll(async () => {
    ({ realm, host, user } = await stage({
      ...STANDING,
      trustedHosts: ['github.com'],
      offlineAccess: 'refused',
    }));
  });
  afterAll(async () => {
    await host?.stop();
    await realm?.remove();
  });

  it.each(['codex', 'chatgpt', 'gemini-cli'])(
    '%s is told where it was stopped, and by what',
    async (product) => {
      const result = await replay(product, { user }, host);
      expect(result).toMatchObject({
        ok: false,
        stage: 'registration',
        status: 403,
        error: 'insufficient_scope',
      });
    },
  );
});

describe('a realm where registering gives no audience', () => {
  let realm: Realm;
  let host: GoodHost;
  let user: RealmUser;

  beforeAll(async () => {
    ({ realm, host, user } = await stage({ ...STANDING, scope: 'name-only' }));
  });
  afterAll(async () => {
    await host?.stop();
    await realm?.remove();
  });

  it('a product keeps its client, and uses what somebody gave it meanwhile', async () => {
    const first = await replay('codex', { user }, host);
    if (!first.ok) expect.fail(JSON.stringify(first));
    const again = await replay('codex', { user }, host, { client: first.client });
    expect(again).toMatchObject({ ok: true, client: { clientId: first.client.clientId } });
  });

  it.each(recordedProducts())('%s gets a token that opens nothing', async (product) => {
    const result = await replay(product, { user }, host);
    const metadata = await fetch(`${realm.issuer}/.well-known/openid-configuration`);
    const { scopes_supported: listed } = (await metadata.json()) as { scopes_supported: string[] };
    // 26.4.0 lists every scope, hidden or not; Gemini CLI names each, and no registration may name this one.
    if (product === 'gemini-cli' && listed.includes('mcp-audience-example')) {
      expect(since(26, 7, 0)).toBe(false);
      expect(result).toMatchObject({ ok: false, stage: 'registration', error: 'insufficient_scope' });
      return;
    }
    if (!result.ok) expect.fail(JSON.stringify(result));
    expect(result.opens).toBe(false);
    // Gemini CLI registers once more, and asks as that client for a token of the other's (seen with 0.61.0).
    const isRefused = product === 'gemini-cli';
    expect(result.afterwards?.error).toBe(isRefused ? 'invalid_grant' : undefined);
  });
});
