import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Replayed, type ReplayedClient, replay } from '../products/replay.ts';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { type GoodHost, startGoodHost } from '../support/hosts/good.ts';
import type { RealmUser } from '../support/keycloak/realm.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { refresh } from '../support/login.ts';
import { audienceScope } from '../support/onboarding.ts';
import { addRole, contain, grant, type People, peopleOf, roleIn, withdraw } from '../support/people.ts';

vi.setConfig({ testTimeout: 240_000 });

const SCOPE = 'mcp-resource-one';
const CALLBACK = 'https://chatgpt.com/connector_platform_oauth_redirect';
const realm = await useRealm('access-products');
let account: Account;
let one: GoodHost;
let two: GoodHost;
let people: People;

const run = (exit: number, ...args: string[]) => expectCli(exit, args, { env: account.env });

beforeAll(async () => {
  account = await accountIn(realm);
  const setup = { issuer: realm.issuer };
  one = await startGoodHost({ ...setup, scope: SCOPE, advertisedScopes: [SCOPE] });
  two = await startGoodHost({ ...setup, scope: 'mcp-resource-two', advertisedScopes: ['mcp-resource-two'] });
  const products = ['--preset', 'chatgpt,codex'];
  await run(0, 'create-scope', '--resource', one.url, '--scope', SCOPE, ...products, '--role', 'finance');
  people = await peopleOf(realm, 'finance');
});
afterAll(async () => {
  await one.stop();
  await two.stop();
});

/** Who signs in with a product, and gets in. */
async function signIn(user: RealmUser, client?: ReplayedClient, host = one): Promise<Replayed> {
  const result = await replay('codex', { user }, host, client ? { client } : {});
  if (!result.ok) return expect.fail(`${user.username}: ${JSON.stringify(result)}`);
  return result;
}

async function letIn(client?: ReplayedClient): Promise<string[]> {
  const names: string[] = [];
  for (const user of Object.values(people)) if ((await signIn(user, client)).opens) names.push(user.username);
  return names;
}

/** A client that somebody made beforehand, which holds the scope. */
async function madeBeforehand(clientId: string, fields: Record<string, unknown>): Promise<ReplayedClient> {
  const redirectUri = 'http://127.0.0.1:43210/callback';
  await realm.admin.post(realm.path('clients'), {
    clientId,
    redirectUris: ['http://127.0.0.1/callback', redirectUri, CALLBACK],
    consentRequired: true,
    fullScopeAllowed: false,
    attributes: { 'pkce.code.challenge.method': 'S256' },
    optionalClientScopes: ['offline_access', SCOPE],
    ...fields,
  });
  return { clientId, clientSecret: fields.secret as string | undefined, redirectUri, registration: {} };
}

describe('who gets in, by way of connecting', () => {
  it('standing: alice by a group, carol by a composite, erin by a group below one', async () => {
    expect(await letIn()).toEqual(['alice', 'carol', 'erin']);
  });

  it('adopted: the client has to hold the audience, and the person the role', async () => {
    await run(
      0,
      'create-scope',
      '--preset',
      'chatgpt',
      '--resource',
      one.url,
      '--scope',
      SCOPE,
      '--attach',
      'none',
      '--yes',
    );
    const stranger = await signIn(people.alice);
    expect(stranger.opens).toBe(false);
    await run(0, 'onboard', one.url, stranger.client.clientId, '--scope', SCOPE);
    expect(await letIn(stranger.client)).toEqual(['alice', 'carol', 'erin']);
  });

  it('pinned: a client whose id is a document’s URL', async () => {
    const hidden = (await audienceScope(realm, SCOPE))?.name ?? '';
    const document = 'https://chatgpt.com/oauth/codex/client.json';
    const pin = await madeBeforehand(document, {
      publicClient: true,
      defaultClientScopes: ['basic', hidden],
    });
    expect(await letIn(pin)).toEqual(['alice', 'carol', 'erin']);
  });

  it('made beforehand', async () => {
    const hidden = (await audienceScope(realm, SCOPE))?.name ?? '';
    const client = await madeBeforehand('by-hand', {
      publicClient: true,
      defaultClientScopes: ['basic', hidden],
    });
    expect(await letIn(client)).toEqual(['alice', 'carol', 'erin']);
  });

  it('a service account, with the role and without', async () => {
    const hidden = (await audienceScope(realm, SCOPE))?.name ?? '';
    const secret = crypto.randomUUID();
    const { id } = await realm.admin.post(realm.path('clients'), {
      clientId: 'machine',
      secret,
      publicClient: false,
      serviceAccountsEnabled: true,
      defaultClientScopes: ['basic', hidden],
    });
    const token = async () => {
      const body = new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: 'machine',
        client_secret: secret,
      });
      const answer = await fetch(`${realm.issuer}/protocol/openid-connect/token`, { method: 'POST', body });
      const { access_token: access } = (await answer.json()) as { access_token: string };
      return [JSON.parse(Buffer.from(access.split('.')[1] ?? '', 'base64url').toString()).aud].flat();
    };
    expect(await token()).not.toContain(one.url);
    const user = await realm.admin.get<{ id: string }>(realm.path(`clients/${id}/service-account-user`));
    await grant(realm, 'users', user.id, 'finance');
    expect(await token()).toContain(one.url);
  });
});

