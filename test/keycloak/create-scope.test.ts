import { beforeAll, describe, expect, inject, it } from 'vitest';
import { type Account, accountIn, expectCli, runCli } from '../support/cli.ts';
import { adminEvents, clearEvents, switchEventsOn } from '../support/keycloak/events.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { since } from '../support/keycloak/version.ts';
import { anonymousPolicies, hostsIn, listOf, scopeIn } from '../support/realm-things.ts';
import { startReverseProxy } from '../support/reverse-proxy.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const SCOPE = 'mcp-resource-svc';
const realm = await useRealm('create-scope');
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm, ['manage-clients', 'manage-realm']);
  await switchEventsOn(realm);
});

const run = (exit: number, ...args: string[]) =>
  expectCli(exit, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, ...args], {
    env: account.env,
  });

/** Law 1: the same command again plans nothing. */
async function expectNothingLeft(...args: string[]) {
  const again = await run(0, '--dry-run', '--json', ...args);
  expect(again.json).toMatchObject({ ok: true, changes: [] });
}

describe('create-scope in a new realm', () => {
  it('--dry-run prints the plan, ends with 1 and writes nothing', async () => {
    await clearEvents(realm);
    const before = await realm.snapshot();
    const proxy = await startReverseProxy(inject('keycloak').url);
    const env = { ...account.env, KC_SERVER: proxy.url };
    const ran = await expectCli(
      1,
      ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--dry-run', '--json'],
      { env },
    );
    const kinds = (ran.json.changes as { kind: string }[]).map(({ kind }) => kind);
    expect(kinds).toEqual([
      'client-scope',
      'audience-mapper',
      'resource-client',
      'mapper-types',
      'client-policy',
      // Whether an older server can refuse tokens without a user is asked by the run itself.
      'client-policy',
      'trusted-hosts',
      'allowed-scopes',
      'default-scope',
    ]);
    expect(ran.json).toMatchObject({ schema: 'mcpkc/create-scope/v1', ok: false, applied: false });
    expect(proxy.requests.length).toBeGreaterThan(5);
    expect(proxy.writes()).toEqual([]);
    expect(await adminEvents(realm)).toEqual([]);
    expect(await realm.snapshot()).toEqual(before);
  });

  it('makes all of it, and a second run plans nothing', async () => {
    const ran = await run(0, '--json');
    expect(ran.json).toMatchObject({
      ok: true,
      resource: RESOURCE,
      scope: SCOPE,
      mode: 'standing',
      applied: true,
      server: account.env.KC_SERVER,
      realm: realm.name,
    });
    const scope = await scopeIn(realm, SCOPE);
    expect(scope?.attributes).toMatchObject({ 'mcpkc.mode': 'standing', 'mcpkc.resource': RESOURCE });
    expect(scope?.protocolMappers).toMatchObject([
      {
        name: 'mcp-audience',
        protocolMapper: 'oidc-audience-mapper',
        config: { 'included.custom.audience': RESOURCE, 'access.token.claim': 'true' },
      },
    ]);
    expect(await listOf(realm, SCOPE)).toBe('default');
    expect(await hostsIn(realm)).toEqual([
      'api.openai.com',
      'chat.openai.com',
      'chatgpt.com',
      'openai.com',
      'platform.openai.com',
      'svc.example.com',
    ]);
    const [hosts] = await anonymousPolicies(realm, 'trusted-hosts');
    expect(hosts?.config['host-sending-registration-request-must-match']).toEqual(['false']);
    expect(hosts?.config['client-uris-must-match']).toEqual(['true']);
    const [scopes] = await anonymousPolicies(realm, 'allowed-client-templates');
    expect(scopes?.config['allowed-client-scopes']).toEqual(['openid']);
    expect(scopes?.config['allow-default-scopes']).toEqual(['true']);
    await expectNothingLeft();
  });

  it('says so in words, too', async () => {
    const { out, err } = await run(0);
    expect(out).toContain(`scope ${SCOPE} (standing), realm ${realm.name}`);
    expect(out).toContain('Everything is as it should be; nothing to change.');
    expect(out).toContain(`Next: mcpkc validate ${RESOURCE}`);
    expect(err).toBe('');
  });
});

