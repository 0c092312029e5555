import { beforeAll, describe, expect, it } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import type { RealmUser } from '../support/keycloak/realm.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { since } from '../support/keycloak/version.ts';
import { login, refresh, userless } from '../support/login.ts';
import {
  addClient,
  addScope,
  anonymousPolicies,
  CHATGPT_BODY,
  clientIn,
  configure,
  hostsIn,
  registerAnonymously,
  scopeIn,
} from '../support/realm-things.ts';
import { registerWhole, updateOwn } from '../support/strangers.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const SCOPE = 'mcp-resource-svc';
const CALLBACK = 'https://chatgpt.com/connector_platform_oauth_redirect';
const PKCE = 'pkce.code.challenge.method';
const APP = 'https://app.example.com/cb';
/** 26.7 holds redirect URIs to patterns and can refuse tokens without a user to some; 26.4 can neither. */
const NEW = since(26, 7, 0);

const realm = await useRealm('hardening');
const former = await useRealm('hardening-former');
const others = await useRealm('hardening-others');
let account: Account;
let user: RealmUser;

const run = (exit: number, ...args: string[]) => expectCli(exit, args, { env: account.env });

beforeAll(async () => {
  [account, user] = await Promise.all([accountIn(realm), realm.createUser()]);
  // Trusted by hand before mcpkc came, with a client that registered there.
  for (const policy of await anonymousPolicies(realm, 'trusted-hosts')) {
    await configure(realm, policy, {
      'trusted-hosts': ['byhand.example.org'],
      'host-sending-registration-request-must-match': ['false'],
    });
  }
  await run(0, 'create-scope', '--preset', 'chatgpt', '--resource', RESOURCE);
});

describe('what registers itself', () => {
  it('is held to PKCE, also where it says otherwise, and where it clears that later', async () => {
    const made = await registerWhole(realm, {
      clientId: 'clears-it',
      redirectUris: [CALLBACK],
      publicClient: true,
      attributes: { [PKCE]: '' },
    });
    expect(made.status).toBe(201);
    const how = { clientId: 'clears-it', redirectUri: CALLBACK, user };
    expect(await login(realm, { ...how, pkce: 'none' })).toMatchObject({
      ok: false,
      error: 'invalid_request',
    });
    expect(await login(realm, { ...how, pkce: 'plain' })).toMatchObject({
      ok: false,
      error: 'invalid_request',
    });
    await updateOwn(realm, made, {
      redirectUris: [CALLBACK],
      publicClient: true,
      attributes: { [PKCE]: '' },
    });
    expect((await clientIn(realm, 'clears-it'))?.attributes?.[PKCE]).toBe('S256');
    const result = await login(realm, how);
    expect(result).toMatchObject({ ok: true, claims: { aud: RESOURCE } });
    const again = result.ok ? await refresh(realm, how, result.refreshToken ?? '') : result;
    expect(again).toMatchObject({ ok: true });
  });

  it('gets neither implicit flow nor password grant', async () => {
    const grants = { implicitFlowEnabled: true, directAccessGrantsEnabled: true };
    const made = await registerWhole(realm, { clientId: 'grants', redirectUris: [CALLBACK], ...grants });
    const client = await clientIn(realm, 'grants');
    const has = {
      implicit: client?.implicitFlowEnabled === true,
      password: client?.directAccessGrantsEnabled === true,
    };
    expect(made.status === 201 ? has : { implicit: false, password: false }).toEqual({
      implicit: false,
      password: false,
    });
  });

  const register = async (uri: string) =>
    (await registerAnonymously(realm, { ...CHATGPT_BODY, redirect_uris: [uri] })).status;

  it('redirects where its product does: no wildcard, and from 26.7 on no other path', async () => {
    expect(await register(CALLBACK)).toBe(201);
    expect(await register('https://chatgpt.com/*')).toBe(403);
    for (const uri of ['https://chatgpt.com/else', `${CALLBACK}?x=1`, `${CALLBACK}/`]) {
      expect(await register(uri), uri).toBe(NEW ? 403 : 201);
    }
  });

  it('at a host that was trusted by hand registers as before', async () => {
    expect(await register('https://byhand.example.org/any/path')).toBe(201);
    expect(await register('https://byhand.example.org:8443/cb?x=1')).toBe(201);
  });

  it.runIf(NEW)(
    'gets no token without a user, whichever way it came; a machine of an administrator’s does',
    async () => {
      const body = { ...CHATGPT_BODY, grant_types: ['client_credentials', 'authorization_code'] };
      const plain = await registerAnonymously(realm, body);
      const whole = await registerWhole(realm, {
        clientId: 'whole-machine',
        redirectUris: [CALLBACK],
        serviceAccountsEnabled: true,
        secret: 'whole-secret',
        attributes: { [PKCE]: 'plain' },
      });
      expect([plain.status, whole.status]).toEqual([201, 201]);
      const refused = { ok: false, status: 400, error: expect.stringContaining('Request not allowed') };
      const { client_id: id, client_secret: secret } = plain.body;
      expect(await userless(realm, String(id), String(secret))).toMatchObject(refused);
      expect(await userless(realm, 'whole-machine', 'whole-secret')).toMatchObject(refused);
      await addClient(realm, 'machine', {
        serviceAccountsEnabled: true,
        publicClient: false,
        secret: 'machine',
      });
      expect((await clientIn(realm, 'machine'))?.defaultClientScopes).toContain(SCOPE);
      const result = await userless(realm, 'machine', 'machine');
      expect(result.ok && [result.claims.aud].flat(), JSON.stringify(result)).toContain(RESOURCE);
    },
  );
});