describe('later', () => {
  it('withdrawn: the next refresh has no audience; given back, it returns on the same refresh token; dave gets it later', async () => {
    await run(
      0,
      'create-scope',
      '--preset',
      'chatgpt',
      '--resource',
      one.url,
      '--scope',
      SCOPE,
      '--attach',
      'default',
      '--yes',
    );
    await grant(realm, 'users', people.dave.id, 'finance');
    const signed = await signIn(people.dave);
    expect(signed.opens).toBe(true);
    const how = {
      clientId: signed.client.clientId,
      secret: signed.client.clientSecret,
      redirectUri: signed.client.redirectUri,
      authMethod: String(signed.client.registration.token_endpoint_auth_method),
      user: people.dave,
    };
    let token = signed.refreshToken ?? '';
    const next = async () => {
      const result = await refresh(realm, how, token);
      if (!result.ok) return expect.fail(JSON.stringify(result));
      token = result.refreshToken ?? token;
      const claims = JSON.parse(Buffer.from(result.accessToken.split('.')[1] ?? '', 'base64url').toString());
      return [claims.aud].flat().includes(one.url);
    };
    expect(await next()).toBe(true);
    await withdraw(realm, 'users', people.dave.id, 'finance');
    expect(await next()).toBe(false);
    // Who lost the role is no orphan: the client is in use as before.
    const { json } = await run(0, 'prune-clients', '--json');
    const judged = json.clients as { clientId: string; decision: string }[];
    expect(judged.find((one) => one.clientId === signed.client.clientId)).toMatchObject({ decision: 'keep' });
    await grant(realm, 'users', people.dave.id, 'finance');
    expect(await next()).toBe(true);
  });

  it('who is connected and would lose it is named, and takes --yes', async () => {
    await addRole(realm, 'audit');
    const revoke = ['access', one.url, '--scope', SCOPE, '--role', 'audit', '--revoke', 'finance', '--json'];
    const refused = await run(5, ...revoke);
    expect(refused.json).toMatchObject({ code: 'CONSENT_NEEDED' });
    expect(refused.json.message).toContain('dave');
    expect(refused.json.message).toContain('Codex');
  });

  it('two servers with different roles: one client’s token opens to each what is theirs', async () => {
    const products = ['--preset', 'chatgpt,codex'];
    const second = ['create-scope', '--resource', two.url, '--scope', 'mcp-resource-two', ...products];
    await run(0, ...second, '--role', 'audit', '--yes');
    await grant(realm, 'users', people.bob.id, 'audit');
    await grant(realm, 'users', people.carol.id, 'audit');
    const both = async (user: RealmUser) => {
      const { client } = await signIn(user, undefined, two);
      const { id } = (
        await realm.admin.get<{ id: string }[]>(realm.path(`clients?clientId=${client.clientId}`))
      )[0] ?? { id: '' };
      const scopes = await realm.admin.get<{ id: string; name: string }[]>(realm.path('client-scopes'));
      const first = scopes.find(({ name }) => name === SCOPE);
      await realm.admin.put(realm.path(`clients/${id}/default-client-scopes/${first?.id}`));
      return (await signIn(user, client, two)).audiences.filter((one) => one.startsWith('http')).sort();
    };
    expect(await both(people.alice)).toEqual([one.url]);
    expect(await both(people.bob)).toEqual([two.url]);
    expect(await both(people.carol)).toEqual([one.url, two.url].sort());
  });

  it('a default role lets everybody in', async () => {
    await contain(realm, `default-roles-${realm.name}`, ['finance']);
    expect(await letIn()).toEqual(['alice', 'bob', 'carol', 'dave', 'erin']);
    expect((await roleIn(realm, 'finance')).name).toBe('finance');
  });
});
