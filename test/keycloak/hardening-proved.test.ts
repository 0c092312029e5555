import { beforeEach, describe, expect, inject, it } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { createRealm, type Realm } from '../support/keycloak/realm.ts';
import { since } from '../support/keycloak/version.ts';
import { login } from '../support/login.ts';
import { addClient } from '../support/realm-things.ts';
import { type Passing, type ProxyOptions, startReverseProxy } from '../support/reverse-proxy.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const APP = 'https://app.example.com/cb';

interface Policy {
  name: string;
  mode?: string;
  conditions: { condition: string; configuration: object }[];
  profiles?: string[];
}
interface Profile {
  name: string;
  executors: { executor: string; configuration: Record<string, unknown> }[];
}

const THEIRS = { name: 'theirs', enabled: false, conditions: [], profiles: [] };
let realm: Realm;
let account: Account;

beforeEach(async () => {
  realm = await createRealm(inject('keycloak'), 'proved');
  account = await accountIn(realm);
  await realm.admin.put(realm.path('client-policies/policies'), { policies: [THEIRS] });
  return () => realm.remove();
});

const isWrite = ({ method, path }: Passing, list: string) =>
  method === 'PUT' && path.endsWith(`/client-policies/${list}`);

/** What Keycloak is sent in place of what mcpkc wrote; `hides` answers reads with what mcpkc wrote. */
function inPlace<T>(list: 'policies' | 'profiles', change: (one: T) => T, hides = false): ProxyOptions {
  let written: string | undefined;
  return {
    before: async (request) => {
      const { method, path, body } = request;
      const isRead = method === 'GET' && path.includes(`/client-policies/${list}`);
      if (isRead && hides && written !== undefined) {
        return { status: 200, headers: { 'content-type': 'application/json' }, body: written };
      }
      if (!isWrite(request, list) || !body.includes('"mcpkc-')) {
        if (isWrite(request, list)) written = undefined;
        return undefined;
      }
      written = body;
      const sent = JSON.parse(body) as Record<string, (T & { name: string })[]>;
      const all = (sent[list] ?? []).map((one) => (one.name.startsWith('mcpkc-') ? change(one) : one));
      const { status, json } = await realm.admin.request('PUT', realm.path(`client-policies/${list}`), {
        [list]: all,
      });
      return {
        status,
        headers: { 'content-type': 'application/json' },
        body: status === 204 ? '' : JSON.stringify(json),
      };
    },
  };
}

