import { beforeAll, describe, expect, it } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import type { RealmSnapshot, Representation } from '../support/keycloak/snapshot.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import {
  addClient,
  addScope,
  anonymousPolicies,
  configure,
  hostsIn,
  registerAnonymously,
} from '../support/realm-things.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const OTHER = 'https://other.example.com/mcp';
const realm = await useRealm('way-back');
let account: Account;

const isRecord = (one: unknown) => {
  const { name, clientId } = one as Representation;
  return String(name ?? clientId).startsWith('mcpkc-record') || clientId === 'mcpkc-record';
};

/** The realm without mcpkc's record, which stays. */
function withoutRecord(snapshot: RealmSnapshot): RealmSnapshot {
  const { realm: own, realmRoles, clients, clientRoles, ...rest } = snapshot;
  return {
    ...rest,
    realm: own,
    clients: clients.filter((one) => !isRecord(one)),
    realmRoles: realmRoles.filter((one) => !isRecord(one)),
    clientRoles,
  };
}

const run = (exit: number, ...args: string[]) => expectCli(exit, args, { env: account.env });
const remove = (...args: string[]) => run(0, 'create-scope', '--remove', '--yes', ...args);

async function trusted() {
  const [policy] = await anonymousPolicies(realm, 'trusted-hosts');
  if (!policy) throw new Error('no Trusted Hosts policy');
  return policy;
}

beforeAll(async () => {
  account = await accountIn(realm);
  // Somebody's own: hosts of a product among them, an application, and a client that registered before mcpkc.
  await configure(realm, await trusted(), {
    'trusted-hosts': ['their.example.com', 'openai.com'],
    'host-sending-registration-request-must-match': ['false'],
  });
  await addClient(realm, 'app');
  await registerAnonymously(realm, {
    client_name: 'Theirs',
    redirect_uris: ['https://their.example.com/callback'],
  });
  await configure(realm, await trusted(), { 'host-sending-registration-request-must-match': ['true'] });
});

describe('create-scope --remove puts the realm back as it was', () => {
  it.each([
    [
      'standing, opened for products',
      ['create-scope', '--resource', RESOURCE, '--preset', 'chatgpt,vscode', '--yes'],
    ],
    ['standing, registration kept', ['create-scope', '--resource', RESOURCE, '--registration', 'keep']],
    ['adopted, for an application', ['onboard', RESOURCE, 'app']],
    [
      'a scope from before mcpkc',
      ['create-scope', '--resource', RESOURCE, '--scope', 'theirs', '--preset', 'chatgpt'],
    ],
    ['without the hardening', ['create-scope', '--resource', RESOURCE, '--preset', 'chatgpt', '--no-harden']],
  ])('%s', async (_what, command) => {
    const theirs = command.includes('theirs')
      ? await addScope(realm, 'theirs', { attributes: { their: 'own' } }, `${RESOURCE}/`)
      : undefined;
    const before = withoutRecord(await realm.snapshot());
    await run(0, ...command);
    expect(withoutRecord(await realm.snapshot())).not.toEqual(before);
    await remove('--resource', RESOURCE, ...(theirs === undefined ? [] : ['--scope', 'theirs']));
    expect(withoutRecord(await realm.snapshot())).toEqual(before);
    if (theirs !== undefined) await realm.admin.del(realm.path(`client-scopes/${theirs}`));
  });

  it('allow and its removal', async () => {
    const before = withoutRecord(await realm.snapshot());
    const words = ['allow', RESOURCE, '--preset', 'vscode', '--by', 'client'];
    await run(0, ...words);
    expect(withoutRecord(await realm.snapshot())).not.toEqual(before);
    await run(0, ...words, '--remove', '--yes');
    expect(withoutRecord(await realm.snapshot())).toEqual(before);
  });

  it('leaves what an operator changed since, and what another server needs', async () => {
    await run(0, 'create-scope', '--resource', RESOURCE, '--preset', 'chatgpt');
    await run(
      0,
      'create-scope',
      '--resource',
      OTHER,
      '--scope',
      'other',
      '--preset',
      'claude',
      '--attach',
      'none',
    );
    const policy = await trusted();
    await configure(realm, policy, {
      'trusted-hosts': [...(policy.config['trusted-hosts'] ?? []), 'since.example.com'],
    });
    await remove('--resource', RESOURCE);
    expect(await hostsIn(realm)).toEqual(
      [
        'claude.ai',
        'claude.com',
        'openai.com',
        'other.example.com',
        'since.example.com',
        'their.example.com',
      ].sort(),
    );
    // By hand, in the console: the sender match stays as it was set.
    await configure(realm, await trusted(), { 'host-sending-registration-request-must-match': ['true'] });
    await remove('--resource', OTHER, '--scope', 'other');
    expect(await hostsIn(realm)).toEqual(['openai.com', 'since.example.com', 'their.example.com']);
    await configure(realm, await trusted(), { 'trusted-hosts': ['their.example.com', 'openai.com'] });
  });

  it('keeps registration as trusted-hosts wants it, hardened as it was', async () => {
    await run(0, 'trusted-hosts', '--preset', 'claude');
    await run(0, 'create-scope', '--resource', RESOURCE, '--preset', 'chatgpt');
    await remove('--resource', RESOURCE);
    expect(await hostsIn(realm)).toEqual(expect.arrayContaining(['claude.ai']));
    expect(await hostsIn(realm)).not.toContain('chatgpt.com');
    const { policies } = await realm.admin.get<{ policies: { name: string }[] }>(
      realm.path('client-policies/policies'),
    );
    expect(policies.map(({ name }) => name)).toContain('mcpkc-registrations');
  });
});
