import { beforeAll, describe, expect, inject, it } from 'vitest';
import { adminOf } from '../../tools/keycloak/admin.ts';
import { type Account, accountIn, expectCli, runCli, seedSecret } from '../support/cli.ts';
import { cheapRealm, type Realm, realmNamed } from '../support/keycloak/realm.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { addClient, hostsIn } from '../support/realm-things.ts';
import { startReverseProxy } from '../support/reverse-proxy.ts';

const LIST = ['trusted-hosts', '--json'];
const realm = await useRealm('account');
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm, ['manage-clients', 'manage-realm']);
});

const fails = (exit: number, changes: Record<string, string>) =>
  expectCli(exit, LIST, { env: { ...account.env, ...changes } });

describe('what Keycloak refuses at the sign-in', () => {
  it('a wrong secret', async () => {
    const ran = await fails(4, { KC_CLIENT_SECRET: seedSecret('not-the-secret-at-all') });
    expect(ran.json).toMatchObject({
      code: 'WRONG_SECRET',
      message: "The secret of the client 'mcpkc' is wrong (KC_CLIENT_SECRET).",
      fix: 'Take it from the client’s Credentials tab, or make a new one: mcpkc init --rotate-secret',
    });
  });

  it('a client that isn’t there, or is disabled', async () => {
    await addClient(realm, 'asleep', {
      enabled: false,
      publicClient: false,
      serviceAccountsEnabled: true,
      secret: 'asleep-secret',
    });
    for (const id of ['nobody', 'asleep']) {
      const ran = await fails(4, { KC_CLIENT_ID: id, KC_CLIENT_SECRET: 'asleep-secret' });
      expect(ran.json, id).toMatchObject({
        code: 'ACCOUNT_NOT_FOUND',
        message: `There is no enabled client '${id}' in realm '${realm.name}' (KC_CLIENT_ID, KC_ADMIN_REALM).`,
        fix: 'mcpkc init makes it; an account that lives in master needs KC_ADMIN_REALM=master.',
      });
    }
  });

  it('a client without a service account, confidential or public', async () => {
    await addClient(realm, 'no-service', { publicClient: false, secret: 'no-service-secret' });
    await addClient(realm, 'public');
    for (const id of ['no-service', 'public']) {
      const ran = await fails(4, { KC_CLIENT_ID: id, KC_CLIENT_SECRET: 'no-service-secret' });
      expect(ran.json, id).toMatchObject({
        code: 'SERVICE_ACCOUNT_DISABLED',
        message: expect.stringContaining(
          `The client '${id}' in realm '${realm.name}' has no service account`,
        ),
        fix: 'mcpkc init repairs it (signing in once as an administrator).',
      });
    }
  });

  it('a realm that isn’t there', async () => {
    const ran = await fails(2, { KC_REALM: 'no such realm' });
    expect(ran.json).toMatchObject({
      code: 'REALM_NOT_FOUND',
      message: `There is no realm 'no such realm' at ${account.env.KC_SERVER} (KC_REALM or --realm).`,
      fix: 'Realm names are case-sensitive; the admin console lists them.',
    });
  });

  it('a relative path that is missing or one too many', async () => {
    const server = account.env.KC_SERVER ?? '';
    const wrong = server.endsWith('/auth') ? server.slice(0, -'/auth'.length) : `${server}/auth`;
    const ran = await fails(2, { KC_SERVER: wrong });
    expect(ran.json).toMatchObject({
      code: 'WRONG_SERVER_PATH',
      message: `Keycloak answers at ${server}, not at ${wrong}: the relative path is wrong (KC_SERVER).`,
      fix: `Use KC_SERVER=${server} (or --server ${server}).`,
    });
  });
});

it.each([
  'a b+c%d:e/f?g',
  '%41%2B%zz',
  'ümläut-€-secret',
  'quote\'"\\quote',
  'x=y&z=ü#fragment',
  '漢字-漢字-漢字',
])('the secret %j reaches Keycloak as it is', async (secret) => {
  const id = `odd-${secret.length}-${secret.codePointAt(0)}`;
  await addClient(realm, id, { publicClient: false, serviceAccountsEnabled: true, secret });
  // Signed in, then refused for want of a role: the secret was right.
  expect((await fails(4, { KC_CLIENT_ID: id, KC_CLIENT_SECRET: secret })).json.code).toBe('ROLE_MISSING');
});

