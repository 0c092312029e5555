import type { Context } from '../cli/command.ts';
import type { Config } from '../config/config.ts';
import { McpkcError } from '../errors.ts';
import type { Keycloak } from '../keycloak/connection/connect.ts';
import { readAllAccess, readMappings, readRealmRoles } from '../keycloak/read/access.ts';
import { readClientsNamedLike } from '../keycloak/read/clients.ts';
import { readClientScopes } from '../keycloak/read/read.ts';
import { readRealm } from '../keycloak/read/realm.ts';
import { readRecord } from '../keycloak/read/record.ts';
import type { Preset } from '../products/preset.ts';
import { resolvePresets } from '../products/resolve.ts';
import { roleLabel } from '../realm/access.ts';
import { audiencesOf } from '../realm/audiences.ts';
import type { RealmList } from '../realm/lists.ts';
import { ATTRIBUTE, type Mode } from '../realm/marks.ts';
import { listFor, requireOwnScope } from '../realm/mcp-scope.ts';
import { completeServer, mcpServerIn, type NamedServer, putInMode, scopeNames } from '../realm/mcp-server.ts';
import {
  type Adopted,
  type Allowed,
  accessIn,
  allowancesOf,
  clientKeyOf,
  type Entry,
  entriesOf,
  NO_RECORD,
  type RealmRecord,
} from '../realm/record.ts';
import { entryName, entryText } from '../realm/record-attributes.ts';
import { type Client, type ClientScope, isKeycloakId } from '../realm/representations.ts';
import type { RealmSnapshot } from '../realm/snapshot.ts';
import type { Way } from '../realm/ways.ts';
import { formatCommand, listNames, visible } from '../text.ts';
import { type AccessFacts, type AccessPlan, isRestrictedAgain, planAccess, withAccess } from './access.ts';
import { type AllowTarget, requireWish, targetsOf } from './allow-targets.ts';
import { allowedEntry, withAllowed } from './allowed.ts';
import type { Desired } from './desired.ts';
import { requireEditablePolicies } from './editable-policies.ts';
import { type Hardening, hardenAsWanted, NOT_HARDENED } from './hardening.ts';
import { knownPresets, scopeWish } from './input.ts';
import { joinWishes } from './join-wishes.ts';
import { missingScopes } from './missing-scopes.ts';
import { keepAdopted, type Moving, readMoving } from './moving.ts';
import type { Change, RealmPlan, Reservation } from './plan.ts';
import { carriersFor, provision } from './provisioned.ts';
import { withoutRegistration } from './registration.ts';
import { collectServerReservations, commonReservations } from './reservations.ts';
import { planResourceClient, type ResourceClientPlan, withResourceClient } from './resource-client.ts';
import { freeOwnAccount, planStages, type Stage } from './stages.ts';

/** A product of a server, and how it connects. */
export interface ProductWish {
  /** Undefined where a client is made of redirect URIs alone. */
  preset: string | undefined;
  by: Way;
  clientId: string | undefined;
  redirectUris: readonly string[];
}

/** An MCP server as it is wanted; undefined is "as it is in the realm". */
export interface ServerWish {
  /** Canonical. */
  resource: string;
  mode: Mode | undefined;
  attach: Exclude<RealmList, 'none'> | undefined;
  /** Its tokens may open the other standing servers of the realm. */
  shared: boolean;
  scope: string | undefined;
  /** The people who may use it: everybody, or exactly those who have one of these roles. */
  access: 'anybody' | { roles: readonly string[] } | undefined;
  products: readonly ProductWish[];
}

/** The facts that several servers of a realm are planned with. */
export interface Planning {
  context: Pick<Context, 'io' | 'voice'>;
  config: Config;
  keycloak: Keycloak;
  /** The command's name, for the record. */
  command: string;
  /** The run's author, for the record. */
  by: string;
  /** Off with `harden: false`. */
  harden: boolean;
  /** Nothing is asked by a write, even one that the server refuses. */
  dryRun: boolean;
}

