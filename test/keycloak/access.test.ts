import { beforeAll, describe, expect, it } from 'vitest';
import { readRecord } from '../../src/keycloak/read/record.ts';
import { accessIn } from '../../src/realm/record.ts';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { connected } from '../support/keycloak/connection.ts';
import { grantRoles, revokeRoles } from '../support/keycloak/service-account.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { addRole, contain, exampleAudience, type People, peopleOf, roleIn } from '../support/people.ts';
import { addClient, scopeIn } from '../support/realm-things.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const SCOPE = 'mcp-resource-svc';
const realm = await useRealm('access');
let account: Account;
let people: People;
/** A client that holds the scope, by internal id. */
let client: string;

beforeAll(async () => {
  account = await accountIn(realm);
  const made = [
    'create-scope',
    '--preset',
    'chatgpt',
    '--resource',
    RESOURCE,
    '--role',
    'finance',
    '--no-existing',
  ];
  await expectCli(0, made, { env: account.env });
  people = await peopleOf(realm, 'finance');
  client = await addClient(realm, 'connector');
});

const run = (exit: number, ...args: string[]) =>
  expectCli(exit, ['access', RESOURCE, ...args], { env: account.env });
const json = async (...args: string[]) => (await run(0, '--json', ...args)).json;

it('a slip of the keys restricts nothing of the server at the same host', async () => {
  const before = await realm.snapshot();
  const slip = ['access', 'https://svc.example.com/mpc', '--role', 'other', '--yes', '--json'];
  const { json: refused } = await expectCli(2, slip, { env: account.env });
  expect(refused).toMatchObject({ code: 'SCOPE_NOT_FOUND' });
  expect(refused.message).toContain(`That scope is of ${RESOURCE}: is that one meant?`);
  // The usual name would take that server's scope over.
  expect(refused.fix).toMatch(/create-scope .*--scope mcp-resource-svc-\S+/);
  expect(await realm.snapshot()).toEqual(before);
});

/** Who gets the audience, by Keycloak's own example tokens. */
async function letIn(): Promise<string[]> {
  const names = await Promise.all(
    Object.values(people).map(async ({ username, id }) =>
      (await exampleAudience(realm, client, id)).includes(RESOURCE) ? [username] : [],
    ),
  );
  return names.flat();
}

async function mapped(): Promise<string[]> {
  const scope = await scopeIn(realm, SCOPE);
  const found = await realm.admin.get<{ name: string }[]>(
    realm.path(`client-scopes/${scope?.id}/scope-mappings/realm`),
  );
  return found.map(({ name }) => name).sort();
}

const remembered = async () => accessIn(await readRecord(await connected(account)), RESOURCE)?.roles;

describe('who may use a server', () => {
  it('is told by role, groups, composites and grants, and agrees with the example tokens', async () => {
    expect(await letIn()).toEqual(['alice', 'carol', 'erin']);
    expect(await json()).toMatchObject({
      schema: 'mcpkc/access/v1',
      access: 'roles',
      failClosed: true,
      byHand: false,
      roles: [
        {
          name: 'finance',
          client: null,
          within: ['staff'],
          people: 3,
          direct: 1,
          groups: [
            { path: '/team', members: 1 },
            { path: '/team/below', members: 1 },
          ],
        },
      ],
      people: { count: 3, names: ['alice', 'carol', 'erin'], complete: true },
      changes: [],
    });
    const { out } = await run(0);
    expect(out).toContain('Who may: anybody who has the role finance.');
    expect(out).toContain('by the group /team/below: 1');
    expect(out).toContain(`kcadm.sh add-roles -r ${realm.name} --gpath /GROUP --rolename finance`);
  });

  it('says what an account without view-users can’t see, and claims nothing of it', async () => {
    await revokeRoles(realm, account.userId, ['view-users']);
    const seen = await json();
    await grantRoles(realm, account.userId, ['view-users']);
    expect(seen).toMatchObject({ people: { complete: false } });
    expect(seen.notVisible).toEqual([expect.stringContaining('view-users')]);
  });
});