// All in one name: each of them alone was tried, too.
describe.each(["it's 100% ümläut %2F 漢字"])('a realm named %j', (purpose) => {
  let odd: Realm;
  it('is provisioned, and everything printed about it can be used', async () => {
    const { run, ...access } = inject('keycloak');
    const name = `${purpose}-${run}-x`;
    await adminOf(access).post('/realms', { ...cheapRealm(), realm: name });
    odd = realmNamed(adminOf(access), name);
    try {
      const { env } = await accountIn(odd, ['manage-clients', 'manage-realm']);
      await expectCli(
        0,
        ['create-scope', '--preset', 'chatgpt', '--resource', 'https://svc.example.com/mcp'],
        { env },
      );
      expect(await hostsIn(odd)).toContain('svc.example.com');
      const again = await expectCli(
        0,
        [
          'create-scope',
          '--preset',
          'chatgpt',
          '--resource',
          'https://svc.example.com/mcp',
          '--dry-run',
          '--json',
        ],
        { env },
      );
      expect(again.json).toMatchObject({ realm: name, changes: [] });
      const issued = await fetch(
        `${env.KC_SERVER}/realms/${encodeURIComponent(name)}/.well-known/openid-configuration`,
      );
      const { issuer } = (await issued.json()) as { issuer: string };
      const block = await expectCli(0, ['env', 'https://svc.example.com/mcp', '--json'], { env });
      expect((block.json.env as Record<string, string>).OIDC_ISSUER).toBe(issuer);
    } finally {
      await odd.remove();
    }
  });
});

describe('tokens', () => {
  it('that live for three seconds are renewed in time, without a request refused', async () => {
    const short = await useShortRealm(3);
    const statuses: number[] = [];
    const proxy = await startReverseProxy(inject('keycloak').url, {
      before: async () => {
        await new Promise((resolve) => setTimeout(resolve, 350));
        return undefined;
      },
      after: (_request, answer) => {
        statuses.push(answer.status);
        return answer;
      },
    });
    try {
      const { env } = await accountIn(short, ['manage-clients', 'manage-realm']);
      await expectCli(
        0,
        ['create-scope', '--preset', 'chatgpt', '--resource', 'https://svc.example.com/mcp', '--no-harden'],
        {
          env: { ...env, KC_SERVER: proxy.url },
        },
      );
      expect(proxy.requests.filter(({ path }) => path.includes('/token')).length).toBeGreaterThan(2);
      expect(statuses.filter((status) => status === 401)).toEqual([]);
    } finally {
      await short.remove();
    }
  });

  async function useShortRealm(seconds: number): Promise<Realm> {
    const { run, ...access } = inject('keycloak');
    const name = `short-${run}-x`;
    await adminOf(access).post('/realms', { ...cheapRealm(), realm: name, accessTokenLifespan: seconds });
    return realmNamed(adminOf(access), name);
  }

  it('that Keycloak withdraws in the middle are replaced, the request that met it is sent again', async () => {
    let refused = 0;
    let withdrawn: string | undefined;
    const proxy = await startReverseProxy(inject('keycloak').url, {
      before: ({ path, index, headers }) => {
        if (index === 6) withdrawn = headers.authorization;
        if (path.includes('/token') || withdrawn === undefined || headers.authorization !== withdrawn)
          return undefined;
        refused += 1;
        return { status: 401, body: '{"error":"HTTP 401 Unauthorized"}' };
      },
    });
    const env = { ...account.env, KC_SERVER: proxy.url };
    const ran = await runCli(
      ['create-scope', '--preset', 'chatgpt', '--resource', 'https://svc.example.com/mcp'],
      { env },
    );
    expect(ran.exit, ran.err).toBe(0);
    expect(refused).toBeGreaterThan(0);
  });

  it('that are refused for good are explained', async () => {
    const proxy = await startReverseProxy(inject('keycloak').url, {
      before: ({ path }) =>
        path.includes('/token') ? undefined : { status: 401, body: '{"error":"HTTP 401 Unauthorized"}' },
    });
    const ran = await fails(4, { KC_SERVER: proxy.url });
    expect(ran.json).toMatchObject({
      code: 'NOT_AUTHORISED',
      message: expect.stringMatching(
        /^Keycloak refused the token of 'mcpkc' \(401\) to read .*its aud is .* names the admin API/,
      ),
      fix: expect.stringContaining('kc-admin-api'),
    });
  });
});

it('a scope that goes away in the middle is named', async () => {
  const proxy = await startReverseProxy(inject('keycloak').url, {
    before: ({ method, path }) =>
      method === 'POST' && path.endsWith('/client-scopes')
        ? { status: 409, body: '{"errorMessage":"exists"}' }
        : undefined,
  });
  const env = { ...account.env, KC_SERVER: proxy.url };
  const ran = await expectCli(
    2,
    ['create-scope', '--preset', 'chatgpt', '--resource', 'https://gone.example.com/mcp', '--yes', '--json'],
    {
      env,
    },
  );
  expect(ran.json).toMatchObject({
    code: 'SCOPE_NOT_FOUND',
    message: `The client scope 'mcp-resource-gone' is gone from realm '${realm.name}'.`,
  });
});
