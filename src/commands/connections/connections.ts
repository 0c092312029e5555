import type { Context } from '../../cli/command.ts';
import type { Io } from '../../cli/io.ts';
import type { Report } from '../../cli/report.ts';
import { durationText } from '../../duration.ts';
import { McpkcError } from '../../errors.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { canAccountSee } from '../../keycloak/connection/own-roles.ts';
import { readAccess, readRealmRoles } from '../../keycloak/read/access.ts';
import {
  readConnections,
  readSessionsOf,
  type SeenConnections,
  type SeenSession,
} from '../../keycloak/read/connections.ts';
import { readClientPolicies, readClientProfiles, readClientScopes } from '../../keycloak/read/read.ts';
import { readRecord } from '../../keycloak/read/record.ts';
import { readReach, readRoleTree } from '../../keycloak/read/role-holders.ts';
import { holderOf } from '../../keycloak/write/lock.ts';
import { deedBy, deedOf, writeRecord } from '../../keycloak/write/record.ts';
import { proveRevoked, type Revoked } from '../../keycloak/write/registration-token.ts';
import { writeAssignment } from '../../keycloak/write/write-clients.ts';
import { disableClient, endConnection, endSession } from '../../keycloak/write/write-connections.ts';
import { ScopeIds } from '../../keycloak/write/write-scopes.ts';
import { agreeToLoss } from '../../plan/agree.ts';
import { removeLeftBehind } from '../../plan/leftovers.ts';
import {
  applyPlan,
  type Change,
  type ConnectionKind,
  changesOf,
  type Plan,
  planStatus,
  type Writers,
} from '../../plan/plan.ts';
import { judgeOrigin } from '../../products/dynamic.ts';
import type { Preset } from '../../products/preset.ts';
import { heldAs } from '../../realm/lists.ts';
import { carriersOf, isAudienceScope, nameScopeOf, resourceOf } from '../../realm/mcp-scope.ts';
import { rolesOfServer } from '../../realm/mcp-server.ts';
import { adoptedIn } from '../../realm/record.ts';
import type { Client, ClientScope } from '../../realm/representations.ts';
import { REVOKING_ROLE } from '../../realm/roles.ts';
import { count, formatCommand, visible } from '../../text.ts';
import { type Connected, connectionsIn, partlyOf, type ReachedServer, type WayFacts } from './rows.ts';
import { connectionsDocument, connectionsText } from './text.ts';

/** The request to `connections`. */
export interface ConnectionsInput {
  resource: string | undefined;
  user: string | undefined;
  client: string | undefined;
  /** Name of a product. */
  preset: string | undefined;
  /** Every product that a client can be recognised as. */
  presets: readonly Preset[];
  idleMs: number | undefined;
  revoke: boolean;
  disable: boolean;
  release: boolean;
  dryRun: boolean;
  yes: boolean;
}

/** Runs `mcpkc connections`: shows who is connected to what, and ends what was asked for. */
export async function listConnections(
  context: Context,
  keycloak: Keycloak,
  input: ConnectionsInput,
): Promise<Report> {
  const { voice } = context;
  if (input.revoke && !input.dryRun) await removeLeftBehind(context, keycloak, 'connections');
  const scopes = await readClientScopes(keycloak);
  const servers = await serversIn(keycloak, scopes);
  const wanted = servers.filter(
    ({ resource }) => input.resource === undefined || input.resource === resource,
  );
  if (wanted.length === 0) throw noServerError(keycloak, input.resource);
  const seen = await readConnections(keycloak, input, (what) => voice.progress(what));
  voice.progress(undefined);
  const facts = await wayFacts(keycloak, seen.clients);
  const all = connectionsIn(seen, servers, input.presets, facts);
  const rows = all.filter((row) => isWanted(row, input, keycloak.serverNow()));
  const plan = input.revoke ? planFor(rows, wanted, input) : [];
  if (input.revoke && !input.dryRun && plan.length > 0) {
    await requireRight(keycloak, plan);
    const reserved = [{ message: asked(rows, all, input) }];
    const question = `Make ${count(plan.length, 'change')}?`;
    await agreeToLoss(context, { server: keycloak.server, plan, reserved, question, yes: input.yes });
    await apply(context, keycloak, { scopes, plan, rows, input });
  }
  const product = input.presets.find(({ name }) => name === input.preset);
  const besides = { ...input, preset: undefined };
  const others = all.filter((row) => isWanted(row, besides, keycloak.serverNow()) && !rows.includes(row));
  const partly = product === undefined ? [] : partlyOf(product, others);
  return report(keycloak, { seen, rows, plan, partly, input });
}

