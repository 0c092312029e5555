import type { Context } from '../../cli/command.ts';
import type { Report } from '../../cli/report.ts';
import { McpkcError } from '../../errors.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { accountSees } from '../../keycloak/connection/own-roles.ts';
import { readAccess, readRealmRoles } from '../../keycloak/read/access.ts';
import { readConnections, type SeenConnections } from '../../keycloak/read/connections.ts';
import { readClientScopes } from '../../keycloak/read/read.ts';
import { readReach, readRoleTree } from '../../keycloak/read/role-holders.ts';
import { holderOf } from '../../keycloak/write/lock.ts';
import { deedBy, deedOf, writeRecord } from '../../keycloak/write/record.ts';
import { proveRevoked, type Revoked } from '../../keycloak/write/registration-token.ts';
import { writeAssignment } from '../../keycloak/write/write-clients.ts';
import { disableClient, endConnection, endSession } from '../../keycloak/write/write-connections.ts';
import { ScopeIds } from '../../keycloak/write/write-scopes.ts';
import {
  applyPlan,
  type Change,
  type ConnectionKind,
  type Plan,
  planStatus,
  requireConsent,
  type Writer,
  type Writers,
} from '../../plan/plan.ts';
import type { Preset } from '../../products/preset.ts';
import { gatesOf, rolesOf } from '../../realm/access.ts';
import { heldAs } from '../../realm/lists.ts';
import { carriersOf, isAudienceScope, nameScopeOf, resourceOf } from '../../realm/mcp-scope.ts';
import type { Client, ClientScope } from '../../realm/representations.ts';
import { REVOKING_ROLE } from '../../realm/roles.ts';
import { count, formatCommand, visible } from '../../text.ts';
import { type Connection, connectionsIn, type Server } from './rows.ts';
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
  const scopes = await readClientScopes(keycloak);
  const servers = await serversIn(keycloak, scopes, input.resource);
  if (servers.length === 0) throw noServerError(keycloak, input.resource);
  const seen = await readConnections(keycloak, input, (what) => voice.progress(what));
  voice.progress(undefined);
  const all = connectionsIn(seen, servers, input.presets);
  const rows = all.filter((row) => isWanted(row, input, keycloak.serverNow()));
  const plan = input.revoke ? planFor(rows, servers, input) : [];
  if (input.revoke && !input.dryRun && plan.length > 0) {
    await requireRight(keycloak, plan);
    requireConsent([{ message: asked(rows, all, input) }], input.yes);
    await apply(context, keycloak, scopes, plan, rows);
  }
  return report(keycloak, { seen, rows, plan, input });
}

/** The MCP servers of the realm, or one of them, with the people who may use each that is bound to roles. */
async function serversIn(
  keycloak: Keycloak,
  scopes: readonly ClientScope[],
  resource: string | undefined,
): Promise<Server[]> {
  const named = scopes.filter(
    (scope) =>
      isAudienceScope(scope) &&
      nameScopeOf(scope) === undefined &&
      (resource === undefined || resourceOf(scope) === resource),
  );
  const found = named.map((scope) => ({
    resource: resourceOf(scope) ?? scope.name,
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
  const servers: Server[] = [];
  for (const one of found) {
    const roles = one.carriers.flatMap((scope) => rolesOf(access, scope));
    const reach = roles.length === 0 ? undefined : await readReach(keycloak, gatesOf(roles), tree);
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
  row: Connection,
  { preset, user, client, resource, idleMs }: ConnectionsInput,
  now: number,
): boolean {
  if (preset !== undefined && row.preset !== preset) return false;
  if (client !== undefined && row.client.clientId !== client) return false;
  if (user !== undefined && row.username.toLowerCase() !== user.toLowerCase()) return false;
  // A person who lost the role is still connected, and can be cut.
  if (resource !== undefined && row.servers.length === 0 && row.sessions.length === 0) return false;
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
  rows: readonly Connection[],
  servers: readonly Server[],
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

function releasesOf(client: Client, servers: readonly Server[]): Change<'client-scope-assignment'>[] {
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
}: Connection): Change<'connection' | 'session'>[] {
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
  if (!ends || (await accountSees(keycloak, REVOKING_ROLE))) return;
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
  rows: readonly Connection[],
  all: readonly Connection[],
  { disable, release }: ConnectionsInput,
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
  const notes = [
    whole.length === 0
      ? []
      : [
          `${count(whole.length, 'person', 'people')} gave no consent to the client, so Keycloak can only end their whole session: they are signed out of other applications, too.`,
        ],
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

async function apply(
  { io, signal, voice }: Context,
  keycloak: Keycloak,
  scopes: readonly ClientScope[],
  plan: Plan<ConnectionKind>,
  rows: readonly Connection[],
): Promise<void> {
  const ids = new ScopeIds(keycloak, scopes);
  const revoked: Revoked[] = [];
  const writes: Writers<ConnectionKind> = {
    client: (change) => disableClient(keycloak, change),
    'client-scope-assignment': (change) => writeAssignment(keycloak, ids, change, revoked),
    connection: (change) => endConnection(keycloak, change),
    session: (change) => endSession(keycloak, change),
  };
  // TypeScript doesn't see that both have the same kind.
  const write = (change: Change<ConnectionKind>) => (writes[change.kind] as Writer<ConnectionKind>)(change);
  await applyPlan(plan, write, signal, ({ key }) => voice.progress(key));
  await proveRevoked(keycloak, revoked);
  voice.progress(undefined);
  const by = deedBy(holderOf(io, 'connections'));
  const deeds =
    rows.length > LISTED
      ? [deedOf(io, 'ended', count(rows.length, 'connection'), by)]
      : rows.map(({ username, client }) => deedOf(io, 'ended', `${username} with ${client.clientId}`, by));
  await writeRecord(keycloak, { remember: deeds });
}

interface Shown {
  seen: SeenConnections;
  rows: readonly Connection[];
  plan: Plan<ConnectionKind>;
  input: ConnectionsInput;
}

function report(keycloak: Keycloak, { seen, rows, plan, input }: Shown): Report {
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