/** A server that is planned, or why it can't be: that one stops no other. */
export type PlannedServer = { wish: ServerWish } & (
  | { error: McpkcError }
  | {
      error: undefined;
      server: NamedServer;
      gates: AccessPlan['gates'];
      /** The changes that are about this server alone. */
      changes: RealmPlan;
      entries: readonly Allowed[];
    }
);

/** The changes of a realm for its servers. */
export interface PlannedServers {
  snapshot: RealmSnapshot;
  record: RealmRecord;
  /** In the order in which they are applied: mcpkc's own account is freed of the scopes first. */
  stages: readonly Stage[];
  plan: RealmPlan;
  servers: readonly PlannedServer[];
  /** Parts that need a person's word. */
  reservations: Reservation[];
  /** Notes for the operator; they stop nothing. */
  notes: string[];
}

/** A server on its way through planning. */
interface ServerInWork extends NamedServer {
  wish: ServerWish;
  presets: Preset[];
  targets: AllowTarget[];
  moving: Moving;
}

/**
 * Plans several servers of a realm as one: the realm is read once, all wishes are put together, and compared once. An
 * unchanged realm takes a fixed number of requests, however many servers there are. Reads only.
 */
export async function planServers(
  planning: Planning,
  wishes: readonly ServerWish[],
): Promise<PlannedServers> {
  const { config, keycloak } = planning;
  const account = config.clientId === undefined ? [] : [config.clientId];
  const resources = wishes.map(({ resource }) => resource);
  const scopes = readClientScopes(keycloak);
  const [snapshot, record, roles, mappings] = await Promise.all([
    readRealm(keycloak, [...account, ...resources], scopes),
    readRecord(keycloak),
    readRealmRoles(keycloak),
    scopes.then((all) => readMappings(keycloak, all.filter(isMarked))),
  ]);
  snapshot.record = record;
  const failed = new Map<ServerWish, McpkcError>();
  const attempt = async <T>(wish: ServerWish, work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof McpkcError) || !isOfServer(error)) throw error;
      failed.set(wish, error);
      return undefined;
    }
  };
  const servers: ServerInWork[] = [];
  for (const wish of wishes) {
    const mcpServer = await attempt(wish, () => readServer(planning, wish, snapshot, servers));
    if (mcpServer) servers.push(mcpServer);
  }
  const ids = servers.flatMap(({ targets }) => targets.map(({ clientId }) => clientId));
  const names = [...new Set(servers.flatMap(scopeNames))];
  const [clients, access] = await Promise.all([
    readClientsNamedLike(keycloak, ids),
    readAllAccess(keycloak, snapshot, names, roles, mappings),
  ]);
  addClients(snapshot, clients);
  Object.assign(snapshot, { access, roles });
  const complete = servers.map((mcpServer) => completeServer(mcpServer, snapshot));
  return assemble(planning, { wishes, servers: complete, snapshot, record, failed, attempt });
}

const isMarked = ({ attributes }: ClientScope) =>
  attributes[ATTRIBUTE.mode] !== undefined || attributes[ATTRIBUTE.audienceOf] !== undefined;

/** Failures of the whole realm, or of the way to it, stop all of its servers; these are about one of them. */
function isOfServer({ code }: McpkcError): boolean {
  return [
    'INPUT_INVALID',
    'SCOPE_TAKEN',
    'OLD_WINDOW',
    'ROLE_COMPOSITE',
    'CLIENT_ID_UNSAFE',
    'CLIENT_TAKEN',
  ].includes(code);
}

function addClients(snapshot: RealmSnapshot, clients: RealmSnapshot['clients']): void {
  for (const client of clients)
    if (!snapshot.clients.some(({ id }) => id === client.id)) snapshot.clients.push(client);
}