/** The facts that show how clients came to be. */
async function wayFacts(keycloak: Keycloak, clients: readonly Client[]): Promise<WayFacts> {
  const record = await readRecord(keycloak);
  if (!clients.some((client) => judgeOrigin(client).kind === 'cimd'))
    return { record, lists: { policies: [], profiles: [] } };
  const [policies, profiles] = await Promise.all([
    readClientPolicies(keycloak),
    readClientProfiles(keycloak),
  ]);
  return { record, lists: { policies, profiles } };
}

/** The MCP servers of the realm, with the people who may use each that is bound to roles. */
async function serversIn(keycloak: Keycloak, scopes: readonly ClientScope[]): Promise<ReachedServer[]> {
  const named = scopes.filter((scope) => isAudienceScope(scope) && nameScopeOf(scope) === undefined);
  const found = named.map((scope) => ({
    resource: resourceOf(scope) ?? scope.name,
    scope: scope.name,
    carriers: carriersOf(scope.name, { scopes: [...scopes] }),
  }));
  const access = await readAccess(
    keycloak,
    { scopes: [...scopes] },
    found.flatMap(({ carriers }) => carriers),
  );
  if (access.every(({ roles }) => roles.length === 0))
    return found.map((one) => ({ ...one, people: undefined }));
  const tree = await readRoleTree(keycloak, await readRealmRoles(keycloak));
  const servers: ReachedServer[] = [];
  for (const one of found) {
    const { gates } = rolesOfServer(access, one);
    const reach = gates && (await readReach(keycloak, gates, tree));
    const people = reach === undefined || reach.everybody ? undefined : new Set(reach.people.keys());
    servers.push({ ...one, people });
  }
  return servers;
}

function noServerError({ realm }: Keycloak, resource: string | undefined): McpkcError {
  const what = resource === undefined ? 'any MCP server' : visible(resource);
  const message = `Realm '${realm}' has no client scope for ${what}: nobody can be connected.`;
  return new McpkcError('SCOPE_NOT_FOUND', message, 'mcpkc status lists the servers that are there.');
}

function isWanted(
  row: Connected,
  { preset, user, client, resource, idleMs }: ConnectionsInput,
  now: number,
): boolean {
  if (preset !== undefined && !row.presets.includes(preset)) return false;
  if (client !== undefined && row.client.clientId !== client) return false;
  if (user !== undefined && row.username.toLowerCase() !== user.toLowerCase()) return false;
  if (resource !== undefined && !row.servers.includes(resource)) return false;
  if (idleMs === undefined) return true;
  const last = row.lastUsed?.at ?? row.since;
  return last === undefined || now - last >= idleMs;
}

const WHY = 'since it was asked for';

/**
 * The plan of what ends. Connections come last where a client is disabled or loses the audience, so that nothing is
 * renewed meanwhile.
 */
function planFor(
  rows: readonly Connected[],
  servers: readonly ReachedServer[],
  { disable, release }: ConnectionsInput,
): Plan<ConnectionKind> {
  const clients = [...new Map(rows.map(({ client }) => [client.id, client])).values()];
  const on = clients.filter(({ enabled }) => enabled !== false);
  return [
    ...(disable ? on.map(offOf) : []),
    ...(release ? clients.flatMap((client) => releasesOf(client, servers)) : []),
    ...rows.flatMap(endsOf),
  ];
}

function offOf({ id, clientId }: Client): Change<'client'> {
  const before = { id, enabled: true };
  return { kind: 'client', action: 'update', key: clientId, before, after: { id, enabled: false }, why: WHY };
}

function releasesOf(client: Client, servers: readonly ReachedServer[]): Change<'client-scope-assignment'>[] {
  const { clientId } = client;
  const all = servers.flatMap(({ carriers }) => carriers);
  const held = [...new Set(all)].filter((scope) => heldAs(client, scope) !== 'none');
  return held.map((scope) => ({
    kind: 'client-scope-assignment',
    action: 'detach',
    key: `${clientId} ${scope}`,
    before: { clientId, scope, list: heldAs(client, scope) },
    after: { clientId, scope, list: 'none' },
    why: WHY,
  }));
}

function endsOf({
  userId,
  username,
  client,
  sessions,
  consented,
}: Connected): Change<'connection' | 'session'>[] {
  const { clientId } = client;
  const byConsent = consented || sessions.some(({ offline }) => offline);
  const own: Change<'connection'> = {
    kind: 'connection',
    action: 'delete',
    key: `${username} ${clientId}`,
    before: { userId, clientId, sessions: sessions.length, consented },
    after: null,
    why: WHY,
  };
  // Keycloak ends no client's part of a session without a consent: only the whole session.
  const online = consented ? [] : sessions.filter(({ offline }) => !offline);
  const whole = online.map(({ id }): Change<'session'> => {
    const key = `${username} ${id}`;
    return { kind: 'session', action: 'delete', key, before: { sessionId: id }, after: null, why: WHY };
  });
  return [...(byConsent ? [own] : []), ...whole];
}

