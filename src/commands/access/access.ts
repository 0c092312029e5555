import type { Context } from '../../cli/command.ts';
import type { Report } from '../../cli/report.ts';
import type { Config } from '../../config/load.ts';
import { inputError, McpkcError } from '../../errors.ts';
import { noteFile } from '../../fleet/hint.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { ifAllowed } from '../../keycloak/connection/failures.ts';
import { readRealm } from '../../keycloak/read/realm.ts';
import {
  findHolderNamed,
  isHeld,
  type RoleTree,
  readDirectRoles,
  readReach,
  readRoleTree,
} from '../../keycloak/read/role-holders.ts';
import { holderOf } from '../../keycloak/write/lock.ts';
import { deedBy, deedOf, writeRecord } from '../../keycloak/write/record.ts';
import { differenceOf } from '../../names/resource-url.ts';
import {
  type AccessFacts,
  type AccessPlan,
  accessEntry,
  findUnmapped,
  planAccess,
  readAccessFacts,
} from '../../plan/access.ts';
import { agreeToPlan } from '../../plan/agree.ts';
import { applyAndVerify } from '../../plan/apply.ts';
import type { Desired } from '../../plan/desired.ts';
import { scopeWish } from '../../plan/input.ts';
import { planFor } from '../../plan/kinds/index.ts';
import { removeLeftBehind } from '../../plan/leftovers.ts';
import { collectNarrowingReservations } from '../../plan/losing.ts';
import { planStatus, type RealmPlan } from '../../plan/plan.ts';
import { commonReservations } from '../../plan/reservations.ts';
import {
  distinctRoles,
  isNobodyRole,
  isSameRole,
  NOBODY_ROLE,
  type RoleName,
  rolesOf,
} from '../../realm/access.ts';
import { audiencesOf } from '../../realm/audiences.ts';
import { freeName, otherResourceOf, requireOwnScope } from '../../realm/mcp-scope.ts';
import { mcpServerIn, type NamedServer, scopeNames } from '../../realm/mcp-server.ts';
import type { RealmSnapshot, RoleHolder } from '../../realm/snapshot.ts';
import { count, formatCommand, visible } from '../../text.ts';
import { type AccessAnswer, accessDocument, accessText } from './text.ts';

/** The request to `access`. */
export interface AccessInput {
  resource: string;
  scope: string | undefined;
  /** Realm roles that let people in from now on. */
  add: string[];
  /** Roles that no longer let people in. */
  revoke: string[];
  anybody: boolean;
  /** Groups that the role is granted to. */
  groups: string[];
  users: string[];
  dryRun: boolean;
  yes: boolean;
}

/** The MCP server as it is, and what was read about the people who may use it. */
interface ServerWithPeople extends NamedServer {
  snapshot: RealmSnapshot;
  facts: AccessFacts;
  tree: RoleTree;
}

/** Runs `mcpkc access`: shows who may use an MCP server, and changes it where that was asked for. */
export async function changeAccess(
  context: Context,
  config: Config,
  keycloak: Keycloak,
  input: AccessInput,
): Promise<Report> {
  const isAsked = input.anybody || [input.add, input.revoke, input.groups, input.users].flat().length > 0;
  if (isAsked && !input.dryRun) await removeLeftBehind(context, keycloak, 'access');
  const mcpServer = await readServer(config, keycloak, input);
  const planned = isAsked ? planAccess(mcpServer, mcpServer.facts, input) : undefined;
  const desired = planned ? await desiredFor(keycloak, mcpServer, planned, input) : {};
  const plan = planFor(desired, mcpServer.snapshot);
  warnOfDefaults(context, mcpServer, input);
  if (!input.dryRun && planned) {
    if (plan.length > 0)
      await agreeToPlan(context, keycloak, {
        plan,
        reservations: [
          ...commonReservations(keycloak.realm, plan),
          ...(await collectNarrowingReservations(keycloak, {
            server: mcpServer,
            facts: mcpServer.facts,
            gates: planned.gates,
          })),
        ],
        yes: input.yes,
      });
    await apply(context, keycloak, mcpServer, { plan, desired, planned });
    const { resource, scope } = mcpServer;
    await noteFile(context, config, { resource, scope, access: planned });
  }
  const gates = planned ? planned.gates : mcpServer.roles?.gates;
  return report(context, keycloak, mcpServer, { gates, plan, dryRun: input.dryRun, isAsked });
}