describe('law 1: what is spoilt is repaired by one run, and the next plans nothing', () => {
  const spoil: Record<string, () => Promise<unknown>> = {
    'the scope’s marks': async () => {
      const scope = await scopeIn(realm, SCOPE);
      await realm.admin.put(realm.path(`client-scopes/${scope?.id}`), {
        ...scope,
        attributes: { 'mcpkc.mode': 'standing', 'mcpkc.resource': 'https://svc.example.com/' },
      });
    },
    'the mapper’s audience': () =>
      changeMapper({ 'included.custom.audience': 'https://svc.example.com/mcp/' }),
    'the mapper’s claim': () => changeMapper({ 'access.token.claim': 'false' }),
    'a client audience, which goes first': () => changeMapper({ 'included.client.audience': 'account' }),
    'no mapper': async () => {
      const scope = await scopeIn(realm, SCOPE);
      const [mapper] = (scope?.protocolMappers ?? []) as { id?: string }[];
      await realm.admin.del(realm.path(`client-scopes/${scope?.id}/protocol-mappers/models/${mapper?.id}`));
    },
    'not in the realm’s lists': async () => {
      const scope = await scopeIn(realm, SCOPE);
      await realm.admin.del(realm.path(`default-default-client-scopes/${scope?.id}`));
    },
    'the sender match': () =>
      changePolicy('trusted-hosts', { 'host-sending-registration-request-must-match': ['true'] }),
    'no URI match': () =>
      changePolicy('trusted-hosts', {
        'client-uris-must-match': ['false'],
        'host-sending-registration-request-must-match': ['true'],
      }),
    'a host gone': () =>
      changePolicy('trusted-hosts', { 'trusted-hosts': ['chatgpt.com', 'foreign.example.org'] }),
    'openid gone, default scopes refused': () =>
      changePolicy('allowed-client-templates', {
        'allowed-client-scopes': [],
        'allow-default-scopes': ['false'],
      }),
    'the audience scope allowed by name': () =>
      changePolicy('allowed-client-templates', { 'allowed-client-scopes': ['openid', SCOPE] }),
    'no client policy': () => realm.admin.put(realm.path('client-policies/policies'), { policies: [] }),
    'the client policy off': async () => {
      const { policies } = await realm.admin.get<{ policies: object[] }>(
        realm.path('client-policies/policies'),
      );
      const body = { policies: policies.map((one) => ({ ...one, enabled: false })) };
      await realm.admin.put(realm.path('client-policies/policies'), body);
    },
    'a profile without its executor': () =>
      realm.admin.put(realm.path('client-policies/profiles'), {
        profiles: [
          { name: 'mcpkc-registrations', executors: [] },
          ...(since(26, 7, 0) ? [{ name: 'mcpkc-userless', executors: [] }] : []),
        ],
      }),
  };

  async function changeMapper(config: Record<string, string>) {
    const scope = await scopeIn(realm, SCOPE);
    const [mapper] = scope?.protocolMappers ?? [];
    const body = { ...mapper, config: { ...mapper?.config, ...config } };
    const { id } = mapper as unknown as { id: string };
    await realm.admin.put(realm.path(`client-scopes/${scope?.id}/protocol-mappers/models/${id}`), body);
  }

  async function changePolicy(providerId: string, config: Record<string, string[]>) {
    const [policy] = await anonymousPolicies(realm, providerId);
    const body = { ...policy, config: { ...policy?.config, ...config } };
    await realm.admin.put(realm.path(`components/${policy?.id}`), body);
  }

  it.each(Object.keys(spoil))('%s', async (name) => {
    await spoil[name]?.();
    await run(1, '--dry-run');
    const ran = await run(0, '--json');
    expect(ran.json.changes).not.toEqual([]);
    await expectNothingLeft();
  });

  it('kept the foreign host all the while', async () => {
    expect(await hostsIn(realm)).toContain('foreign.example.org');
  });
});

describe('--attach', () => {
  const modes = ['optional', 'default', 'none', 'optional', 'none', 'default'] as const;
  it.each(modes)('moves the scope to %s', async (list) => {
    const ran = await run(0, '--attach', list, '--json');
    expect(ran.json.mode).toBe(list === 'none' ? 'adopted' : 'standing');
    // Anybody may name the scope of mode adopted; the audience is a hidden second one.
    expect(await listOf(realm, SCOPE)).toBe(list === 'none' ? 'optional' : list);
    await expectNothingLeft('--attach', list);
    await expectNothingLeft();
  });

  it('refuses another word', async () => {
    const ran = await runCli(
      ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--attach', 'both'],
      {
        env: account.env,
      },
    );
    expect(ran.exit).toBe(2);
    expect(ran.err).toMatch(/'--attach <list>' argument 'both' is invalid\. Allowed choices/);
  });
});