/**
 * Refuses, before anything is written, where the account lacks the right to end connections: `init` grants it only with
 * `--revoke`.
 */
async function requireRight(keycloak: Keycloak, plan: Plan<ConnectionKind>): Promise<void> {
  const ends = plan.some(({ kind }) => kind === 'connection' || kind === 'session');
  if (!ends || (await canAccountSee(keycloak, REVOKING_ROLE))) return;
  const { account, roleClient } = keycloak.place;
  const message = `The account '${account}' may not end people’s connections in realm '${keycloak.realm}': it lacks the role '${REVOKING_ROLE}' of the client '${roleClient}'. Nothing was ended.`;
  const line = formatCommand([
    'init',
    ['--server', keycloak.server],
    ['--realm', keycloak.realm],
    '--revoke',
  ]);
  const fix = `To grant it, signing in once as an administrator (the account can then also set anybody’s password):\n${line}`;
  throw new McpkcError('ROLE_MISSING', message, fix, { details: { role: REVOKING_ROLE } });
}

const LISTED = 20;

function asked(
  rows: readonly Connected[],
  all: readonly Connected[],
  { disable, release, resource }: ConnectionsInput,
): string {
  const listed = rows
    .slice(0, LISTED)
    .map(
      ({ username, client, product }) =>
        `  ${visible(username)} with ${visible(product ?? client.clientId)} (${visible(client.clientId)})`,
    );
  const more = rows.length > LISTED ? `\n  and ${rows.length - LISTED} more` : '';
  const ids = new Set(rows.map(({ client }) => client.id));
  const whole = rows.filter(
    ({ consented, sessions }) => !consented && sessions.some(({ offline }) => !offline),
  );
  const others = all.filter((row) => ids.has(row.client.id) && !rows.includes(row));
  const opened = rows.flatMap(({ servers }) => servers).filter((one) => one !== resource);
  const beside = resource === undefined ? [] : [...new Set(opened)].sort();
  const notes = [
    whole.length === 0
      ? []
      : [
          `${count(whole.length, 'person', 'people')} gave no consent to the client, so Keycloak can only end their whole session: they are signed out of other applications, too.`,
        ],
    beside.length > 0
      ? [
          `They have the client for other servers, too, and lose those with it: ${beside.map(visible).join(', ')}.`,
        ]
      : [],
    (disable || release) && others.length > 0
      ? [`The clients have other people, too, who lose them: ${count(others.length, 'connection')}.`]
      : [],
  ].flat();
  return (
    [`${count(rows.length, 'connection')} would end:`, ...listed].join('\n') +
    more +
    notes.map((note) => `\n${note}`).join('')
  );
}

interface Cut {
  scopes: readonly ClientScope[];
  plan: Plan<ConnectionKind>;
  rows: readonly Connected[];
  input: ConnectionsInput;
}

/** Time for the record after an interruption, in milliseconds. */
const RECORD_MS = 10_000;

/** Ends what the plan names, proves that it is gone, and writes down what was done, also where it stopped half-way. */
async function apply({ io, signal, voice }: Context, keycloak: Keycloak, cut: Cut): Promise<void> {
  const ids = new ScopeIds(keycloak, cut.scopes);
  const revoked: Revoked[] = [];
  const writes: Writers<ConnectionKind> = {
    client: (change) => disableClient(keycloak, change),
    'client-scope-assignment': (change) => writeAssignment(keycloak, ids, change, revoked),
    connection: (change) => endConnection(keycloak, change),
    session: (change) => endSession(keycloak, change),
  };
  const write = <Name extends ConnectionKind>(change: Change<Name>) => {
    const kind: Name = change.kind;
    return writes[kind](change);
  };
  const done: Change<ConnectionKind>[] = [];
  let at = 0;
  try {
    await applyPlan(cut.plan, write, signal, (change) => {
      done.push(change);
      voice.progress(`${++at} of ${cut.plan.length}: ${change.key}`);
    });
  } catch (error) {
    // biome-ignore lint/plugin/clock: a limit for the record after an interruption.
    const recording = keycloak.withSignal(AbortSignal.timeout(RECORD_MS));
    await writeDown(recording, io, cut, done).catch(() => {});
    throw error;
  }
  await writeDown(keycloak, io, cut, done);
  await proveRevoked(keycloak, revoked);
  await proveEnded(keycloak, cut.rows);
  voice.progress(undefined);
}

