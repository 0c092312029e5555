import { beforeAll, expect, inject, it } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import type { Representation } from '../support/keycloak/snapshot.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import {
  addClient,
  addScope,
  anonymousPolicies,
  clientIn,
  configure,
  hostsIn,
  scopeIn,
} from '../support/realm-things.ts';
import { startReverseProxy } from '../support/reverse-proxy.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const SCOPE = 'mcp-resource-svc';
const realm = await useRealm('create-scope-remove');
const policies = realm.path('client-policies/policies');
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm, ['manage-clients', 'manage-realm']);
});

const create = (exit: number, resource: string, ...args: string[]) =>
  expectCli(exit, ['create-scope', '--preset', 'chatgpt', '--resource', resource, ...args], {
    env: account.env,
  });
const clientPolicies = async () =>
  (await realm.admin.get<{ policies: Representation[] }>(policies)).policies.map(({ name }) => name);
const profiles = async () =>
  (
    await realm.admin.get<{ profiles: Representation[] }>(realm.path('client-policies/profiles'))
  ).profiles.map(({ name }) => name);

it('takes back everything that create-scope made, and nothing else', async () => {
  const before = await realm.snapshot();
  await create(0, RESOURCE);
  await create(1, RESOURCE, '--remove', '--dry-run');
  await create(0, RESOURCE, '--remove');
  const after = await realm.snapshot();
  expect(after.clientScopes).toEqual(before.clientScopes);
  expect(after.defaultScopes).toEqual(before.defaultScopes);
  expect(after.clientPolicies).toEqual(before.clientPolicies);
  expect(after.clientProfiles).toEqual(before.clientProfiles);
  expect(after.components).toEqual(before.components);
  expect(await hostsIn(realm)).toEqual([]);
  const again = await create(0, RESOURCE, '--remove', '--json');
  expect(again.json).toMatchObject({ changes: [], mode: null, holders: [] });
});

it('tells of a slip of the keys that there is nothing to remove, and which server it is near to', async () => {
  await create(0, RESOURCE);
  const slip = 'https://svc.example.com/mpc';
  const { out, err } = await create(0, slip, '--remove');
  expect(out).toContain(`The realm has no scope for ${slip}: nothing to remove.`);
  expect(out).not.toContain('as it should be');
  expect(err).toContain(`mcpkc create-scope ${RESOURCE} --remove`);
  expect(await scopeIn(realm, SCOPE)).toBeDefined();
  const other = 'https://svx.example.com/mcp';
  expect((await create(0, other, '--remove')).out).toContain(`no scope for ${other}: nothing to remove.`);
  const status = await expectCli(1, ['status', '--resource', other, '--json'], { env: account.env });
  const missing = (status.json.findings as { code: string; message: string }[]).find(
    ({ code }) => code === 'SCOPE_MISSING',
  );
  expect(missing?.message).toContain(`It has one for ${RESOURCE}: is that one meant?`);
  await create(0, RESOURCE, '--remove');
});

it('removes policies before the scope, so that the realm’s client policies can be edited at any moment', async () => {
  await create(0, RESOURCE);
  const blocked: string[] = [];
  const proxy = await startReverseProxy(inject('keycloak').url, {
    after: async ({ method, path }, answer) => {
      if (method !== 'GET' && path.includes(`/admin/realms/${realm.name}/`)) {
        const now = await realm.admin.get<object>(policies);
        const { status } = await realm.admin.request('PUT', policies, now);
        if (status !== 204) blocked.push(`after ${method} ${path}: ${status}`);
      }
      return answer;
    },
  });
  const env = { ...account.env, KC_SERVER: proxy.url };
  await expectCli(0, ['create-scope', '--resource', RESOURCE, '--remove'], { env });
  expect(blocked).toEqual([]);
  expect(proxy.writes().length).toBeGreaterThan(4);
});

it('keeps hosts and policies that another resource uses', async () => {
  await create(0, RESOURCE);
  await create(0, 'https://svc.example.com/second', '--scope', 'second', '--yes');
  await create(0, RESOURCE, '--remove');
  expect(await hostsIn(realm)).toContain('svc.example.com');
  expect(await clientPolicies()).toContain('mcpkc-registrations');
  expect(await profiles()).toContain('mcpkc-registrations');
  await create(0, 'https://svc.example.com/second', '--scope', 'second', '--remove');
  expect(await hostsIn(realm)).not.toContain('svc.example.com');
  expect(await profiles()).toEqual([]);
});