async function readServer(
  { config, keycloak }: Planning,
  wish: ServerWish,
  snapshot: RealmSnapshot,
  before: readonly ServerInWork[],
): Promise<ServerInWork> {
  const { resource } = wish;
  const named = scopeWish(config, resource, { scope: wish.scope });
  const server = mcpServerIn(snapshot, named, wish.mode ?? 'adopted');
  requireOwnScope(server.scope, named, snapshot);
  requireMcpScope(server);
  requireFree(server, before);
  requireAccess(server, wish, snapshot.record);
  if (server.window !== undefined) throw oldWindowError(server);
  const mode = wish.mode ?? server.mode;
  const list = wish.attach ?? listFor(mode, server.list);
  const wanted = putInMode(server, { mode, list });
  const known = knownPresets(config);
  const presetsBy = (by: Way) =>
    wish.products.filter((one) => one.by === by).flatMap(({ preset }) => preset ?? []);
  const targets = wish.products
    .filter(({ by }) => by !== 'registration')
    .flatMap(({ preset, by, clientId, redirectUris }) => {
      const asked = {
        presets: preset === undefined ? [] : resolvePresets([preset], known),
        by: by === 'document' ? ('document' as const) : ('client' as const),
        clientId,
        redirectUris,
      };
      // As allow: never a client of Keycloak's own or mcpkc's, nor somebody else's document.
      requireWish(asked, { realm: keycloak.realm, clientId: config.clientId });
      return targetsOf(asked, { ...server, issuer: { documents: false } });
    });
  const decided = [config.clientId, ...config.audiences.clients];
  const moving = await readMoving(keycloak, snapshot, wanted, known, decided);
  return { ...wanted, wish, presets: resolvePresets(presetsBy('registration'), known), targets, moving };
}

/**
 * An existing scope without mcpkc's mark and without this server's audience is somebody's, also where no application
 * can be seen to use it (`requireOwnScope`). A command that names it may take it over.
 */
function requireMcpScope({ scope, resource, scopes: { named } }: NamedServer): void {
  if (!named || named.attributes[ATTRIBUTE.mode] !== undefined || audiencesOf(named).includes(resource))
    return;
  const line = formatCommand(['create-scope', ['--resource', resource], ['--scope', scope], '--dry-run']);
  throw new McpkcError(
    'SCOPE_TAKEN',
    `The client scope '${scope}' is there, and is not one of ${visible(resource)}. A file takes over no such scope.`,
    `Name another in the file. Or take it over, by a command; what that changes:\n${line}`,
    { details: { scope } },
  );
}

/** A server that isn't there yet is opened to everybody by that word alone: a file without one tells nobody's mind. */
function requireAccess(
  { resource, scopes }: NamedServer,
  { access }: ServerWish,
  record: RealmRecord = NO_RECORD,
): void {
  if (access !== undefined || scopes.named !== undefined || accessIn(record, resource) !== undefined) return;
  throw new McpkcError(
    'INPUT_INVALID',
    `${visible(resource)} is new in this realm, and the file doesn’t name who may use it.`,
    'Write access: anybody for every user of the realm, or roles: [<role>]; roles: [] is nobody yet.',
  );
}

/** Two servers of a file that come to one scope: neither of them is there yet, or both name it. */
function requireFree({ scope, resource }: NamedServer, before: readonly ServerInWork[]): void {
  const other = before.find((one) => one.scope === scope);
  if (!other) return;
  throw new McpkcError(
    'SCOPE_TAKEN',
    `The client scope '${scope}' is the one of ${visible(other.resource)}, and ${visible(resource)} would take it, too.`,
    `Give one of them a name of its own in the file, such as: scope: ${scope}-2`,
    { details: { scope, heldBy: other.resource } },
  );
}

function oldWindowError({ scope, resource }: NamedServer): McpkcError {
  const line = formatCommand(['create-scope', ['--resource', resource], '--dry-run']);
  const message = `A run of mcpkc 0.1.0 keeps a window open for '${scope}' of ${resource}.`;
  return new McpkcError('OLD_WINDOW', message, `Settle it first; what that changes:\n${line}`);
}

/** The facts that planning goes on with once everything was read. */
interface Parts {
  wishes: readonly ServerWish[];
  servers: readonly ServerInWork[];
  snapshot: RealmSnapshot;
  record: RealmRecord;
  failed: Map<ServerWish, McpkcError>;
  attempt<T>(wish: ServerWish, work: () => T | Promise<T>): Promise<T | undefined>;
}

