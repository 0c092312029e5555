import { inputError } from '../errors.ts';
import type { Keycloak } from '../keycloak/connection/connect.ts';
import { readAccess, readRealmRoles } from '../keycloak/read/access.ts';
import { readRecord } from '../keycloak/read/record.ts';
import { isHeld, readRoleTree } from '../keycloak/read/role-holders.ts';
import { compositeRoleError } from '../keycloak/write/write-access.ts';
import { nearMiss } from '../names/nearest.ts';
import {
  distinctRoles,
  gatesOf,
  isNobodyRole,
  isReservedRole,
  isSameRole,
  NOBODY_ROLE,
  newNobodyRole,
  type Role,
  type RoleName,
  roleLabel,
  roleLabelled,
} from '../realm/access.ts';
import { isAudienceScope, nameScopeOf } from '../realm/mcp-scope.ts';
import { completeServer, type McpServer, type NamedServer, scopeNames } from '../realm/mcp-server.ts';
import { type Access, accessIn, beforeOf, type Entry, type RealmRecord } from '../realm/record.ts';
import type { RealmSnapshot } from '../realm/snapshot.ts';
import { visible } from '../text.ts';
import type { Desired, DesiredRole } from './desired.ts';

/** A command's wish about who may use an MCP server. */
export interface AccessWish {
  /** `--role`: realm roles that let people in, beside those that do. */
  add: readonly string[];
  /** `--revoke`: roles that let people in no more. */
  revoke?: readonly string[];
  /** `--anybody`. */
  anybody?: boolean;
  /**
   * Exactly these roles, as `roleLabel` writes them; nobody where the list is empty. `add` and `revoke` don't count
   * then.
   */
  only?: readonly string[];
}

/** Facts that were read about who may use an MCP server, beside the roles that its scopes map. */
export interface AccessFacts {
  /** Every realm role. */
  roles: Role[];
  /** The roles that mcpkc last set; undefined where it never restricted the server, or opened it since. */
  remembered: Access | undefined;
  /** Names of roles that nobody may hold and somebody does: others replace them. */
  held?: readonly string[];
}

/** A plan of who may use an MCP server from now on. */
export interface AccessPlan {
  /** Empty where everybody may, and nothing is to be written. */
  desired: Pick<Desired, 'realmRoles' | 'access'>;
  /** The roles that let people in; undefined where everybody may. */
  gates: RoleName[] | undefined;
  /** The record's entry for it; undefined where it is to be forgotten, or needs none. */
  entry: Omit<Access, 'kind' | 'since' | 'by'> | undefined;
}

/**
 * Reads the facts about who may use an MCP server: a request for each existing scope, the realm's roles, and mcpkc's
 * record. `snapshot` is extended by what was read, so that a plan can be made from it; `server` returns with its roles and
 * ways. Without `wanted` the roles are read only where the server is restricted.
 */
export async function readAccessFacts<Server extends NamedServer>(
  keycloak: Keycloak,
  snapshot: RealmSnapshot,
  server: Server,
  wanted = true,
  known?: RealmRecord,
): Promise<{ server: Server; facts: AccessFacts; record: RealmRecord }> {
  const [access, record] = await Promise.all([
    readAccess(keycloak, snapshot, scopeNames(server)),
    known ?? readRecord(keycloak),
  ]);
  const remembered = accessIn(record, server.resource);
  const isRestricted = remembered !== undefined || access.some(({ roles: mapped }) => mapped.length > 0);
  const roles = wanted || isRestricted ? await readRealmRoles(keycloak) : [];
  Object.assign(snapshot, { access, roles, record });
  return { server: completeServer(server, snapshot), facts: { roles, remembered }, record };
}

/** Whether mcpkc restricted the server and nothing in the realm does any more: a plan then restricts it again. */
export function isRestrictedAgain({ roles }: McpServer, { remembered }: AccessFacts): boolean {
  return remembered !== undefined && roles?.gates === undefined;
}

/** Refuses roles that can't be a gate: names of mcpkc's own roles, and roles that contain others (ROLE_COMPOSITE). */
function requireGates(names: readonly string[], roles: readonly Role[]): void {
  for (const name of names) {
    if (name === '' || name.length > 255)
      throw inputError('--role', 'a role’s name has 1 to 255 characters', 'Name a realm role.');
    if (isReservedRole(name))
      throw inputError(
        '--role',
        `'${name}' is one of mcpkc’s own roles`,
        'Name a realm role that people have.',
      );
    if (roles.find((role) => role.client === null && role.name === name)?.composite === true)
      throw compositeRoleError(name);
  }
}

