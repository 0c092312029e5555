import { expect, inject } from 'vitest';
import { accountIn, expectCli } from '../support/cli.ts';
import { type GoodHost, startGoodHost } from '../support/hosts/good.ts';
import type {} from '../support/keycloak/global-setup.ts';
import { createRealm, type Realm, type RealmUser } from '../support/keycloak/realm.ts';
import { refresh } from '../support/login.ts';
import { anonymousPolicies, configure } from '../support/realm-things.ts';
import { SCOPE } from './real/stage.ts';
import { type Replayed, replay } from './replay.ts';

/** Recorded products that have a preset of their own name, or of this one. */
export const PRESET: Readonly<Record<string, string>> = {
  'claude-code': 'claude-code',
  codex: 'codex',
  'gemini-cli': 'gemini-cli',
  'inspector-cli': 'inspector',
  'mcp-remote': 'mcp-remote',
};

/** A hardened realm, and the MCP server that it is for. */
export interface Place {
  realm: Realm;
  host: GoodHost;
  user: RealmUser;
  env: Record<string, string>;
}

/** A realm that mcpkc provisioned and hardened for these products, with a server that names its scope. */
export async function hardened(presets: readonly string[]): Promise<Place> {
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

/** A recorded product registers, signs in, opens the MCP server, and goes on with a refreshed token. */
export async function expectConnected(product: string, place: Place): Promise<void> {
  const result = await replay(product, { user: place.user }, place.host);
  if (!result.ok) expect.fail(JSON.stringify(result));
  expect(result.opens).toBe(true);
  await expectRefresh(place, result);
}

/** Removes what `hardened` made, as far as it came. */
export async function leave(place: Place | undefined): Promise<void> {
  await place?.host.stop();
  await place?.realm.remove();
}
