import { audienceOf } from '../../src/keycloak/read/example-token.ts';
import type { Realm, RealmUser } from './keycloak/realm.ts';
import type { Representation } from './keycloak/snapshot.ts';

/** A realm role as Keycloak represents it. */
export async function roleIn(realm: Realm, name: string): Promise<Representation & { id: string }> {
  return realm.admin.get(realm.path(`roles/${encodeURIComponent(name)}`));
}

/** Makes a realm role that contains others, if told. */
export async function addRole(realm: Realm, name: string, parts: readonly string[] = []): Promise<void> {
  await realm.admin.post(realm.path('roles'), { name });
  if (parts.length > 0) await contain(realm, name, parts);
}

/** Puts roles into a role. */
export async function contain(realm: Realm, name: string, parts: readonly string[]): Promise<void> {
  const { id } = await roleIn(realm, name);
  const roles = await Promise.all(parts.map((part) => roleIn(realm, part)));
  await realm.admin.post(realm.path(`roles-by-id/${id}/composites`), roles);
}

/** Grants a role to a user, or to a group, by internal id. */
export async function grant(realm: Realm, kind: 'users' | 'groups', id: string, role: string): Promise<void> {
  await realm.admin.post(realm.path(`${kind}/${id}/role-mappings/realm`), [await roleIn(realm, role)]);
}

/** Takes a role from a user or a group. */
export async function withdraw(
  realm: Realm,
  kind: 'users' | 'groups',
  id: string,
  role: string,
): Promise<void> {
  await realm.admin.del(realm.path(`${kind}/${id}/role-mappings/realm`), [await roleIn(realm, role)]);
}

/** Makes a group, below another if told; gives its internal id. */
export async function addGroup(realm: Realm, name: string, parent?: string): Promise<string> {
  const path = parent === undefined ? 'groups' : `groups/${parent}/children`;
  const { id } = await realm.admin.post(realm.path(path), { name });
  if (!id) throw new Error(`Keycloak made the group ${name} and did not say its id.`);
  return id;
}

/** Puts a user into a group. */
export async function join(realm: Realm, user: RealmUser, group: string): Promise<void> {
  await realm.admin.put(realm.path(`users/${user.id}/groups/${group}`));
}

/** The audiences of the token that Keycloak would issue to a client for a user. */
export async function exampleAudience(realm: Realm, client: string, userId: string): Promise<string[]> {
  const path = `clients/${client}/evaluate-scopes/generate-example-access-token?scope=openid&userId=${userId}`;
  return audienceOf(await realm.admin.get<Record<string, unknown>>(realm.path(path)));
}

/** Alice has the role by a group, Carol by a composite, Erin by a group below one; Bob and Dave have none. */
export interface People {
  alice: RealmUser;
  bob: RealmUser;
  carol: RealmUser;
  dave: RealmUser;
  erin: RealmUser;
}

/** Makes the five, and what gives them the role, which has to be there. */
export async function peopleOf(realm: Realm, role: string): Promise<People> {
  const user = (username: string) => realm.createUser({ username });
  const [alice, bob, carol, dave, erin] = await Promise.all([
    user('alice'),
    user('bob'),
    user('carol'),
    user('dave'),
    user('erin'),
  ]);
  const team = await addGroup(realm, 'team');
  await grant(realm, 'groups', team, role);
  await join(realm, alice, team);
  await join(realm, erin, await addGroup(realm, 'below', team));
  await addRole(realm, 'staff', [role]);
  await grant(realm, 'users', carol.id, 'staff');
  return { alice, bob, carol, dave, erin };
}