/** The wish of one server. */
interface Single {
  mcpServer: ServerInWork;
  access: AccessPlan;
  facts: AccessFacts;
  entries: Allowed[];
  desired: Desired;
  standIn: ResourceClientPlan;
  notes: string[];
}

/** The facts of the realm that each of its servers is planned with. */
interface Given {
  hardening: Hardening;
  snapshot: RealmSnapshot;
  /** The same with the names of the file's adopted servers among the optional scopes. */
  named: RealmSnapshot;
  record: RealmRecord;
  /** Whether a server of the file opens registration. */
  opens: boolean;
}

/**
 * The realm with the names of the file's adopted servers among its optional scopes, as they will be. A client that is
 * made holds them, as any client that is made later: so it is the same in a run that goes on where another was killed.
 */
function withNames(snapshot: RealmSnapshot, servers: readonly ServerInWork[]): RealmSnapshot {
  const names = servers.filter(({ mode }) => mode === 'adopted').map(({ scope }) => scope);
  const isOther = (name: string) => !names.includes(name);
  const named = names.map((name) => {
    const there = snapshot.scopes.find((one) => one.name === name);
    return {
      id: there?.id ?? '',
      name,
      description: '',
      protocol: 'openid-connect',
      attributes: {},
      mappers: [],
    };
  });
  return {
    ...snapshot,
    scopes: [...snapshot.scopes.filter(({ name }) => isOther(name)), ...named],
    optionalScopes: [...snapshot.optionalScopes.filter(isOther), ...names],
    defaultScopes: snapshot.defaultScopes.filter(isOther),
  };
}

async function assemble(planning: Planning, parts: Parts): Promise<PlannedServers> {
  const { keycloak, config } = planning;
  const { wishes, snapshot, record, failed } = parts;
  const checked: { mcpServer: ServerInWork; access: AccessPlan; facts: AccessFacts }[] = [];
  for (const mcpServer of parts.servers) {
    const done = await parts.attempt(mcpServer.wish, () => {
      for (const { clientId } of mcpServer.targets) requireUsable(planning, snapshot, clientId);
      return accessOf(mcpServer, snapshot, record);
    });
    if (done) checked.push({ mcpServer, ...done });
  }
  const hardening = await hardeningFor(
    planning,
    checked.map(({ mcpServer }) => mcpServer),
    snapshot,
    record,
  );
  // One server's products open registration, and anybody could take another server's URL as client id then.
  const opens = checked.some(({ mcpServer }) => mcpServer.presets.length > 0);
  const named = withNames(
    snapshot,
    checked.map(({ mcpServer }) => mcpServer),
  );
  const given = { hardening, snapshot, named, record, opens };
  const singles: Single[] = [];
  for (const one of checked) singles.push(await single(planning, one, given, singles));
  const freed = freeOwnAccount(
    { config, keycloak, snapshot },
    singles.flatMap(({ mcpServer }) => mcpServer.carriers),
  );
  const whole = withHardening(joinWishes(singles.map(({ desired }) => desired)), hardening);
  const desired = { ...whole, remember: freshEntries(whole.remember ?? [], record) };
  const stages = planStages(freed, desired, snapshot);
  const plan = stages.flatMap((stage) => stage.plan);
  await requireEditablePolicies(keycloak, plan, snapshot);
  const reservations = commonReservations(keycloak.realm, plan);
  for (const { mcpServer, facts, access, standIn } of singles) {
    const { wish, moving } = mcpServer;
    const taken = takenBy(mcpServer, snapshot, record);
    const one = {
      server: mcpServer,
      snapshot,
      facts,
      access,
      standIn,
      asksOfShared: !wish.shared,
      moving,
      taken,
    };
    reservations.push(...(await collectServerReservations(planning, one)));
  }
  return {
    snapshot,
    record,
    stages,
    plan,
    servers: wishes.map((wish): PlannedServer => {
      const found = singles.find(({ mcpServer }) => mcpServer.wish === wish);
      if (!found) return { wish, error: failed.get(wish) as McpkcError };
      const { mcpServer, access, entries } = found;
      const changes = plan.filter((change) => isAbout(change, mcpServer, plan));
      return { wish, error: undefined, server: mcpServer, gates: access.gates, changes, entries };
    }),
    reservations,
    notes: [...hardening.leftOut.map(({ message }) => message), ...singles.flatMap(({ notes }) => notes)],
  };
}

