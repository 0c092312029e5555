import { beforeAll, describe, expect, inject, it } from 'vitest';
import { type Account, accountIn, expectCli, runCli } from '../support/cli.ts';
import type { Realm } from '../support/keycloak/realm.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { since } from '../support/keycloak/version.ts';
import { addClient, addScope, clientIn, scopeIn } from '../support/realm-things.ts';
import { type ProxyOptions, startReverseProxy } from '../support/reverse-proxy.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const SCOPE = 'mcp-resource-svc';
const REDIRECT = 'https://app.example.com/cb';
const realm = await useRealm('create-scope-policies');
const bare = await useRealm('create-scope-no-pkce');
let account: Account;
let bareAccount: Account;

beforeAll(async () => {
  account = await accountIn(realm, ['manage-clients', 'manage-realm']);
  bareAccount = await accountIn(bare, ['manage-clients', 'manage-realm']);
});

const run = (exit: number, ...args: string[]) =>
  expectCli(exit, ['create-scope', '--resource', RESOURCE, ...args], { env: account.env });

/** The error that an authorization request ends with, or `none` where the sign-in page comes. */
async function authorize(where: Realm, clientId: string, pkce: Record<string, string>): Promise<string> {
  const query = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    redirect_uri: REDIRECT,
    scope: 'openid',
    state: 's',
    ...pkce,
  });
  const response = await fetch(`${where.issuer}/protocol/openid-connect/auth?${query}`, {
    redirect: 'manual',
  });
  await response.body?.cancel();
  if (response.status === 200) return 'none';
  const target = new URL(response.headers.get('location') ?? '');
  return `${target.searchParams.get('error')}: ${target.searchParams.get('error_description')}`;
}

const S256 = { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' };
const PLAIN = { code_challenge: 'a'.repeat(43), code_challenge_method: 'plain' };

async function tokenOf(clientId: string, secret: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${realm.issuer}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: secret,
    }),
  });
  return { status: response.status, text: await response.text() };
}

describe('the PKCE policy', () => {
  it('is really enforced for clients that hold the scope, and for no other', async () => {
    await addClient(realm, 'outsider', { redirectUris: [REDIRECT] });
    await addClient(realm, 'holder', { redirectUris: [REDIRECT] });
    await run(0, '--client', 'holder');
    expect(await authorize(realm, 'holder', {})).toBe(
      'invalid_request: Missing parameter: code_challenge_method',
    );
    expect(await authorize(realm, 'holder', PLAIN)).toBe(
      'invalid_request: Invalid parameter: invalid code_challenge_method',
    );
    expect(await authorize(realm, 'holder', S256)).toBe('none');
    expect(await authorize(realm, 'outsider', {})).toBe('none');
  });

  it('is left out with --no-pkce-policy', async () => {
    await addClient(bare, 'holder', { redirectUris: [REDIRECT] });
    const args = ['create-scope', '--resource', RESOURCE, '--client', 'holder', '--no-pkce-policy'];
    await expectCli(0, args, { env: bareAccount.env });
    expect(await authorize(bare, 'holder', {})).toBe('none');
    const again = await expectCli(0, [...args, '--dry-run', '--json'], { env: bareAccount.env });
    expect(again.json.changes).toEqual([]);
  });

  it('names the living clients that it may break', async () => {
    const ran = await expectCli(1, ['create-scope', '--resource', RESOURCE, '--dry-run'], {
      env: bareAccount.env,
    });
    expect(ran.err.replaceAll(/\s+/g, ' ')).toContain(
      'PKCE with S256 will be demanded of 1 client that hold the scope and may sign in without: holder.',
    );
  });
});

