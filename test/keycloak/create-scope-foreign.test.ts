import { beforeAll, expect, it } from 'vitest';
import { RECORD_CLIENT, RECORD_ROLE } from '../../src/realm/record.ts';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import type { RealmSnapshot, Representation } from '../support/keycloak/snapshot.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { since } from '../support/keycloak/version.ts';
import {
  addClient,
  addScope,
  addTrustedHosts,
  anonymousPolicies,
  configure,
} from '../support/realm-things.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const SCOPE = 'mcp-resource-svc';
const realm = await useRealm('create-scope-foreign');
let account: Account;

const FOREIGN_PROFILE = {
  name: 'their-profile',
  description: 'theirs',
  executors: [{ executor: 'secure-session', configuration: {} }],
};
const FOREIGN_POLICY = {
  name: 'their-policy',
  description: 'theirs',
  enabled: false,
  conditions: [{ condition: 'any-client', configuration: { 'is-negative-logic': true } }],
  profiles: ['their-profile'],
};

beforeAll(async () => {
  account = await accountIn(realm, ['manage-clients', 'manage-realm']);
  const id = await addScope(realm, SCOPE, {
    description: 'Their words.',
    attributes: {
      'their.attribute': 'kept',
      'consent.screen.text': 'Their text',
      'display.on.consent.screen': 'true',
    },
  });
  const mappers = realm.path(`client-scopes/${id}/protocol-mappers/models`);
  await realm.admin.post(mappers, {
    name: 'their-mapper',
    protocol: 'openid-connect',
    protocolMapper: 'oidc-hardcoded-claim-mapper',
    config: { 'claim.name': 'tier', 'claim.value': 'gold', 'access.token.claim': 'true' },
  });
  await realm.admin.post(mappers, {
    name: 'mcp-audience',
    protocol: 'openid-connect',
    protocolMapper: 'oidc-audience-mapper',
    config: {
      'included.custom.audience': 'https://svc.example.com/mcp/',
      'access.token.claim': 'false',
      'id.token.claim': 'true',
      'lightweight.claim': 'true',
      'their.config': 'kept',
    },
  });
  const [hosts] = await anonymousPolicies(realm, 'trusted-hosts');
  if (hosts)
    await configure(realm, hosts, { 'trusted-hosts': ['theirs.example.org', '*.their.example.net'] });
  const [scopes] = await anonymousPolicies(realm, 'allowed-client-templates');
  if (scopes) await configure(realm, scopes, { 'allowed-client-scopes': ['email', 'phone'] });
  await addTrustedHosts(realm, 'Second policy', ['second.example.org']);
  await realm.admin.put(realm.path('client-policies/profiles'), { profiles: [FOREIGN_PROFILE] });
  await realm.admin.put(realm.path('client-policies/policies'), { policies: [FOREIGN_POLICY] });
  await addClient(realm, 'their client/with slash', { attributes: { 'their.attribute': 'kept' } });
});

const byName = (list: readonly Representation[], name: string) => list.find((one) => one.name === name);
/** What mcpkc remembers lies in a client and a role of its own; a client of its own holds the MCP server's URL. */
const isRecord = ({ name, clientId }: Representation) =>
  [name, clientId].includes('mcpkc-record') || clientId === RESOURCE;
/** Client policies are compared by themselves; the realm's representation has them once more. */
const withoutPolicies = (part: unknown) =>
  Array.isArray(part)
    ? part.filter((one) => !isRecord(one as Representation))
    : {
        ...(part as Representation),
        clientPolicies: 0,
        clientProfiles: 0,
        'mcpkc-record': 0,
        [RESOURCE]: 0,
      };
const policyNames = ({ clientPolicies }: RealmSnapshot) =>
  (clientPolicies.policies as Representation[]).map(({ name }) => name);

/** Clients or roles without mcpkc's own record: the client of that name, and the role that proves it. */
function withoutRecord(part: unknown): unknown {
  if (!Array.isArray(part)) return part;
  return part.filter((one: Representation) => one.clientId !== RECORD_CLIENT && one.name !== RECORD_ROLE);
}