async function readServer(config: Config, keycloak: Keycloak, input: AccessInput): Promise<ServerWithPeople> {
  const { resource } = input;
  const snapshot = await readRealm(keycloak);
  const wish = scopeWish(config, resource, { scope: input.scope });
  const found = mcpServerIn(snapshot, wish);
  requireOwnScope(found.scope, wish, snapshot);
  const { named } = found.scopes;
  const owner = otherResourceOf(named, resource);
  if (!named || owner !== undefined) {
    const isPath = owner !== undefined && differenceOf(owner, resource) === 'path';
    const free = isPath ? freeName(resource, snapshot) : undefined;
    throw noScopeError(keycloak, input, found.scope, { owner, free });
  }
  const { server, facts } = await readAccessFacts(keycloak, snapshot, found);
  const tree = await readRoleTree(keycloak, facts.roles);
  facts.held = await heldNobodies(keycloak, server, facts, tree);
  return { ...server, snapshot, facts, tree };
}

/**
 * `owner`: the URL whose scope has that name, to which a slip of the keys leads at the same host. `free`: a name for a
 * scope of its own, where the usual one would take the other server's over.
 */
function noScopeError(
  { realm }: Keycloak,
  { resource, add }: AccessInput,
  scope: string,
  { owner, free }: { owner: string | undefined; free: string | undefined },
): McpkcError {
  const meant = owner === undefined ? '' : ` That scope is of ${visible(owner)}: is that one meant?`;
  const message = `Realm '${realm}' has no client scope '${visible(scope)}' for ${visible(resource)}: no token names that server.${meant}`;
  const roles = add.length === 0 ? [] : [['--role', add.join(',')] as const];
  const scopes = free === undefined ? [] : [['--scope', free] as const];
  const fix = `To make it:\n${formatCommand(['create-scope', ['--resource', resource], ...scopes, ...roles])}`;
  return new McpkcError('SCOPE_NOT_FOUND', message, fix);
}

/** Roles that nobody may hold and somebody does; none where the account may not see it. */
async function heldNobodies(
  keycloak: Keycloak,
  server: NamedServer,
  { roles }: AccessFacts,
  tree: RoleTree,
): Promise<string[]> {
  const mapped = server.roles?.mapped ?? [];
  const asked = distinctRoles([...mapped, ...roles.filter(({ name }) => name === NOBODY_ROLE)]).filter(
    isNobodyRole,
  );
  const held: string[] = [];
  for (const role of asked) {
    if (await ifAllowed(() => isHeld(keycloak, role, tree))) held.push(role.name);
  }
  return held;
}

async function desiredFor(
  keycloak: Keycloak,
  mcpServer: ServerWithPeople,
  planned: AccessPlan,
  input: AccessInput,
): Promise<Desired> {
  const holders = await roleHolders(keycloak, mcpServer, planned, input);
  const wanted = (planned.desired.access ?? []).flatMap(({ roles }) => roles);
  const superfluous = (mcpServer.roles?.mapped ?? [])
    .filter(isNobodyRole)
    .filter((role) => !wanted.some((one) => isSameRole(one, role)));
  const unused =
    superfluous.length === 0
      ? []
      : await findUnmapped(keycloak, mcpServer.snapshot, scopeNames(mcpServer), superfluous);
  const why = 'since no scope maps it any more';
  return {
    ...planned.desired,
    realmRoles: [
      ...(planned.desired.realmRoles ?? []),
      ...unused.map(({ name }) => ({ name, description: '', why, absent: true as const })),
    ],
    ...(holders.length > 0 ? { roleHolders: holders } : {}),
  };
}

/** Groups and users that the role is granted to; the snapshot learns which of them have it. */
async function roleHolders(
  keycloak: Keycloak,
  { snapshot }: ServerWithPeople,
  { gates = [] }: AccessPlan,
  { groups, users, add }: AccessInput,
): Promise<RoleHolder[]> {
  const named = [
    ...groups.map((name) => ({ kind: 'group' as const, name })),
    ...users.map((name) => ({ kind: 'user' as const, name })),
  ];
  if (named.length === 0) return [];
  const candidates =
    add.length > 0 ? add : gates.filter(({ client }) => client === null).map(({ name }) => name);
  const [role, second] = candidates;
  const option = groups.length > 0 ? '--group' : '--user';
  if (role === undefined)
    throw inputError(
      option,
      'no role lets people in that could be granted',
      'Name the role, too: --role <name>.',
    );
  if (second !== undefined)
    throw inputError(
      option,
      `which role? ${candidates.join(', ')} let people in`,
      `Name one: --role ${role}.`,
    );
  const there: RoleHolder[] = [];
  const wanted: RoleHolder[] = [];
  for (const { kind, name } of named) {
    const found = await findHolderNamed(keycloak, kind, name);
    if (!found)
      throw inputError(
        `--${kind}`,
        `there is no ${kind} '${visible(name)}' in realm '${keycloak.realm}'`,
        'Look it up in the admin console.',
      );
    const roles = await readDirectRoles(keycloak, kind, found.id);
    const holder = { role, kind, name: found.name };
    wanted.push(holder);
    if (roles.includes(role)) there.push(holder);
  }
  snapshot.roleHolders = there;
  return wanted;
}