describe('what others have', () => {
  it('an administrator’s client signs in without PKCE, though it inherits the scope', async () => {
    await addClient(realm, 'app', { redirectUris: [APP] });
    expect((await clientIn(realm, 'app'))?.defaultClientScopes).toContain(SCOPE);
    const how = { clientId: 'app', redirectUri: APP, user, pkce: 'none' as const };
    const result = await login(realm, how);
    expect(result).toMatchObject({ ok: true });
    expect(result.ok ? await refresh(realm, how, result.refreshToken ?? '') : result).toMatchObject({
      ok: true,
    });
  });

  it('the console’s PUT and a client of an initial access token are as before', async () => {
    const id = await addClient(realm, 'edited', { redirectUris: ['https://edited.example.net/*'] });
    const edited = await realm.admin.get<Record<string, unknown>>(realm.path(`clients/${id}`));
    await realm.admin.put(realm.path(`clients/${id}`), { ...edited, implicitFlowEnabled: true });
    const now = await clientIn(realm, 'edited');
    expect(now).toMatchObject({ implicitFlowEnabled: true, redirectUris: ['https://edited.example.net/*'] });
    expect(now?.attributes?.[PKCE]).toBeUndefined();
    const path = realm.path('clients-initial-access');
    const { json: initial } = await realm.admin.request('POST', path, { count: 1, expiration: 60 });
    const { token } = initial as { token: string };
    const response = await fetch(`${realm.issuer}/clients-registrations/openid-connect`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ client_name: 'theirs', redirect_uris: [APP] }),
    });
    const body = (await response.json()) as { client_id?: string };
    expect(response.status, JSON.stringify(body)).toBe(201);
    const how = { clientId: body.client_id ?? '', redirectUri: APP, user, pkce: 'none' as const };
    const theirs = await clientIn(realm, how.clientId);
    expect(theirs?.attributes?.[PKCE]).toBeUndefined();
    const { value } = await realm.admin.get<{ value: string }>(
      realm.path(`clients/${theirs?.id}/client-secret`),
    );
    expect(await login(realm, { ...how, secret: value })).toMatchObject({ ok: true });
  });
});

describe('trusted-hosts', () => {
  it('--preset adds hosts and redirect URIs in one; --add one URI, or a host and all of it', async () => {
    await run(0, 'trusted-hosts', '--preset', 'claude');
    const uris = [
      'https://claude.ai/api/mcp/auth_callback',
      'https://tools.example.com/cb',
      'https://wide.example.com/any',
    ];
    const register = async (uri: string) =>
      (await registerAnonymously(realm, { client_name: 'x', redirect_uris: [uri] })).status;
    expect(await register(uris[0] ?? '')).toBe(201);
    await run(0, 'trusted-hosts', '--add', 'https://tools.example.com/cb');
    expect(await register(uris[1] ?? '')).toBe(201);
    expect(await register('https://tools.example.com/else')).toBe(NEW ? 403 : 201);
    const ran = await run(0, 'trusted-hosts', '--add', 'wide.example.com');
    expect(ran.err.replaceAll(/\s+/g, ' ')).toContain('Anything at wide.example.com may be registered');
    expect(await register(uris[2] ?? '')).toBe(201);
    await run(0, 'trusted-hosts', '--remove', 'wide.example.com');
    expect(await register(uris[2] ?? '')).toBe(403);
    expect((await run(0, 'trusted-hosts', '--preset', 'claude', '--dry-run', '--json')).json.changes).toEqual(
      [],
    );
  });

  it('refuses a redirect URI that is none, naming the option', async () => {
    const ran = await run(2, 'trusted-hosts', '--add', 'https://tools.example.com/*');
    expect(ran.err).toContain('--add');
  });
});

