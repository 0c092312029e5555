import type { McpkcError } from '../../errors.ts';
import type { Role } from '../../realm/access.ts';
import type { RoleHolder } from '../../realm/snapshot.ts';
import type { Keycloak } from '../connection/connect.ts';
import { type Attempt, ifAllowed, statusOf } from '../connection/failures.ts';
import { getPath } from '../connection/get.ts';
import { listOf, mapSome } from '../connection/lists.ts';
import { readRealmRoles } from './access.ts';
import { findClientById } from './clients.ts';

/** A user as far as people are counted and named. */
export interface Person {
  id: string;
  username: string;
  enabled: boolean;
}

/** A group by which people have a role, and how many are in it. */
export interface GroupReach {
  path: string;
  members: number;
}

/** The ways by which people have a role that lets them in. */
export interface GateReach {
  role: Role;
  /** It is a default role, or in one: everybody has it. */
  isDefault: boolean;
  /** Composite roles that contain it, however deep. */
  containers: Role[];
  /** The number of users who have it, or a composite role that contains it, by a grant of their own. */
  direct: number;
  /** Groups that have it, or such a composite, and the groups below them. */
  groups: GroupReach[];
  /** Internal ids of all who have it; not read where everybody has it. */
  users: ReadonlySet<string>;
}

/** The holders of one of several roles. */
export interface Reach {
  gates: GateReach[];
  /** Everybody who has one of them, by internal id; empty where everybody has one. */
  people: ReadonlyMap<string, Person>;
  everybody: boolean;
  /** Parts that could not be looked at, and the roles that they take, as sentences. */
  hidden: string[];
}

const LOOK: Attempt = { what: 'read who has a role', role: 'view-users' };
const ROLES: Attempt = { what: 'read what composite roles contain', role: 'view-realm' };
const GROUPS: Attempt = { what: 'read the groups that have a role', role: 'view-users' };

/** Users of a page: 10,000 take 20 requests (26.7.4: pages of 500 are the quickest for all). */
const PAGE = 500;

type Raw = Record<string, unknown>;

const text = (value: unknown) => (typeof value === 'string' ? value : '');
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** The containment of roles: composite roles of the realm, and the client roles that one meets on the way. */
export interface RoleTree {
  /** Every realm role. */
  roles: Role[];
  /** Internal id of the role that every user gets; what it contains, everybody has. */
  defaultRole: string | undefined;
  /** The roles that contain one, however deep, by its internal id. */
  containersOf(id: string): Role[];
}

/**
 * Reads which roles contain which: one request for each composite role. Nothing in Keycloak lists the composites that
 * contain a role (26.7.4). A client role that no realm role contains is not met: to find those takes a look at all clients.
 */
export async function readRoleTree(keycloak: Keycloak, known?: readonly Role[]): Promise<RoleTree> {
  const { realm } = keycloak;
  const [roles, settings] = await Promise.all([
    known ?? readRealmRoles(keycloak),
    keycloak.read({ ...ROLES, what: 'read the default role' }, (admin) => admin.realms.findOne({ realm })),
  ]);
  const met = new Map(roles.map((role) => [role.id, role]));
  const parents = new Map<string, Set<string>>();
  let open = roles.filter(({ composite }) => composite);
  while (open.length > 0) {
    const found = await mapSome(open, async (role) => ({ role, parts: await partsOf(keycloak, role) }));
    open = [];
    for (const { role, parts } of found) {
      for (const part of parts) {
        const above = parents.get(part.id) ?? new Set();
        parents.set(part.id, above.add(role.id));
        if (met.has(part.id)) continue;
        met.set(part.id, part);
        if (part.composite) open.push(part);
      }
    }
  }
  return {
    roles: [...roles],
    defaultRole: isText(settings?.defaultRole?.id) ? settings.defaultRole.id : undefined,
    containersOf: (id) => above(id, parents).flatMap((one) => met.get(one) ?? []),
  };
}