/** A role that everybody has lets everybody in. */
function warnOfDefaults({ voice }: Context, { tree, facts }: ServerWithPeople, { add }: AccessInput): void {
  for (const name of add) {
    const role = facts.roles.find((one) => one.client === null && one.name === name);
    if (!role || tree.defaultRole === undefined) continue;
    if (!tree.containersOf(role.id).some(({ id }) => id === tree.defaultRole)) continue;
    voice.warn(
      `Everybody in the realm has the role '${visible(name)}' (it is a default role): with it everybody may use the server.`,
    );
  }
}

interface Applying {
  plan: RealmPlan;
  desired: Desired;
  planned: AccessPlan;
}

/**
 * Writes the record first where the server is restricted, and last where it is opened. So it never names less than what
 * holds.
 */
async function apply(
  context: Context,
  keycloak: Keycloak,
  mcpServer: ServerWithPeople,
  { plan, desired, planned }: Applying,
): Promise<void> {
  const { io, signal, voice } = context;
  const holder = holderOf(io, 'access');
  const by = deedBy(holder);
  const since = new Date(keycloak.serverNow()).toISOString();
  const { remembered } = mcpServer.facts;
  const entries = accessEntry(planned, since, by);
  const isKnown = (entry: { roles: string[] }) =>
    JSON.stringify(entry.roles) === JSON.stringify(remembered?.roles);
  const fresh = entries.filter((entry) => entry.kind !== 'access' || !isKnown(entry));
  if (plan.length === 0 && fresh.length === 0 && (entries.length > 0 || !remembered)) return;
  if (plan.length > 0)
    await applyAndVerify(keycloak, plan, { ...desired, remember: fresh }, mcpServer.snapshot, {
      io,
      holder,
      signal,
      warn: (text) => voice.warn(text),
    });
  const what =
    planned.gates === undefined
      ? `everybody may use ${mcpServer.resource}`
      : `${count(planned.gates.length, 'role')} for ${mcpServer.resource}`;
  await writeRecord(keycloak, {
    remember: [
      ...(plan.length > 0 ? [] : fresh),
      deedOf(io, planned.gates === undefined ? 'opened' : 'restricted', what, by),
    ],
    forget: planned.gates === undefined && remembered ? [remembered] : [],
  });
}

interface Reported {
  gates: readonly RoleName[] | undefined;
  plan: RealmPlan;
  dryRun: boolean;
  isAsked: boolean;
}

async function report(
  { voice }: Context,
  keycloak: Keycloak,
  mcpServer: ServerWithPeople,
  { gates, plan, dryRun, isAsked }: Reported,
): Promise<Report> {
  const { resource, scope, mode, roles: now, snapshot, facts } = mcpServer;
  // Things that the plan made or granted are looked at again; nothing was written without a plan.
  const isWritten = !dryRun && plan.length > 0;
  const tree = isWritten ? await readRoleTree(keycloak) : mcpServer.tree;
  const known = distinctRoles([...tree.roles, ...(now?.mapped ?? [])]);
  const roles = (gates ?? []).flatMap((gate) => known.find((role) => isSameRole(role, gate)) ?? []);
  const reach = await readReach(keycloak, roles, tree, (read) =>
    voice.progress(`${count(read, 'person', 'people')} read`),
  );
  voice.progress(undefined);
  const { server, realm } = keycloak;
  const answer: AccessAnswer = {
    server,
    realm,
    resource,
    scope,
    mode,
    gates,
    remembered: facts.remembered?.roles,
    reach,
    isFailClosed:
      isAsked || scopeNames(mcpServer).every((one) => rolesOf(snapshot.access ?? [], one).some(isNobodyRole)),
    byHand: gates !== undefined && facts.remembered === undefined && !isAsked,
    around: around(mcpServer),
    plan,
    dryRun,
    isAsked,
  };
  return {
    command: 'access',
    exitStatus: planStatus(plan, dryRun),
    server,
    realm,
    document: accessDocument(answer),
    text: (style) => accessText(answer, style),
  };
}

/** Other scopes with the same audience: anybody who gets it by one of them needs no role of this server's. */
function around(mcpServer: ServerWithPeople): string[] {
  const { resource, snapshot } = mcpServer;
  const scopes = scopeNames(mcpServer);
  return snapshot.scopes
    .filter(({ name }) => !scopes.includes(name))
    .filter((one) => audiencesOf(one).includes(resource))
    .map(({ name }) => name);
}