/** Refuses a client that no product may be made of: mcpkc's own account, or one whose internal id is a path. */
function requireUsable({ config, keycloak }: Planning, snapshot: RealmSnapshot, clientId: string): void {
  if (clientId === config.clientId && keycloak.accountRealm === keycloak.realm)
    throw new McpkcError(
      'CLIENT_TAKEN',
      `'${visible(clientId)}' is mcpkc’s own account, which gets no MCP audience.`,
      'Choose another clientId in the file.',
    );
  const found = snapshot.clients.find((client) => client.clientId === clientId);
  if (found && !isKeycloakId(found.id))
    throw new McpkcError(
      'CLIENT_ID_UNSAFE',
      `The client '${visible(clientId)}' has an internal id that Keycloak doesn’t make: ${visible(found.id)}.`,
      'Delete it in the admin console, then run the command again.',
    );
}

function accessOf(
  mcpServer: ServerInWork,
  snapshot: RealmSnapshot,
  record: RealmRecord,
): { access: AccessPlan; facts: AccessFacts } {
  const { resource, wish } = mcpServer;
  const facts: AccessFacts = {
    roles: snapshot.roles ?? [],
    remembered: accessIn(record, resource),
  };
  const asked =
    wish.access === 'anybody'
      ? { add: [], anybody: true }
      : wish.access === undefined
        ? { add: [] }
        : { add: [], only: wish.access.roles };
  return { access: planAccess(mcpServer, facts, asked), facts };
}

/**
 * The realm's hardening for all of its servers whose products may register; once, since its policies are the realm's.
 */
async function hardeningFor(
  { context, config, keycloak, command, harden: wanted, dryRun }: Planning,
  servers: readonly ServerInWork[],
  snapshot: RealmSnapshot,
  record: RealmRecord,
): Promise<Hardening> {
  const [first, ...others] = servers.filter(({ presets }) => presets.length > 0);
  if (!first) return NOT_HARDENED;
  const opening = {
    resource: first.resource,
    presets: first.presets,
    also: others.map(({ resource, presets }) => ({ resource, presets })),
    scopes: [first, ...others].flatMap((one) => carriersFor(one)),
    known: knownPresets(config),
    holders: [],
  };
  // A file hurts nobody else's clients: parts that would are left out, and named.
  const { io } = context;
  const hardener = { io, keycloak, snapshot, record, consent: false, ask: !dryRun, command };
  return hardenAsWanted(hardener, opening, wanted);
}

function withHardening(desired: Desired, { desired: more, clients }: Hardening): Desired {
  const { remember = [], ...rest } = more;
  return {
    ...desired,
    ...rest,
    clients: [...(desired.clients ?? []), ...clients],
    remember: [...(desired.remember ?? []), ...remember],
  };
}

async function single(
  planning: Planning,
  { mcpServer, access, facts }: { mcpServer: ServerInWork; access: AccessPlan; facts: AccessFacts },
  { hardening, snapshot, named, record, opens }: Given,
  before: readonly Single[],
): Promise<Single> {
  const { keycloak, command, by } = planning;
  const { audienceScope, resource, presets, targets, moving } = mcpServer;
  const since = new Date(keycloak.serverNow()).toISOString();
  const kept = audienceScope === undefined ? [] : keepAdopted(moving, audienceScope);
  const plain = provision(mcpServer, {
    presets,
    hardening: { ...NOT_HARDENED, trustsServer: hardening.trustsServer },
    assignments: kept,
    clients: [],
  });
  const { windowMark: _mark, ...open } = plain;
  const server = presets.length > 0 ? open : withoutRegistration(open);
  const allowing = { ...mcpServer, isNew: false, snapshot: named, record };
  const planned = before.flatMap(({ entries }) => entries);
  const entries = targets.map((target) => allowedEntry(allowing, target, { since, by }, planned));
  const standIn = await planResourceClient({
    keycloak,
    snapshot,
    resource,
    command,
    asked: false,
    opens,
    consent: false,
    record,
  });
  const { allowedClients, assignments = [], remember = [] } = withAllowed(allowing, targets, entries);
  const withClients: Desired = {
    ...server,
    assignments: [...(server.assignments ?? []), ...assignments],
    ...(allowedClients && { allowedClients }),
    remember: [...remember, ...adoptedAlready(entries, snapshot, { since, by })],
  };
  const desired = withResourceClient(withAccess(withClients, access, since, by), standIn);
  return {
    mcpServer,
    access,
    facts,
    entries,
    desired,
    standIn,
    notes: [
      ...standIn.warnings,
      ...restrictionNotes(mcpServer, facts, access),
      ...missingScopes(mcpServer, snapshot),
    ],
  };
}