function above(id: string, parents: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const met = new Set<string>();
  const open = [...(parents.get(id) ?? [])];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (one === id || met.has(one)) continue;
    met.add(one);
    open.push(...(parents.get(one) ?? []));
  }
  return [...met];
}

async function partsOf(keycloak: Keycloak, { id }: Role): Promise<Role[]> {
  const found = await keycloak.read(ROLES, (admin) => admin.roles.getCompositeRoles({ id }));
  return listOf(found as Raw[], ROLES).map((raw) => {
    const ofClient = raw.clientRole === true;
    return {
      // The client id of a client role is looked up where it is shown.
      client: ofClient ? text(raw.containerId) : null,
      name: text(raw.name),
      id: text(raw.id),
      composite: raw.composite === true,
      ...(ofClient ? { clientUuid: text(raw.containerId) } : {}),
    };
  });
}

/**
 * Reads who has one of some roles: directly, by groups and the groups below them, by composite roles. The number of requests
 * grows with the groups that have one and with the people, never with the realm's clients.
 */
export async function readReach(
  keycloak: Keycloak,
  gates: readonly Role[],
  tree: RoleTree,
  onPeople: (read: number) => void = () => {},
): Promise<Reach> {
  const people = new Map<string, Person>();
  const hidden = new Set<string>();
  const look = new HolderLook(keycloak, hidden, (page) => {
    for (const person of page) people.set(person.id, person);
    onPeople(people.size);
  });
  const reached: GateReach[] = [];
  for (const role of gates) {
    const containers = tree.containersOf(role.id);
    const isDefault = [role, ...containers].some(({ id }) => id === tree.defaultRole);
    const named = await mapSome(containers, (one) => withClientId(keycloak, one));
    const nothing = { direct: 0, groups: [], users: new Set<string>() };
    const found = isDefault ? nothing : await look.at([role, ...containers]);
    reached.push({ role, isDefault, containers: named, ...found });
  }
  const everybody = reached.some(({ isDefault }) => isDefault);
  return { gates: reached, people: everybody ? new Map() : people, everybody, hidden: [...hidden] };
}

/** A client role with the client id of its client. */
async function withClientId(keycloak: Keycloak, role: Role): Promise<Role> {
  if (role.clientUuid === undefined) return role;
  const client = await findClientById(keycloak, role.clientUuid);
  return { ...role, client: client?.clientId ?? role.clientUuid };
}

/** The path under which a role's users and groups are listed. */
function placeOf({ name, clientUuid }: Role): string {
  const role = `roles/${encodeURIComponent(name)}`;
  return clientUuid === undefined ? role : `clients/${encodeURIComponent(clientUuid)}/${role}`;
}

/** Looks at the holders of roles; a group that several roles have is looked at once. */
class HolderLook {
  readonly #keycloak: Keycloak;
  readonly #hidden: Set<string>;
  readonly #onPage: (page: readonly Person[]) => void;
  readonly #members = new Map<string, Promise<Person[]>>();
  readonly #below = new Map<string, Promise<Group[]>>();

  constructor(keycloak: Keycloak, hidden: Set<string>, onPage: (page: readonly Person[]) => void) {
    this.#keycloak = keycloak;
    this.#hidden = hidden;
    this.#onPage = onPage;
  }

  async at(roles: readonly Role[]): Promise<Pick<GateReach, 'direct' | 'groups' | 'users'>> {
    const users = new Set<string>();
    const groups = new Map<string, Group>();
    const direct = new Set<string>();
    await mapSome(roles, async (role) => {
      const place = placeOf(role);
      const [people, own] = await Promise.all([
        this.#people(`${place}/users`),
        this.#seen([], () => groupsAt(this.#keycloak, `${place}/groups`)),
      ]);
      for (const { id } of people) {
        users.add(id);
        direct.add(id);
      }
      for (const group of own) groups.set(group.id, group);
    });
    const all = new Map<string, Group>();
    const walk = async (group: Group): Promise<void> => {
      if (all.has(group.id)) return;
      all.set(group.id, group);
      for (const child of await this.#groupsBelow(group)) await walk(child);
    };
    await mapSome([...groups.values()], walk);
    const counted = await mapSome([...all.values()], async ({ id, path }) => {
      const members = await this.#membersOf(id);
      for (const member of members) users.add(member.id);
      return { path, members: members.length };
    });
    const byPath = (a: GroupReach, b: GroupReach) => (a.path < b.path ? -1 : 1);
    return { direct: direct.size, groups: counted.sort(byPath), users };
  }

  #membersOf(id: string): Promise<Person[]> {
    const known = this.#members.get(id) ?? this.#people(`groups/${encodeURIComponent(id)}/members`);
    this.#members.set(id, known);
    return known;
  }