describe.runIf(since(26, 7, 0))('--reject-userless', () => {
  const machine = { serviceAccountsEnabled: true, publicClient: false, secret: 'machine-secret' };

  it('frees mcpkc’s own account first, and it goes on working', async () => {
    const scope = await scopeIn(realm, SCOPE);
    await realm.admin.put(realm.path(`clients/${account.id}/default-client-scopes/${scope?.id}`), {});
    const ran = await run(0, '--reject-userless', '--json');
    const changes = ran.json.changes as { kind: string; action: string; key: string }[];
    expect(changes[0]).toMatchObject({
      kind: 'client-scope-assignment',
      action: 'detach',
      key: `${account.clientId} ${SCOPE}`,
    });
    expect((await clientIn(realm, account.clientId))?.defaultClientScopes).not.toContain(SCOPE);
    expect((await run(0, '--reject-userless', '--dry-run', '--json')).json.changes).toEqual([]);
  });

  it('rejects client credentials of a holder, and of nobody else', async () => {
    await addClient(realm, 'machine-holder', machine);
    await addClient(realm, 'machine-outsider', { ...machine, defaultClientScopes: ['basic'] });
    await run(0, '--reject-userless', '--client', 'machine-holder');
    const refused = await tokenOf('machine-holder', machine.secret);
    expect(refused).toMatchObject({ status: 400, text: expect.stringContaining('Request not allowed') });
    expect((await tokenOf('machine-outsider', machine.secret)).status).toBe(200);
  });

  it('rejects nobody’s sign-in: the code exchange of a holder passes its policies', async () => {
    const { signIn } = await import('../support/connectors/sign-in.ts');
    const user = await realm.createUser();
    const url = new URL(`${realm.issuer}/protocol/openid-connect/auth`);
    url.search = String(
      new URLSearchParams({
        client_id: 'holder',
        response_type: 'code',
        redirect_uri: REDIRECT,
        scope: 'openid',
        ...S256,
      }),
    );
    const callback = await signIn(url, { user, redirectUri: REDIRECT });
    if (!callback.ok) expect.fail(JSON.stringify(callback));
    const response = await fetch(`${realm.issuer}/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: 'holder',
        code: callback.code,
        redirect_uri: REDIRECT,
        code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
      }),
    });
    expect(response.status, await response.clone().text()).toBe(200);
  });
});

describe('--reject-userless on a server that can’t do it', () => {
  /** A Keycloak 26.5 as its answers go: no version for this account, and no `mode` in client policies. */
  const old: ProxyOptions = {
    before: ({ method, path, body }) =>
      method === 'PUT' && path.endsWith('/client-policies/policies') && body.includes('"mode"')
        ? {
            status: 400,
            headers: { 'content-type': 'application/json' },
            body: '{"error":"unknown_error","error_description":"Unrecognized field \\"mode\\" (class org.keycloak.representations.idm.ClientPolicyRepresentation), not marked as ignorable"}',
          }
        : undefined,
    after: withoutVersion,
  };

  function withoutVersion(
    { path }: { path: string },
    answer: { status: number; headers: object; body: string },
  ) {
    if (!path.endsWith('/admin/serverinfo')) return answer as never;
    const { systemInfo: _hidden, ...rest } = JSON.parse(answer.body) as Record<string, unknown>;
    return {
      ...answer,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(rest),
    } as never;
  }

  const through = async (options: ProxyOptions, ...args: string[]) => {
    const proxy = await startReverseProxy(inject('keycloak').url, options);
    const env = { ...bareAccount.env, KC_SERVER: proxy.url };
    return { proxy, ran: await runCli(['create-scope', '--resource', RESOURCE, ...args], { env }) };
  };

  it('is refused where the version is told, and by a real one that doesn’t tell it', async () => {
    if (!since(26, 7, 0)) {
      const before = await bare.snapshot();
      const real = await runCli(['create-scope', '--resource', RESOURCE, '--reject-userless', '--json'], {
        env: bareAccount.env,
      });
      expect(real.json).toMatchObject({ code: 'SERVER_TOO_OLD', exitStatus: 2 });
      expect(await bare.snapshot()).toEqual(before);
      return;
    }
    const { ran, proxy } = await through(
      {
        after: ({ path }, answer) =>
          path.endsWith('/admin/serverinfo')
            ? { ...answer, body: answer.body.replace(/"version":"26\.[\d.]+"/, '"version":"26.5.6"') }
            : answer,
      },
      '--reject-userless',
      '--json',
    );
    expect(ran.exit).toBe(2);
    expect(ran.json).toMatchObject({
      code: 'SERVER_TOO_OLD',
      message: expect.stringContaining('26.7.0 or later'),
    });
    expect(proxy.writes()).toEqual([]);
  });

  it('is found out where the version is hidden, and nothing is written', async () => {
    const foreign = { name: 'theirs', enabled: false, conditions: [], profiles: [] };
    await bare.admin.put(bare.path('client-policies/policies'), { policies: [foreign] });
    const before = await bare.snapshot();
    const { ran } = await through(old, '--reject-userless', '--json');
    expect(ran.json).toMatchObject({ code: 'SERVER_TOO_OLD', exitStatus: 2 });
    expect(await bare.snapshot()).toEqual(before);
  });

  it.runIf(since(26, 7, 0))(
    'is found to be able where the version is hidden: the question writes nothing',
    async () => {
      const before = await bare.snapshot();
      const { ran, proxy } = await through(
        { after: withoutVersion },
        '--reject-userless',
        '--resource',
        'https://q.example.com/mcp',
        '--scope',
        'mcp\u00e9',
      );
      expect(ran.exit).toBe(2);
      expect(proxy.writes()).toEqual([]);
      const asked = await through(
        { after: withoutVersion },
        '--reject-userless',
        '--client',
        'holder',
        '--yes',
      );
      expect(asked.ran.exit, asked.ran.err).toBe(0);
      const [question] = asked.proxy.requests.filter(({ method }) => method === 'PUT');
      expect(question?.body).toContain('theirs');
      expect((await bare.snapshot()).clientPolicies.policies).toEqual(
        expect.arrayContaining(before.clientPolicies.policies as unknown[]),
      );
    },
  );

  it('is not asked for with --dry-run, which writes nothing', async () => {
    const { ran, proxy } = await through(old, '--reject-userless', '--dry-run', '--scope', 'another');
    expect(ran.err.replaceAll(/\s+/g, ' ')).toContain('Keycloak does not tell this account its version');
    expect(proxy.writes()).toEqual([]);
    expect(ran.exit).toBe(1);
  });
});

it('the optional scopes that ChatGPT asks for are verified to exist', async () => {
  const fresh = await addScope(bare, 'unused');
  expect(fresh).not.toBe('');
  const optional = await bare.admin.get<{ id: string; name: string }[]>(
    bare.path('default-optional-client-scopes'),
  );
  const phone = optional.find(({ name }) => name === 'phone');
  await bare.admin.del(bare.path(`default-optional-client-scopes/${phone?.id}`));
  const ran = await runCli(['create-scope', '--resource', RESOURCE, '--dry-run'], { env: bareAccount.env });
  expect(ran.err.replaceAll(/\s+/g, ' ')).toMatch(/ChatGPT asks for the scopes? phone\b/);
});