describe('setting it', () => {
  it('plans, writes nothing with --dry-run, and a second run plans nothing', async () => {
    const before = await realm.snapshot();
    const planned = await run(1, '--json', '--role', 'audit', '--dry-run');
    expect(planned.json.changes).toMatchObject([
      { kind: 'realm-role', action: 'create', key: 'audit' },
      { kind: 'scope-access', action: 'update', key: SCOPE },
    ]);
    expect(await realm.snapshot()).toEqual(before);
    await run(0, '--role', 'audit');
    expect(await mapped()).toEqual(['audit', 'finance', 'mcpkc-nobody']);
    expect(await remembered()).toEqual(['audit', 'finance']);
    expect(await json('--role', 'audit')).toMatchObject({ changes: [] });
    await run(0, '--revoke', 'audit');
    expect(await mapped()).toEqual(['finance', 'mcpkc-nobody']);
  });

  it('refuses a role that contains others, and mcpkc’s own', async () => {
    await addRole(realm, 'boss', ['offline_access']);
    expect((await run(5, '--json', '--role', 'boss')).json).toMatchObject({ code: 'ROLE_COMPOSITE' });
    expect((await run(2, '--json', '--role', 'mcpkc-nobody')).json).toMatchObject({ code: 'INPUT_INVALID' });
    expect((await run(2, '--json', '--revoke', 'boss')).json).toMatchObject({ code: 'INPUT_INVALID' });
    expect(await mapped()).toEqual(['finance', 'mcpkc-nobody']);
  });

  it('grants the role to a group or a person with an account that has the right, and says which is missing', async () => {
    const without = await run(4, '--json', '--user', 'dave');
    expect(without.json).toMatchObject({ code: 'ROLE_MISSING', details: { role: 'manage-users' } });
    await grantRoles(realm, account.userId, ['manage-users']);
    await run(0, '--user', 'dave');
    expect(await letIn()).toEqual(['alice', 'carol', 'dave', 'erin']);
    expect(await json('--user', 'dave', '--group', '/team')).toMatchObject({ changes: [] });
    await run(2, '--group', '/nowhere');
    await revokeRoles(realm, account.userId, ['manage-users']);
    await realm.admin.del(realm.path(`users/${people.dave.id}/role-mappings/realm`), [
      await roleIn(realm, 'finance'),
    ]);
  });
});

describe('it fails closed', () => {
  it('a role that is deleted shuts the server; the next run makes it anew', async () => {
    await run(0, '--role', 'passing');
    await run(0, '--revoke', 'finance');
    await realm.admin.del(realm.path('roles/passing'));
    expect(await letIn()).toEqual([]);
    expect(await json()).toMatchObject({ access: 'nobody', people: null });
    await run(0, '--role', 'finance');
    expect(await letIn()).toEqual(['alice', 'carol', 'erin']);
  });

  it('revoking the last role shuts it, --anybody alone opens it', async () => {
    await run(0, '--revoke', 'finance');
    expect([await mapped(), await letIn()]).toEqual([['mcpkc-nobody'], []]);
    await run(0, '--anybody');
    expect(await mapped()).toEqual([]);
    expect(await letIn()).toEqual(['alice', 'bob', 'carol', 'dave', 'erin']);
    expect(await remembered()).toBeUndefined();
    expect((await realm.admin.request('GET', realm.path('roles/mcpkc-nobody'))).status).toBe(404);
  });

  it('what was set up by hand is understood, left alone by others, and taken over where it is asked for', async () => {
    const scope = await scopeIn(realm, SCOPE);
    const path = realm.path(`client-scopes/${scope?.id}/scope-mappings/realm`);
    await realm.admin.post(path, [await roleIn(realm, 'finance')]);
    expect(await json()).toMatchObject({ access: 'roles', byHand: true, failClosed: false });
    await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--no-existing'], {
      env: account.env,
    });
    expect(await mapped()).toEqual(['finance']);
    await run(0, '--role', 'finance');
    expect(await mapped()).toEqual(['finance', 'mcpkc-nobody']);
    expect(await json()).toMatchObject({ byHand: false, failClosed: true });
  });

  it('a role that nobody may have and somebody has is replaced', async () => {
    await contain(realm, 'staff', ['mcpkc-nobody']);
    await run(0, '--role', 'finance');
    const now = await mapped();
    expect(now).toEqual(['finance', expect.stringMatching(/^mcpkc-nobody-[0-9a-f]{8}$/)]);
    expect((await realm.admin.request('GET', realm.path('roles/mcpkc-nobody'))).status).toBe(404);
  });

  it('a scope that was deleted is made anew with its roles; without it nobody would know', async () => {
    const scope = await scopeIn(realm, SCOPE);
    await realm.admin.put(realm.path('client-policies/policies'), { policies: [] });
    await realm.admin.del(realm.path(`client-scopes/${scope?.id}`));
    const again = ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--no-existing'];
    const { err } = await expectCli(0, again, { env: account.env });
    expect(err).toContain('it is restricted again');
    expect(await mapped()).toEqual(['finance', expect.stringMatching(/^mcpkc-nobody/)]);
  });

  it('retiring the server removes the scope, then the roles that nobody has', async () => {
    await run(0, '--role', 'spare');
    const remove = ['create-scope', '--resource', RESOURCE, '--remove', '--yes', '--json'];
    const { json: removed } = await expectCli(0, remove, { env: account.env });
    const kinds = (removed.changes as { kind: string; key: string }[]).map(
      ({ kind, key }) => `${kind} ${key}`,
    );
    expect(kinds.at(-3)).toBe(`client-scope ${SCOPE}`);
    expect(kinds.slice(-2).sort()).toEqual([
      expect.stringMatching(/^realm-role mcpkc-nobody/),
      'realm-role spare',
    ]);
    expect(removed.keptRoles).toEqual(['finance']);
    expect(await remembered()).toBeUndefined();
  });
});