describe('a realm of 0.1.0', () => {
  const policy = (name: string, scope: string, profile: string, more: object = {}) => ({
    name,
    enabled: true,
    conditions: [{ condition: 'client-scopes', configuration: { type: 'Any', scopes: [scope] } }],
    profiles: [profile],
    ...more,
  });

  it('is moved: who registered keeps PKCE as its own setting, then the policy goes that hit everybody', async () => {
    const { env } = await accountIn(former);
    const person = await former.createUser();
    await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--no-harden'], {
      env,
    });
    const { body } = await registerAnonymously(former, CHATGPT_BODY);
    const made = await registerWhole(former, {
      clientId: 'unknown',
      redirectUris: ['https://chatgpt.com/unknown'],
    });
    expect(made.status).toBe(201);
    await addClient(former, 'app', { redirectUris: [APP] });
    const executors = [{ executor: 'pkce-enforcer', configuration: { 'auto-configure': 'false' } }];
    await former.admin.put(former.path('client-policies/profiles'), {
      profiles: [{ name: 'mcpkc-pkce', executors }],
    });
    await former.admin.put(former.path('client-policies/policies'), {
      policies: [policy(`mcpkc-pkce-${SCOPE}`, SCOPE, 'mcpkc-pkce')],
    });
    const app = { clientId: 'app', redirectUri: APP, user: person, pkce: 'none' as const };
    expect(await login(former, app)).toMatchObject({ ok: false });
    await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE], { env });
    expect(await login(former, app)).toMatchObject({ ok: true });
    for (const clientId of [String(body.client_id), 'unknown']) {
      expect((await clientIn(former, clientId))?.attributes?.[PKCE], clientId).toBe('S256');
    }
    const connector = {
      clientId: String(body.client_id),
      secret: String(body.client_secret),
      redirectUri: CALLBACK,
      user: person,
    };
    expect(await login(former, connector)).toMatchObject({ ok: true, claims: { aud: RESOURCE } });
    const { policies } = await former.admin.get<{ policies: { name: string }[] }>(
      former.path('client-policies/policies'),
    );
    expect(policies.map(({ name }) => name)).not.toContain(`mcpkc-pkce-${SCOPE}`);
    const again = await expectCli(
      0,
      ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--dry-run', '--json'],
      {
        env,
      },
    );
    expect(again.json.changes).toEqual([]);
  });
});

describe('other people’s clients', () => {
  it('are left alone without consent, named, and a finding with a command; the rest is done', async () => {
    const { env } = await accountIn(others);
    const person = await others.createUser();
    await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--no-harden'], {
      env,
    });
    const redirectUris = ['https://chatgpt.com/their-own-path'];
    expect(
      (await registerWhole(others, { clientId: 'theirs', redirectUris, publicClient: true })).status,
    ).toBe(201);
    await addClient(others, 'machine', {
      serviceAccountsEnabled: true,
      publicClient: false,
      secret: 'machine',
      attributes: { [PKCE]: 'S256' },
    });
    const ran = await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE], { env });
    const said = ran.err.replaceAll(/\s+/g, ' ');
    expect(said).toContain('PKCE is not demanded of 1 client');
    expect(said).toContain('theirs');
    const signIn = {
      clientId: 'theirs',
      redirectUri: redirectUris[0] ?? '',
      user: person,
      pkce: 'none' as const,
    };
    expect(await login(others, signIn)).toMatchObject({ ok: true });
    expect(await userless(others, 'machine', 'machine')).toMatchObject({ ok: true });
    if (NEW) {
      expect(said).toContain(
        'Tokens without a user are not refused, since 1 client would lose them: machine',
      );
      expect(said).toContain('Every redirect URI at chatgpt.com stays open');
    }
    const status = await expectCli(0, ['status', '--resource', RESOURCE, '--clients', '--json'], { env });
    const findings = status.json.findings as {
      code: string;
      subject: string;
      fix: { kind: string; text: string };
    }[];
    const fixOf = (code: string) => findings.find((one) => one.code === code)?.fix;
    expect(fixOf('CLIENT_WITHOUT_PKCE')).toMatchObject({
      kind: 'command',
      text: expect.stringContaining('--client theirs --yes'),
    });
    if (NEW) expect(fixOf('USERLESS_TOKENS_POSSIBLE')?.text).toContain('--yes');
    await expectCli(
      0,
      ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--client', 'theirs', '--yes'],
      { env },
    );
    expect(await login(others, signIn)).toMatchObject({ ok: false, error: 'invalid_request' });
    if (NEW) expect(await userless(others, 'machine', 'machine')).toMatchObject({ ok: false, status: 400 });
  });
});

it('the MCP server’s own host is trusted only where nothing can register there', async () => {
  expect((await hostsIn(realm)).includes('svc.example.com')).toBe(NEW);
});

it('the optional scopes that ChatGPT asks for are verified to exist', async () => {
  const fresh = await addScope(realm, 'unused');
  expect(fresh).not.toBe('');
  expect(await scopeIn(realm, 'unused')).toBeDefined();
  const optional = await realm.admin.get<{ id: string; name: string }[]>(
    realm.path('default-optional-client-scopes'),
  );
  const phone = optional.find(({ name }) => name === 'phone');
  await realm.admin.del(realm.path(`default-optional-client-scopes/${phone?.id}`));
  const ran = await expectCli(
    0,
    ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--dry-run'],
    { env: account.env },
  );
  expect(ran.err.replaceAll(/\s+/g, ' ')).toMatch(/ChatGPT asks for the scopes? phone\b/);
});