/**
 * Decides who may use a server. The mapped roles count. Where mcpkc restricted the server and nothing is mapped any
 * more, the record counts: a deletion never opens a server. It is about all scopes that carry or name the server, including
 * those that are yet to be made.
 */
export function planAccess(
  server: NamedServer,
  facts: AccessFacts,
  { add: more, revoke: less = [], anybody = false, only }: AccessWish,
): AccessPlan {
  const { resource } = server;
  const scopes = scopeNames(server);
  const mapped = server.roles?.mapped ?? [];
  if (anybody) return opened(server, mapped);
  const before = currentGates(facts, mapped);
  const labels = (before ?? []).map(roleLabel);
  const add = only?.filter((label) => !labels.includes(label)) ?? more;
  const revoke = only === undefined ? less : labels.filter((label) => !only.includes(label));
  requireGates(add, facts.roles);
  const wished = add.map((name): RoleName => ({ client: null, name }));
  const revoked = revoke.map((label) => labelled(label, before ?? []));
  if (before === undefined && wished.length === 0 && only === undefined)
    return { desired: {}, gates: undefined, entry: undefined };
  const kept = (before ?? []).filter((role) => !revoked.some((one) => isSameRole(one, role)));
  const gates = distinctRoles([...kept.map(nameOf), ...wished]);
  // Restricted by somebody else's hand, and nothing was asked for: it stays as it is.
  const isTheirs =
    facts.remembered === undefined && wished.length === 0 && revoked.length === 0 && only === undefined;
  const nobody = isTheirs ? mapped.filter(isNobodyRole).map(nameOf) : [nobodyFor(facts, mapped)];
  const all = [...gates, ...nobody];
  const why = 'so that only those who have one of these roles get the audience';
  return {
    desired: {
      realmRoles: all.flatMap((role) => missing(role, facts)),
      access: scopes.map((scope) => ({ scope, roles: all, why })),
    },
    gates,
    entry: isTheirs ? undefined : { resource, roles: gates.map(roleLabel).sort() },
  };
}

const nameOf = ({ client, name }: RoleName): RoleName => ({ client, name });

/** The roles that let people in now; undefined where everybody may. */
function currentGates({ remembered, roles }: AccessFacts, mapped: readonly Role[]): RoleName[] | undefined {
  if (mapped.length > 0) return gatesOf(mapped).map(nameOf);
  // Client roles of the record can't be told from realm roles by their label alone: none of them is made anew.
  return remembered?.roles.map((label) =>
    nameOf(roleLabelled(roles, label) ?? { client: null, name: label }),
  );
}

function labelled(label: string, gates: readonly RoleName[]): RoleName {
  const found = roleLabelled(gates, label);
  if (found) return found;
  const known = gates.map(roleLabel).join(', ') || 'none';
  throw inputError(
    '--revoke',
    `'${label}' is none of the roles that let people in (${known})`,
    'Name one of them.',
  );
}

/**
 * The role that nobody holds: the one that is mapped, else the usual one; a new one where that one is composite or
 * held.
 */
function nobodyFor({ roles, held = [] }: AccessFacts, mapped: readonly Role[]): RoleName {
  const isSound = ({ name, composite }: Role) => !composite && !held.includes(name);
  const sound = mapped.filter(isNobodyRole).find(isSound);
  if (sound) return nameOf(sound);
  const usual = roles.find(({ client, name }) => client === null && name === NOBODY_ROLE);
  return { client: null, name: usual === undefined || isSound(usual) ? NOBODY_ROLE : newNobodyRole() };
}

function missing(role: RoleName, { roles }: AccessFacts): DesiredRole[] {
  if (role.client !== null || roles.some((one) => isSameRole(one, role))) return [];
  return [
    isNobodyRole(role)
      ? {
          name: role.name,
          description:
            'Nobody has this role, and nobody may: it keeps MCP servers shut when the roles that open them are deleted.',
          why: 'so that deleting the other roles shuts the server, and never opens it',
        }
      : {
          name: role.name,
          description: 'May use an MCP server (mcpkc access).',
          why: `so that it can be granted to people and groups; nobody has it yet${likeOf(role, roles)}`,
        },
  ];
}