/** Adoptions of clients that were made and hold their scope: a run that was killed right then didn't write them down. */
function adoptedAlready(
  entries: readonly Allowed[],
  { clients }: RealmSnapshot,
  stamp: { since: string; by: string },
): Adopted[] {
  return entries.flatMap(({ client: { id, clientId }, resource, scope }): Adopted[] => {
    const there = clients.find((one) => one.id === id && one.defaultClientScopes.includes(scope));
    if (!there) return [];
    return [
      { kind: 'adopted', client: { id, clientId }, key: clientKeyOf(there), resource, scope, ...stamp },
    ];
  });
}

/** Clients that have the id of one that is to be made, and that mcpkc didn't make. */
function takenBy({ targets }: ServerInWork, { clients }: RealmSnapshot, record: RealmRecord): Client[] {
  const ids = targets.map(({ clientId }) => clientId);
  return clients.filter((one) => ids.includes(one.clientId) && allowancesOf(record, one).length === 0);
}

function restrictionNotes(mcpServer: ServerInWork, facts: AccessFacts, { gates }: AccessPlan): string[] {
  const { resource, wish } = mcpServer;
  if (wish.access !== undefined || gates === undefined) return [];
  const roles = listNames(gates.map(roleLabel)) || 'none';
  const was = isRestrictedAgain(mcpServer, facts)
    ? ' Nothing in the realm restricts it any more: it is restricted again.'
    : '';
  return [
    `${visible(resource)} is restricted (roles: ${roles}), and the file has nothing about it: it stays so.${was} To open it, write access: anybody.`,
  ];
}

/** Entries that the record doesn't hold yet: a known fact is not written again with another date. */
function freshEntries(entries: readonly Entry[], record: RealmRecord): Entry[] {
  const timeless = (entry: Entry) => {
    const { since: _since, by: _by, ...rest } = JSON.parse(entryText(entry)) as Record<string, unknown>;
    return `${entryName(entry)} ${JSON.stringify(rest)}`;
  };
  const kinds = [...new Set(entries.map(({ kind }) => kind))];
  const known = new Set(kinds.flatMap((kind) => entriesOf(record, kind).map(timeless)));
  return entries.filter((entry) => entry.kind === 'deed' || !known.has(timeless(entry)));
}

/** Whether a change is about a server alone: its scopes, who may use it, clients that are made for it. */
function isAbout({ kind, key, after }: Change, mcpServer: ServerInWork, plan: RealmPlan): boolean {
  const scopes = [
    ...scopeNames(mcpServer),
    ...(mcpServer.audienceScope === undefined ? [] : [mcpServer.audienceScope]),
  ];
  switch (kind) {
    case 'client-scope':
    case 'scope-access':
    case 'default-scope':
      return scopes.includes(key);
    case 'audience-mapper':
      return scopes.some((scope) => key.startsWith(`${scope}/`));
    case 'client-scope-assignment':
      return after !== null && scopes.includes(after.scope);
    case 'allowed-client':
      return mcpServer.targets.some(({ clientId }) => clientId === key);
    case 'resource-client':
      return key === mcpServer.resource;
    case 'realm-role':
      return plan.some(
        (one) =>
          one.kind === 'scope-access' &&
          scopes.includes(one.key) &&
          one.after?.roles.some(({ client, name }) => client === null && name === key),
      );
    default:
      return false;
  }
}