it('law 2: what is not mcpkc’s survives, and what is left out of the comparison is what was asked for', async () => {
  const before = await realm.snapshot();
  await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE], { env: account.env });
  const after = await realm.snapshot();

  const untouched = [
    'realm',
    'clients',
    'realmRoles',
    'clientRoles',
    'serviceAccountRoles',
    'eventsConfig',
  ] as const;
  for (const part of untouched)
    expect(withoutRecord(withoutPolicies(after[part])), part).toEqual(withoutPolicies(before[part]));

  const scope = byName(after.clientScopes, SCOPE);
  expect(scope).toMatchObject({
    description: 'Their words.',
    attributes: {
      ...(byName(before.clientScopes, SCOPE)?.attributes as Record<string, string>),
      'mcpkc.mode': 'standing',
      'mcpkc.resource': RESOURCE,
    },
  });
  const mappers = scope?.protocolMappers as Representation[];
  expect(byName(mappers, 'their-mapper')).toEqual(
    byName(byName(before.clientScopes, SCOPE)?.protocolMappers as Representation[], 'their-mapper'),
  );
  expect(byName(mappers, 'mcp-audience')?.config).toMatchObject({
    'included.custom.audience': RESOURCE,
    'access.token.claim': 'true',
    'id.token.claim': 'true',
    'lightweight.claim': 'true',
    'their.config': 'kept',
  });
  const others = (snapshot: RealmSnapshot) => snapshot.clientScopes.filter(({ name }) => name !== SCOPE);
  expect(others(after)).toEqual(others(before));
  expect(after.optionalScopes).toEqual(before.optionalScopes);
  expect(after.defaultScopes.filter((name) => name !== SCOPE)).toEqual(before.defaultScopes);

  const edited = new Set(
    [
      ...(await anonymousPolicies(realm, 'trusted-hosts')),
      ...(await anonymousPolicies(realm, 'allowed-client-templates')),
      ...(await anonymousPolicies(realm, 'allowed-protocol-mappers')),
    ].map(({ id }) => id),
  );
  const rest = (snapshot: RealmSnapshot) => snapshot.components.filter(({ id }) => !edited.has(String(id)));
  expect(rest(after)).toEqual(rest(before));
  expect(rest(after).length).toBe(before.components.length - 4);

  expect(policyNames(after)).toEqual([
    'their-policy',
    'mcpkc-registrations',
    ...(since(26, 7, 0) ? ['mcpkc-userless'] : []),
  ]);
  expect(byName(after.clientPolicies.policies as Representation[], 'their-policy')).toEqual(
    byName(before.clientPolicies.policies as Representation[], 'their-policy'),
  );
  expect(byName(after.clientProfiles.profiles as Representation[], 'their-profile')).toEqual(
    byName(before.clientProfiles.profiles as Representation[], 'their-profile'),
  );
});

it('several Trusted Hosts policies are all handled, each with its own hosts kept', async () => {
  const policies = await anonymousPolicies(realm, 'trusted-hosts');
  expect(policies).toHaveLength(2);
  for (const { name, config } of policies) {
    expect(config['trusted-hosts'], name).toEqual(expect.arrayContaining(['chatgpt.com', 'svc.example.com']));
    expect(config['host-sending-registration-request-must-match'], name).toEqual(['false']);
  }
  const hosts = policies.map(({ config }) => config['trusted-hosts'] ?? []);
  expect(
    hosts.some((list) => list.includes('theirs.example.org') && list.includes('*.their.example.net')),
  ).toBe(true);
  expect(hosts.some((list) => list.includes('second.example.org'))).toBe(true);
  const [scopes] = await anonymousPolicies(realm, 'allowed-client-templates');
  expect(scopes?.config['allowed-client-scopes']?.toSorted()).toEqual(['email', 'openid', 'phone']);
});

it('two policies of the same name are both handled', async () => {
  await addTrustedHosts(realm, 'Twins', ['third.example.org']);
  await addTrustedHosts(realm, 'Twins', ['fourth.example.org']);
  await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE], { env: account.env });
  const policies = await anonymousPolicies(realm, 'trusted-hosts');
  expect(policies).toHaveLength(4);
  for (const { config } of policies) expect(config['trusted-hosts']).toContain('svc.example.com');
  for (const host of ['third.example.org', 'fourth.example.org']) {
    expect(policies.filter(({ config }) => config['trusted-hosts']?.includes(host))).toHaveLength(1);
  }
});

it('what others changed in mcpkc’s own policies is made right again; their own stay', async () => {
  const profiles = realm.path('client-policies/profiles');
  const policies = realm.path('client-policies/policies');
  const before = await realm.admin.get<{ profiles: Representation[] }>(profiles);
  const executor = { executor: 'secure-session', configuration: {} };
  await realm.admin.put(profiles, {
    profiles: before.profiles.map((one) =>
      one.name === 'mcpkc-registrations'
        ? { ...one, executors: [...(one.executors as object[]), executor] }
        : one,
    ),
  });
  const now = await realm.admin.get<{ policies: Representation[] }>(policies);
  await realm.admin.put(policies, {
    policies: now.policies.map((one) =>
      one.name === FOREIGN_POLICY.name ? one : { ...one, enabled: false, profiles: ['their-profile'] },
    ),
  });
  await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE], { env: account.env });
  expect(await realm.admin.get(profiles)).toEqual(before);
  expect(await realm.admin.get(policies)).toEqual(now);
});
