import { expect, it } from 'vitest';
import { readRealmRoles } from '../../src/keycloak/read/access.ts';
import { readReach, readRoleTree } from '../../src/keycloak/read/role-holders.ts';
import { accountIn, expectCli } from '../support/cli.ts';
import { connected } from '../support/keycloak/connection.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { addGroup, addRole, contain, exampleAudience, grant, roleIn } from '../support/people.ts';
import { addClient } from '../support/realm-things.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const USERS = 300;
const realm = await useRealm('access-people');

/** The same numbers each time (Numerical Recipes, LCG). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

async function someAtOnce<T>(
  items: readonly T[],
  work: (item: T, at: number) => Promise<void>,
): Promise<void> {
  const left = items.entries();
  const worker = async () => {
    for (const [at, item] of left) await work(item, at);
  };
  await Promise.all(Array.from({ length: 6 }, worker));
}

it('access agrees with the example token of each of 300 users, over nested groups and composites', async () => {
  const { env } = await accountIn(realm);
  const made = [
    'create-scope',
    '--preset',
    'chatgpt',
    '--resource',
    RESOURCE,
    '--role',
    'finance,audit',
    '--no-existing',
  ];
  await expectCli(0, made, { env });
  const client = await addClient(realm, 'connector');
  const random = numbers(22);
  // Composites: some contain a gate, some contain those, some neither; one goes by a role of a client.
  await addRole(realm, 'offers');
  await addRole(realm, 'inner', ['finance']);
  await addRole(realm, 'middle', ['inner', 'offers']);
  await addRole(realm, 'outer', ['middle']);
  await addRole(realm, 'stranger', ['offers']);
  await addRole(realm, 'by-client');
  await realm.admin.post(realm.path(`clients/${client}/roles`), { name: 'boss' });
  const boss = await realm.admin.get<{ id: string }>(realm.path(`clients/${client}/roles/boss`));
  await realm.admin.post(realm.path(`roles-by-id/${boss.id}/composites`), [await roleIn(realm, 'audit')]);
  const { id: byClient } = await roleIn(realm, 'by-client');
  await realm.admin.post(realm.path(`roles-by-id/${byClient}/composites`), [boss]);
  const roles = ['finance', 'audit', 'offers', 'inner', 'middle', 'outer', 'stranger', 'by-client'];
  // Groups three deep; every third one has a role.
  const groups: { id: string; path: string }[] = [];
  for (let at = 0; at < 40; at++) {
    const above = at < 8 ? undefined : groups[random(at)];
    const name = `g${at}`;
    const id = await addGroup(realm, name, above?.id);
    groups.push({ id, path: `${above?.path ?? ''}/${name}` });
    if (at % 3 === 0) await grant(realm, 'groups', id, roles[random(roles.length)] ?? 'offers');
  }
  const plans = Array.from({ length: USERS }, (_, at) => ({
    username: `person-${at}`,
    groups: Array.from({ length: random(3) }, () => groups[random(groups.length)]?.path ?? ''),
    role: random(5) === 0 ? roles[random(roles.length)] : undefined,
  }));
  const users: { id: string; username: string }[] = [];
  await someAtOnce(plans, async ({ username, groups: paths, role }) => {
    const { id = '' } = await realm.admin.post(realm.path('users'), {
      username,
      enabled: true,
      groups: paths,
    });
    if (role !== undefined) await grant(realm, 'users', id, role);
    users.push({ id, username });
  });
  const tokens = new Set<string>();
  const check = async () => {
    tokens.clear();
    await someAtOnce(users, async ({ id, username }) => {
      if ((await exampleAudience(realm, client, id)).includes(RESOURCE)) tokens.add(username);
    });
    return [...tokens].sort();
  };
  const byToken = await check();
  const keycloak = await connected({ env });
  const all = await readRealmRoles(keycloak);
  const gates = all.filter(({ name }) => ['finance', 'audit'].includes(name));
  const reach = await readReach(keycloak, gates, await readRoleTree(keycloak, all));
  expect([...reach.people.values()].map(({ username }) => username).sort()).toEqual(byToken);
  // Neither nobody nor everybody: the comparison can fail.
  expect(byToken.length).toBeGreaterThan(60);
  expect(byToken.length).toBeLessThan(240);
  const { json } = await expectCli(0, ['access', RESOURCE, '--json'], { env });
  expect(json).toMatchObject({
    access: 'roles',
    people: { count: byToken.length, names: byToken.slice(0, 100) },
  });
  // A default role: everybody, and the tokens say so.
  await contain(realm, `default-roles-${realm.name}`, ['outer']);
  expect((await check()).length).toBe(USERS);
  const everybody = await expectCli(0, ['access', RESOURCE, '--json'], { env });
  expect(everybody.json).toMatchObject({ access: 'everybody', people: null });
}, 240_000);