it('keeps the host of somebody whose mark can’t be read as a URL from breaking it', async () => {
  await create(0, RESOURCE);
  const id = await addScope(realm, 'garbled', {
    attributes: { 'mcpkc.mode': 'standing', 'mcpkc.resource': 'no url' },
  });
  await create(0, RESOURCE, '--remove');
  expect(await scopeIn(realm, SCOPE)).toBeUndefined();
  await realm.admin.del(realm.path(`client-scopes/${id}`));
});

it('lists the clients that lose it, and does it only with --yes', async () => {
  await addClient(realm, 'keeps-it', { name: 'Evil\u202eName' });
  await addClient(realm, 'optional-holder');
  await create(0, RESOURCE, '--client', 'keeps-it');
  const scope = await scopeIn(realm, SCOPE);
  const optional = await clientIn(realm, 'optional-holder');
  await realm.admin.put(realm.path(`clients/${optional?.id}/optional-client-scopes/${scope?.id}`), {});
  const before = await realm.snapshot();
  const ran = await create(5, RESOURCE, '--remove', '--json');
  expect(ran.json).toMatchObject({
    code: 'CONSENT_NEEDED',
    message: expect.stringMatching(
      /2 clients will lose 'mcp-resource-svc'.*keeps-it \(Evil\\u\{202e\}Name\)/,
    ),
  });
  expect(await realm.snapshot()).toEqual(before);
  const done = await create(0, RESOURCE, '--remove', '--yes', '--json');
  const holders = done.json.holders as { clientId: string }[];
  expect(holders.map(({ clientId }) => clientId).toSorted()).toEqual(['keeps-it', 'optional-holder']);
  const client = await clientIn(realm, 'keeps-it');
  expect(client?.defaultClientScopes).not.toContain(SCOPE);
});

it('refuses while somebody else’s client policy names the scope', async () => {
  await create(0, RESOURCE);
  const now = await realm.admin.get<{ policies: Representation[] }>(policies);
  const theirs = {
    name: 'theirs',
    enabled: true,
    conditions: [{ condition: 'client-scopes', configuration: { type: 'Any', scopes: [SCOPE] } }],
    profiles: [],
  };
  await realm.admin.put(policies, { policies: [...now.policies, theirs] });
  const before = await realm.snapshot();
  const ran = await create(5, RESOURCE, '--remove', '--yes', '--json');
  expect(ran.json).toMatchObject({ code: 'SCOPE_IN_POLICY', message: expect.stringContaining("'theirs'") });
  expect(await realm.snapshot()).toEqual(before);
  await realm.admin.put(policies, now);
  await create(0, RESOURCE, '--remove');
});

it('takes the scope’s name from Allowed Client Scopes, too', async () => {
  await create(0, RESOURCE);
  const [allowed] = await anonymousPolicies(realm, 'allowed-client-templates');
  if (allowed) await configure(realm, allowed, { 'allowed-client-scopes': ['openid', SCOPE] });
  await create(0, RESOURCE, '--remove');
  const [after] = await anonymousPolicies(realm, 'allowed-client-templates');
  expect(after?.config['allowed-client-scopes'] ?? []).toEqual([]);
});

it('touches no host where there is no scope: it is not ours', async () => {
  await expectCli(0, ['trusted-hosts', '--add', 'theirs.example.net'], { env: account.env });
  const ran = await create(0, 'https://theirs.example.net/mcp', '--remove', '--json');
  expect(ran.json.changes).toEqual([]);
  expect(await hostsIn(realm)).toContain('theirs.example.net');
});

it('refuses flags that contradict it', async () => {
  for (const flag of ['--create-static', '--replace-audience']) {
    expect((await create(2, RESOURCE, '--remove', flag)).err).toContain(
      `option '--remove' cannot be used with option '${flag}'`,
    );
  }
  expect((await create(2, RESOURCE, '--remove', '--client', 'x')).err).toContain('--client');
});