/** Writes into the journal who ended what, and forgets the adoptions that a release took back. */
async function writeDown(
  keycloak: Keycloak,
  io: Io,
  { rows, input }: Cut,
  done: readonly Change<ConnectionKind>[],
): Promise<void> {
  const by = deedBy(holderOf(io, 'connections'));
  const line = (did: string, all: readonly string[], what: string) =>
    all.length > LISTED
      ? [deedOf(io, did, `${count(all.length, what)}${wishText(input)}`, by)]
      : all.map((one) => deedOf(io, did, one, by));
  const isDone = (change: Change<ConnectionKind>) =>
    done.some(({ kind, key }) => kind === change.kind && key === change.key);
  const ended = rows.filter((row) => endsOf(row).some(isDone));
  const released = changesOf(done, 'client-scope-assignment').flatMap(({ before }) => before ?? []);
  const forget = released.length === 0 ? [] : adoptedIn(await readRecord(keycloak));
  const remember = [
    ...line(
      'ended',
      ended.map(({ username, client }) => `${username} with ${client.clientId}`),
      'connection',
    ),
    ...line(
      'disabled',
      changesOf(done, 'client').map(({ key }) => key),
      'client',
    ),
    ...line(
      'released',
      released.map(({ clientId, scope }) => `${clientId} from ${scope}`),
      'client',
    ),
  ];
  await writeRecord(keycloak, {
    remember,
    forget: forget.filter(({ client, scope }) =>
      released.some((one) => one.clientId === client.clientId && one.scope === scope),
    ),
  });
}

/** The connections that were asked for, in words: ` of user alice, product chatgpt`. */
function wishText({ user, preset, client, resource, idleMs }: ConnectionsInput): string {
  const parts = [
    user === undefined ? [] : [`user ${user}`],
    preset === undefined ? [] : [`product ${preset}`],
    client === undefined ? [] : [`client ${client}`],
    resource === undefined ? [] : [`server ${resource}`],
    idleMs === undefined ? [] : [`idle for ${durationText(idleMs)}`],
  ].flat();
  return parts.length === 0 ? '' : ` of ${parts.join(', ')}`;
}

/** Looks until a session that another node of a cluster ended is seen to be gone. */
const LOOKS = 5;

/** Reads the sessions again: each that was to be ended must be gone. One that began meanwhile is another. */
async function proveEnded(keycloak: Keycloak, rows: readonly Connected[]): Promise<void> {
  const keyOf = ({ client, id, offline }: SeenSession) => `${client} ${id} ${offline}`;
  const old = new Set(rows.flatMap(({ sessions }) => sessions.map(keyOf)));
  if (old.size === 0) return;
  const concerned = rows.filter(({ sessions }) => sessions.length > 0).map(({ client }) => client);
  const clients = [...new Map(concerned.map((client) => [client.id, client])).values()];
  let left: SeenSession[] = [];
  for (let look = 1; look <= LOOKS; look += 1) {
    left = (await readSessionsOf(keycloak, clients)).filter((one) => old.has(keyOf(one)));
    if (left.length === 0) return;
    await keycloak.waiting.sleep(200 * look, keycloak.waiting.signal);
  }
  const people = [...new Set(left.map(({ username }) => visible(username)))].slice(0, LISTED).join(', ');
  const message = `${count(left.length, 'session')} that Keycloak said were ended are still listed, of ${people}.`;
  throw new McpkcError(
    'CHANGE_NOT_KEPT',
    message,
    'Run the command again. Where it stays so, disable the clients: connections --revoke --disable.',
  );
}

interface Shown {
  seen: SeenConnections;
  rows: readonly Connected[];
  plan: Plan<ConnectionKind>;
  partly: readonly Client[];
  input: ConnectionsInput;
}

function report(keycloak: Keycloak, { seen, rows, plan, partly, input }: Shown): Report {
  const { server, realm } = keycloak;
  const { revoke, dryRun } = input;
  const now = keycloak.serverNow();
  const answer = {
    server,
    realm,
    rows,
    plan,
    revoke,
    dryRun,
    now,
    lifetimes: seen.lifetimes,
    hidden: seen.hidden,
    partly: partly.map(({ clientId }) => clientId),
    resource: input.resource,
  };
  return {
    command: 'connections',
    exitStatus: planStatus(plan, dryRun),
    server,
    realm,
    document: connectionsDocument(answer),
    text: (style) => connectionsText(answer, style),
  };
}