  #groupsBelow(group: Group): Promise<Group[]> {
    if (group.leaf) return Promise.resolve([]);
    const path = `groups/${encodeURIComponent(group.id)}/children`;
    const known = this.#below.get(group.id) ?? this.#seen([], () => groupsAt(this.#keycloak, path));
    this.#below.set(group.id, known);
    return known;
  }

  #people(path: string): Promise<Person[]> {
    return this.#seen([], async () => {
      const all: Person[] = [];
      for (let first = 0; ; first += PAGE) {
        const page = await peopleAt(this.#keycloak, path, first, PAGE);
        all.push(...page);
        this.#onPage(page);
        if (page.length < PAGE) return all;
      }
    });
  }

  /** A part that the account may not see is named, and nothing is claimed of it. */
  async #seen<T>(otherwise: T, read: () => Promise<T>): Promise<T> {
    const hide = ({ details }: McpkcError) => {
      this.#hidden.add(
        `Who has a role is not visible to this account: it lacks the role '${details?.role}'.`,
      );
      return otherwise;
    };
    try {
      return await ifAllowed(read, hide);
    } catch (error) {
      // Deleted while it was looked at: nobody has it by that any more.
      if (statusOf(error) === 404) return otherwise;
      throw error;
    }
  }
}

interface Group {
  id: string;
  path: string;
  /** It has no groups below it. */
  leaf: boolean;
}

async function peopleAt(keycloak: Keycloak, path: string, first: number, max: number): Promise<Person[]> {
  const query = `first=${first}&max=${max}&briefRepresentation=true`;
  const found = listOf((await getPath(keycloak, LOOK, `${path}?${query}`)) as Raw[], LOOK);
  return found.map(({ id, username, enabled }) => ({
    id: text(id),
    username: text(username),
    enabled: enabled === true,
  }));
}

/** Groups, all of them: a list of roles' groups and of children alike takes `first` and `max` (26.4.0, 26.7.4). */
async function groupsAt(keycloak: Keycloak, path: string): Promise<Group[]> {
  const groups: Group[] = [];
  for (let first = 0; ; first += PAGE) {
    const query = `first=${first}&max=${PAGE}&briefRepresentation=true`;
    const page = listOf((await getPath(keycloak, GROUPS, `${path}?${query}`)) as Raw[], GROUPS);
    for (const { id, path: where, subGroupCount } of page)
      groups.push({ id: text(id), path: text(where), leaf: subGroupCount === 0 });
    if (page.length < PAGE) return groups;
  }
}

/** The most groups that are looked into for one person. */
const MOST_GROUPS = 50;

/**
 * One person who has one of some roles, an enabled one if there is one: for an example token. `unknown` where not all could be
 * looked at; undefined where nobody has one.
 */
export async function findHolder(
  keycloak: Keycloak,
  gates: readonly Role[],
  tree: RoleTree,
): Promise<Person | 'unknown' | undefined> {
  let other: Person | undefined;
  let looked = 0;
  const consider = (people: readonly Person[]): Person | undefined => {
    other ??= people[0];
    return people.find(({ enabled, username }) => enabled && !username.startsWith('service-account-'));
  };
  const roles = gates.flatMap((role) => [role, ...tree.containersOf(role.id)]);
  const each = roles.filter((role, at) => roles.findIndex(({ id }) => id === role.id) === at);
  for (const role of each) {
    const found = consider(await peopleAt(keycloak, `${placeOf(role)}/users`, 0, 20));
    if (found) return found;
  }
  for (const role of each) {
    const open = await groupsAt(keycloak, `${placeOf(role)}/groups`);
    for (let group = open.shift(); group !== undefined; group = open.shift()) {
      if (++looked > MOST_GROUPS) return other ?? 'unknown';
      const path = `groups/${encodeURIComponent(group.id)}`;
      const found = consider(await peopleAt(keycloak, `${path}/members`, 0, 20));
      if (found) return found;
      if (!group.leaf) open.push(...(await groupsAt(keycloak, `${path}/children`)));
    }
  }
  return other;
}