async function provisionThrough(options: ProxyOptions) {
  const proxy = await startReverseProxy(inject('keycloak').url, options);
  const env = { ...account.env, KC_SERVER: proxy.url };
  return expectCli(5, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--json'], { env });
}

/** The realm has nothing but what was there before; an application without PKCE signs in. */
async function expectPutBack(): Promise<void> {
  const { policies } = await realm.admin.get<{ policies: Policy[] }>(realm.path('client-policies/policies'));
  const { profiles } = await realm.admin.get<{ profiles: Profile[] }>(realm.path('client-policies/profiles'));
  expect([policies.map(({ name }) => name), profiles]).toEqual([['theirs'], []]);
  await addClient(realm, 'app', { redirectUris: [APP] });
  const user = await realm.createUser();
  expect(await login(realm, { clientId: 'app', redirectUri: APP, user, pkce: 'none' })).toMatchObject({
    ok: true,
  });
  const clients = await realm.admin.get<{ clientId: string }[]>(realm.path('clients?max=100'));
  expect(clients.filter(({ clientId }) => /probe/.test(clientId))).toEqual([]);
}

const only = (name: string, change: (one: Policy) => Policy) => (one: Policy) =>
  one.name === name ? change(one) : one;
const anyScope = { condition: 'client-scopes', configuration: { type: 'Any', scopes: ['basic'] } };

/** Wrong forms of the policies. Some fail at the code exchange only, where no rehearsal comes. */
const WRONG: Record<string, ProxyOptions> = {
  'a condition beside the single one, which votes at sign-in': inPlace<Policy>(
    'policies',
    only('mcpkc-registrations', (one) => ({ ...one, conditions: [...one.conditions, anyScope] })),
  ),
  'a policy that is off': inPlace<Policy & { enabled?: boolean }>('policies', (one) => ({
    ...one,
    enabled: false,
  })),
  'a profile without its executors': inPlace<Profile>('profiles', (one) => ({ ...one, executors: [] })),
  ...(since(26, 7, 0)
    ? {
        'userless without STRICT': inPlace<Policy>(
          'policies',
          only('mcpkc-userless', ({ mode: _mode, ...rest }) => rest),
        ),
        'userless without its third condition': inPlace<Policy>(
          'policies',
          only('mcpkc-userless', (one) => ({ ...one, conditions: one.conditions.slice(0, 2) })),
        ),
      }
    : {}),
};

describe('a wrong form of a policy', () => {
  it.each(Object.keys(WRONG))('%s: the read-back finds it, and everything is put back', async (name) => {
    const ran = await provisionThrough(WRONG[name] ?? {});
    expect(ran.json).toMatchObject({ code: 'POLICIES_PUT_BACK', exitStatus: 5 });
    expect(String(ran.json.message)).toMatch(
      /the policy 'mcpkc-(registrations|userless)':|the policies: The list of client/,
    );
    await expectPutBack();
  });

  const everybody = { condition: 'any-client', configuration: {} };

  it('that hides from the read-back is found by the rehearsal: sign-ins of others', async () => {
    const pkce = (one: Policy) => ({ ...one, conditions: [everybody] });
    const ran = await provisionThrough(inPlace<Policy>('policies', only('mcpkc-registrations', pkce), true));
    expect(ran.json).toMatchObject({
      code: 'POLICIES_PUT_BACK',
      message: expect.stringContaining('an administrator’s client'),
    });
    await expectPutBack();
  });

  it('that hides is found by the rehearsal: PKCE for anybody who holds a scope', async () => {
    const byScope = (one: Policy) => ({ ...one, conditions: [anyScope] });
    const bare = ({ executors, ...rest }: Profile): Profile => ({
      ...rest,
      executors: executors.slice(0, 1),
    });
    const profiles = inPlace<Profile>(
      'profiles',
      (one) => (one.name === 'mcpkc-registrations' ? bare(one) : one),
      true,
    );
    const policies = inPlace<Policy>('policies', only('mcpkc-registrations', byScope), true);
    const ran = await provisionThrough({
      before: async (request) => (await profiles.before?.(request)) ?? policies.before?.(request),
    });
    expect(ran.json).toMatchObject({
      code: 'POLICIES_PUT_BACK',
      message: expect.stringContaining(
        'a sign-in by an administrator’s client without PKCE: invalid_request',
      ),
    });
    await expectPutBack();
  });

  it('that hides is found by the rehearsal: registrations', async () => {
    const redirects = ({ executors, ...rest }: Profile): Profile => ({
      ...rest,
      executors: [
        ...executors,
        { executor: 'confidential-client', configuration: {} },
        {
          executor: 'secure-client-authenticator',
          configuration: { 'allowed-client-authenticators': ['client-jwt'] },
        },
      ],
    });
    const change = (one: Profile) => (one.name === 'mcpkc-registrations' ? redirects(one) : one);
    const ran = await provisionThrough(inPlace<Profile>('profiles', change, true));
    expect(ran.json).toMatchObject({
      code: 'POLICIES_PUT_BACK',
      message: expect.stringContaining('a registration: 4'),
    });
    await expectPutBack();
  });

  it.runIf(since(26, 7, 0))('that hides is found by the rehearsal: tokens of service accounts', async () => {
    const all = (one: Policy) => ({ ...one, conditions: one.conditions.slice(0, 1) });
    const ran = await provisionThrough(inPlace<Policy>('policies', only('mcpkc-userless', all), true));
    expect(ran.json).toMatchObject({ code: 'POLICIES_PUT_BACK', exitStatus: 5 });
    expect(String(ran.json.message)).toMatch(/a token of mcpkc’s (account|probe)/);
    await expectPutBack();
  });
});