/** A role that is there and has nearly the name of one that is to be made. */
function likeOf({ name }: RoleName, roles: readonly Role[]): string {
  const near = nearMiss(
    name,
    roles.filter((one) => one.client === null && !isNobodyRole(one)).map((one) => one.name),
  );
  return near === undefined ? '' : `. The realm has a role ${visible(near)}: is that one meant?`;
}

function opened({ scopes: { named }, carriers }: McpServer, mapped: readonly Role[]): AccessPlan {
  const why = 'since everybody in the realm may use the MCP server';
  const some = [...new Set([...(named ? [named.name] : []), ...carriers])];
  return {
    desired: mapped.length === 0 ? {} : { access: some.map((scope) => ({ scope, roles: [], why })) },
    gates: undefined,
    entry: undefined,
  };
}

/** A wish extended by who may use the server, and by the record's entry about it. */
export function withAccess(desired: Desired, plan: AccessPlan, since: string, by: string): Desired {
  const entries = accessEntry(plan, since, by);
  return {
    ...desired,
    ...plan.desired,
    ...(entries.length === 0 ? {} : { remember: [...(desired.remember ?? []), ...entries] }),
  };
}

/** The record's entry about it, with the moment and who ran it. */
export function accessEntry({ entry }: AccessPlan, since: string, by: string): Entry[] {
  return entry === undefined ? [] : [{ kind: 'access', ...entry, since, by }];
}

/** The roles among these that the scopes of no other MCP server map. */
export async function findUnmapped(
  keycloak: Keycloak,
  snapshot: RealmSnapshot,
  own: readonly string[],
  roles: readonly Role[],
): Promise<Role[]> {
  const others = snapshot.scopes
    .filter((scope) => isAudienceScope(scope) || nameScopeOf(scope) !== undefined)
    .map(({ name }) => name)
    .filter((name) => !own.includes(name));
  const mapped = (await readAccess(keycloak, snapshot, others)).flatMap((one) => one.roles);
  return roles.filter((role) => !mapped.some((one) => isSameRole(one, role)));
}

/** Outcome for a retired server's roles. */
export interface RetiredRoles {
  /** Roles that mcpkc made and that nothing needs any more; they are removed after the scopes. */
  desired: Pick<Desired, 'realmRoles'>;
  /** Roles that mcpkc made and that somebody has: they stay. */
  kept: string[];
  /** The record's entry, to be forgotten. */
  remembered: Access | undefined;
}

/**
 * Sorts the roles of a retired server. A role is removed where mcpkc made it, no other server is bound to it, and
 * nobody has it. A role that people have may mean something elsewhere. Reads nothing more where the server isn't
 * restricted.
 */
export async function sortRetiredRoles(
  keycloak: Keycloak,
  snapshot: RealmSnapshot,
  scopes: readonly string[],
  { resource, record }: { resource: string; record: RealmRecord },
): Promise<RetiredRoles> {
  const remembered = accessIn(record, resource);
  const mapped = distinctRoles((await readAccess(keycloak, snapshot, scopes)).flatMap(({ roles }) => roles));
  const realmRoles = mapped.filter(({ client }) => client === null);
  const isOurs = (role: Role) =>
    isNobodyRole(role) || beforeOf(record, 'realm-role', role.name)?.value === null;
  const ours = realmRoles.filter(isOurs);
  if (ours.length === 0) return { desired: {}, kept: [], remembered };
  const free = await findUnmapped(keycloak, snapshot, scopes, ours);
  const tree = await readRoleTree(keycloak);
  snapshot.roles = tree.roles;
  const gone: Role[] = [];
  for (const role of free) if (!(await isHeld(keycloak, role, tree))) gone.push(role);
  const why = 'since mcpkc made it, nobody has it, and no MCP server is bound to it any more';
  return {
    desired: { realmRoles: gone.map(({ name }) => ({ name, description: '', why, absent: true as const })) },
    kept: free.filter((role) => !gone.includes(role)).map(({ name }) => name),
    remembered,
  };
}

/** The roles that let people in from now on, as far as they are there already. */
export function gateRolesOf(server: McpServer, { roles }: AccessFacts, { gates }: AccessPlan): Role[] {
  const known = [...roles, ...(server.roles?.mapped ?? [])];
  return distinctRoles(known).filter((role) => gates?.some((gate) => isSameRole(gate, role)));
}
