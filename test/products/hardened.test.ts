import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { accountIn, expectCli } from '../support/cli.ts';
import { type GoodHost, startGoodHost } from '../support/hosts/good.ts';
import type {} from '../support/keycloak/global-setup.ts';
import { createRealm, type Realm, type RealmUser } from '../support/keycloak/realm.ts';
import { refresh } from '../support/login.ts';
import { anonymousPolicies, configure } from '../support/realm-things.ts';
import { SCOPE } from './real/stage.ts';
import { recordedProducts } from './recording.ts';
import { type Replayed, replay } from './replay.ts';

/** Recorded products that have a preset of their own name, or of this one. */
const PRESET: Readonly<Record<string, string>> = {
  'claude-code': 'claude-code',
  codex: 'codex',
  'gemini-cli': 'gemini-cli',
  'inspector-cli': 'inspector',
  'mcp-remote': 'mcp-remote',
};

interface Place {
  realm: Realm;
  host: GoodHost;
  user: RealmUser;
  env: Record<string, string>;
}

/** A realm that mcpkc provisioned and hardened for these products, with a server that names its scope. */
async function hardened(presets: readonly string[]): Promise<Place> {
  const realm = await createRealm(inject('keycloak'), 'hardened');
  const host = await startGoodHost({ issuer: realm.issuer, scope: SCOPE, advertisedScopes: [SCOPE] });
  const { env } = await accountIn(realm);
  await expectCli(
    0,
    ['create-scope', '--resource', host.url, '--scope', SCOPE, '--preset', presets.join(',')],
    {
      env,
    },
  );
  // Gemini CLI names every scope that the issuer lists; whether they are allowed is no matter of the hardening.
  for (const policy of await anonymousPolicies(realm, 'allowed-client-templates')) {
    await configure(realm, policy, { 'allowed-client-scopes': ['openid', 'service_account'] });
  }
  return { realm, host, user: await realm.createUser(), env };
}

async function expectRefresh({ realm, user }: Place, result: Replayed): Promise<void> {
  const { client, refreshToken } = result;
  const how = {
    clientId: client.clientId,
    secret: client.clientSecret,
    redirectUri: client.redirectUri,
    authMethod: String(client.registration.token_endpoint_auth_method),
    user,
  };
  expect(await refresh(realm, how, refreshToken ?? '')).toMatchObject({ ok: true });
}

describe('a hardened realm, for products whose redirect URIs are known', () => {
  let place: Place;

  beforeAll(async () => {
    place = await hardened(Object.values(PRESET));
  });
  afterAll(async () => {
    await place?.host.stop();
    await place?.realm.remove();
  });

  it.each(Object.keys(PRESET))('%s registers, signs in and refreshes', async (product) => {
    const result = await replay(product, { user: place.user }, place.host);
    if (!result.ok) expect.fail(JSON.stringify(result));
    expect(result.opens).toBe(true);
    await expectRefresh(place, result);
  });
});

describe('a hardened realm, for products at a host that was opened by name', () => {
  let place: Place;

  beforeAll(async () => {
    place = await hardened(['chatgpt']);
    await expectCli(0, ['trusted-hosts', '--add', 'localhost,127.0.0.1,github.com,claude.ai,opencode.ai'], {
      env: place.env,
    });
  });
  afterAll(async () => {
    await place?.host.stop();
    await place?.realm.remove();
  });

  it.each(recordedProducts())('%s registers, signs in and refreshes', async (product) => {
    const result = await replay(product, { user: place.user }, place.host);
    if (!result.ok) expect.fail(JSON.stringify(result));
    expect(result.opens).toBe(true);
    await expectRefresh(place, result);
  });
});