const EFFECTIVE: Attempt = { what: 'read the roles of a user', role: 'view-users' };

/** Whether a user has one of some roles, however: directly, by a group, by a composite, by default. */
export async function hasOneOf(keycloak: Keycloak, userId: string, gates: readonly Role[]): Promise<boolean> {
  const clients = [...new Set(gates.flatMap(({ clientUuid }) => clientUuid ?? []))];
  const found = await Promise.all([
    keycloak.read(EFFECTIVE, (admin) => admin.users.listCompositeRealmRoleMappings({ id: userId })),
    ...clients.map((clientUniqueId) =>
      keycloak.read(EFFECTIVE, (admin) =>
        admin.users.listCompositeClientRoleMappings({ id: userId, clientUniqueId }),
      ),
    ),
  ]);
  const ids = found.flat().map(({ id }) => text(id));
  return gates.some(({ id }) => ids.includes(id));
}

const DIRECT: Attempt = { what: 'read the roles of a group or a user', role: 'view-users' };

/** A group or a user that a person named, with its internal id; undefined where there is none. */
export async function findHolderNamed(
  keycloak: Keycloak,
  kind: RoleHolder['kind'],
  name: string,
): Promise<{ id: string; name: string } | undefined> {
  if (kind === 'user') {
    const found = await keycloak.read({ ...DIRECT, what: `find the user '${name}'` }, (admin) =>
      admin.users.find({ username: name, exact: true, max: 1 }),
    );
    const [user] = found;
    return user && { id: text(user.id), name: text(user.username) };
  }
  const path = name
    .split('/')
    .filter((part) => part !== '')
    .map(encodeURIComponent)
    .join('/');
  try {
    const found = (await getPath(
      keycloak,
      { ...DIRECT, what: `find the group '${name}'` },
      `group-by-path/${path}`,
    )) as Raw;
    return { id: text(found.id), name: text(found.path) };
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** Those of some roles that a group or a user has by a grant of its own. */
export async function readDirectRoles(
  keycloak: Keycloak,
  kind: RoleHolder['kind'],
  id: string,
): Promise<string[]> {
  const found = await keycloak.read(DIRECT, (admin) =>
    kind === 'user' ? admin.users.listRealmRoleMappings({ id }) : admin.groups.listRealmRoleMappings({ id }),
  );
  return found.map(({ name }) => text(name));
}

/** Those of some grants that are there; a group or user that is gone has none. */
export async function readRoleHolders(
  keycloak: Keycloak,
  wanted: readonly RoleHolder[],
): Promise<RoleHolder[]> {
  const there = await mapSome(wanted, async (holder) => {
    const found = await findHolderNamed(keycloak, holder.kind, holder.name);
    const roles = found ? await readDirectRoles(keycloak, holder.kind, found.id) : [];
    return roles.includes(holder.role) ? [holder] : [];
  });
  return there.flat();
}

/** Whether somebody or something has a role that nobody may have: a user, a group, or a composite role that contains it. */
export async function isHeld(keycloak: Keycloak, role: Role, tree: RoleTree): Promise<boolean> {
  if (tree.containersOf(role.id).length > 0) return true;
  const [people, groups] = await Promise.all([
    peopleAt(keycloak, `${placeOf(role)}/users`, 0, 1),
    groupsAt(keycloak, `${placeOf(role)}/groups`),
  ]);
  return people.length > 0 || groups.length > 0;
}
