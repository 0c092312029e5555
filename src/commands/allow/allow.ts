import { warnOfVendorNetwork } from '../../checks/vendor-network.ts';
import { inputError } from '../../errors.ts';
import { unsafeIdError } from '../../keycloak/connection/guarded-ids.ts';
import { readAccountSecret } from '../../keycloak/read/account.ts';
import { findClient, findClientById } from '../../keycloak/read/clients.ts';
import { readServerFacts } from '../../keycloak/read/features.ts';
import { readRecord } from '../../keycloak/read/record.ts';
import { holderOf } from '../../keycloak/write/lock.ts';
import { deedBy, writeRecord } from '../../keycloak/write/record.ts';
import { gateRolesOf, planAccess, readAccessFacts, withAccess } from '../../plan/access.ts';
import { agreeToPlan } from '../../plan/agree.ts';
import type { AllowTarget } from '../../plan/allow-targets.ts';
import { allowedEntry, withAllowed } from '../../plan/allowed.ts';
import { applyAndVerify } from '../../plan/apply.ts';
import { knownPresets } from '../../plan/input.ts';
import { planFor } from '../../plan/kinds/index.ts';
import type { RealmPlan } from '../../plan/plan.ts';
import { findProvingUser, proveAudience } from '../../plan/prove.ts';
import { rememberPlan } from '../../plan/remember.ts';
import { collectServerReservations, commonReservations } from '../../plan/reservations.ts';
import { planResourceClient, RESOURCE_INDICATORS, withResourceClient } from '../../plan/resource-client.ts';
import { changeName } from '../../plan/text.ts';
import { presetOf } from '../../products/dynamic.ts';
import type { Preset } from '../../products/preset.ts';
import { type Prospect, prospectOf } from '../../products/way.ts';
import type { RoleName } from '../../realm/access.ts';
import { documentRefusedBy } from '../../realm/document-policies.ts';
import { isAudienceScope, nameScopeOf } from '../../realm/mcp-scope.ts';
import { type Allowed, adoptedIn, allowancesOf, allowedIn } from '../../realm/record.ts';
import { type Client, type ClientScope, isKeycloakId } from '../../realm/representations.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import { isAdvertised, plainScopes } from '../../realm/ways.ts';
import { formatCommand, listNames, typedList, visible } from '../../text.ts';
import { defaultSecretFile, writeSecret } from './secret-file.ts';
import type { ServerAtHand } from './server.ts';

/** The manner in which `allow` should go about it. */
export interface AllowManner {
  yes: boolean;
  dryRun: boolean;
  secretFile: string | undefined;
  showSecret: boolean;
  /** `--role`: the roles that alone may use the server. */
  roles: readonly string[];
}

/** A product that was allowed, and its prospect. */
export interface AllowedProduct {
  target: AllowTarget;
  /** The file of its secret; undefined for a public client. */
  secretFile: string | undefined;
  /** The secret, only where showing it was asked for. */
  secret: string | undefined;
  /** `aud` of its example token; undefined where nobody was there to make one for. */
  audience: string[] | undefined;
  prospect: Prospect;
  /** Other MCP servers that its tokens open. */
  alsoOpens: string[];
  /** Registered clients of this product that have the audience, and are not needed any more. */
  superfluous: string[];
}

/** The result of a run. */
export interface AllowResult {
  plan: RealmPlan;
  products: AllowedProduct[];
  /** The roles that may use the server now; undefined where everybody may. */
  gates: readonly RoleName[] | undefined;
}

/** Plans, asks, makes the clients, proves each, and tells each product's prospect here. */
export async function allowTargets(
  mcpServer: ServerAtHand,
  targets: readonly AllowTarget[],
  manner: AllowManner,
): Promise<AllowResult> {
  const { keycloak, snapshot, context, resource } = mcpServer;
  const taken = targets.flatMap((target) => takenBy(mcpServer, target) ?? []);
  for (const { id, clientId } of taken) if (!isKeycloakId(id)) throw unsafeIdError(id, clientId);
  const since = new Date(keycloak.serverNow()).toISOString();
  const by = deedBy(holderOf(context.io, 'allow'));
  const entries = targets.map((target) => allowedEntry(mcpServer, target, { since, by }));
  const standIn = await planResourceClient({
    keycloak,
    snapshot,
    resource,
    command: 'allow',
    asked: false,
    opens: false,
    consent: manner.yes,
  });
  for (const warning of standIn.warnings) context.voice.warn(warning);
  const presets = targets.flatMap(({ preset }) => preset ?? []);
  warnOfVendorNetwork(context, mcpServer.config, presets, resource);
  const read = await readAccessFacts(keycloak, snapshot, mcpServer, manner.roles.length > 0);
  const { server, facts } = read;
  const access = planAccess(server, facts, { add: manner.roles });
  const bound = withAccess(withAllowed(mcpServer, targets, entries), access, since, by);
  const desired = withResourceClient(bound, standIn);
  const plan = planFor(desired, snapshot);
  const files = targets.map((target) => fileFor(mcpServer, target, manner));
  if (!manner.dryRun && plan.length > 0) {
    const reservations = [
      ...commonReservations(keycloak.realm, plan),
      ...(await collectServerReservations(mcpServer, { server, snapshot, facts, access, standIn, taken })),
    ];
    await agreeToPlan(context, keycloak, { plan, reservations, yes: manner.yes });
    const { io, signal, voice } = context;
    const holder = holderOf(io, 'allow');
    const now = await applyAndVerify(keycloak, plan, desired, snapshot, {
      io,
      holder,
      signal,
      onApplied: (change) => voice.progress(changeName(change)),
    }).finally(() => voice.progress(undefined));
    await rememberPlan(keycloak, io, { resource, plan, clients: now.clients, by: holder });
  }
  if (!manner.dryRun) await tidyRecord(mcpServer, entries);
  const stands = standIn.desired.resourceClients !== undefined;
  const features = ((await readServerFacts(keycloak)).features ?? []).filter(
    (one) => !(stands && one === RESOURCE_INDICATORS),
  );
  const userId = manner.dryRun
    ? undefined
    : await findProvingUser({ keycloak, gates: access.gates, gateRoles: gateRolesOf(server, facts, access) });
  const products: AllowedProduct[] = [];
  for (const [index, target] of targets.entries()) {
    const id = entries[index]?.client.id ?? '';
    const file = files[index];
    const { clientId } = target;
    const secret =
      manner.dryRun || target.secret === 'none' ? undefined : await readAccountSecret(keycloak, id);
    if (target.secret !== 'none' && file !== undefined && secret !== undefined)
      await writeSecret(context.io, file, { clientId, secret: target.secret }, secret);
    products.push({
      target,
      secretFile: file,
      secret: manner.showSecret ? secret : undefined,
      audience: await proveAudience({ keycloak, resource }, { id, clientId }, userId),
      prospect: withRealm(
        mcpServer,
        target,
        features,
        prospectOf(target.preset, target.way, mcpServer.issuer),
      ),
      alsoOpens: otherResources(mcpServer, id),
      superfluous: await superfluousFor(mcpServer, target),
    });
  }
  return { plan, products, gates: access.gates };
}

function fileFor(
  { context: { io }, keycloak }: ServerAtHand,
  { clientId, secret }: AllowTarget,
  { secretFile }: AllowManner,
): string | undefined {
  if (secret === 'none') return undefined;
  return secretFile ?? defaultSecretFile(io, keycloak, { clientId, secret });
}

/** The client that has a target's client id and isn't proved to be mcpkc's. */
function takenBy({ snapshot, record }: ServerAtHand, { clientId }: AllowTarget): Client | undefined {
  const found = snapshot.clients.find((client) => client.clientId === clientId);
  return found && allowancesOf(record, found).length === 0 ? found : undefined;
}

/** Entries that no plan wrote, and those of clients that had the same client id and are gone. */
async function tidyRecord(
  { keycloak, record, resource }: ServerAtHand,
  entries: readonly Allowed[],
): Promise<void> {
  const there = allowedIn(await readRecord(keycloak), resource);
  const isThere = (entry: Allowed) =>
    there.some(({ key, proof }) => key === entry.key && proof === entry.proof);
  const forget = allowedIn(record, resource).filter((old) =>
    entries.some(({ client }) => client.clientId === old.client.clientId && client.id !== old.client.id),
  );
  await writeRecord(keycloak, { remember: entries.filter((entry) => !isThere(entry)), forget });
}

/** Other resources of a client that several MCP servers share: a document is one client for the whole realm. */
function otherResources({ record, resource }: ServerAtHand, id: string): string[] {
  const others = allowedIn(record).filter(({ client }) => client.id === id);
  return [...new Set(others.map((one) => one.resource))].filter((one) => one !== resource);
}

/** The most registered clients that are looked up, since each takes a request. */
const MOST_LOOKED = 20;

/** Adopted clients of the product that registered: the client made now makes them needless. */
async function superfluousFor(
  { keycloak, record, resource, config }: ServerAtHand,
  { preset }: AllowTarget,
): Promise<string[]> {
  if (preset === undefined) return [];
  const made = new Set(allowedIn(record).map(({ client }) => client.id));
  const adopted = adoptedIn(record, resource).filter(({ client }) => !made.has(client.id));
  const found = await Promise.all(
    adopted.slice(-MOST_LOOKED).map(({ client }) => findClientById(keycloak, client.id)),
  );
  return found.flatMap((client) =>
    client && presetOf(client, knownPresets(config))?.name === preset.name ? [client.clientId] : [],
  );
}

/**
 * A prospect with the realm's part: scopes that the product asks for and can't have, and features that end every
 * sign-in.
 */
function withRealm(
  mcpServer: ServerAtHand,
  { preset, requestedScopes, way, clientId }: AllowTarget,
  features: readonly string[],
  prospect: Prospect,
): Prospect {
  const { snapshot, resource } = mcpServer;
  if (features.includes('resource-indicators') && !hasResourceClient(snapshot, resource)) {
    const message = `The feature resource-indicators is on, and no client stands for ${visible(resource)}: every sign-in ends in invalid_target. See mcpkc explain RESOURCE_INDICATORS_BREAK_AUDIENCE`;
    return { connects: 'no', message };
  }
  const lists = { policies: snapshot.clientPolicies, profiles: snapshot.clientProfiles };
  const refusing = way === 'document' ? documentRefusedBy(lists, clientId) : undefined;
  if (refusing !== undefined) {
    const message = `The client policy '${visible(refusing)}' takes documents of this host and its executor doesn’t permit it: every sign-in is refused. Permit the host there, or take it out of the policy (Realm settings, Client policies).`;
    return { connects: 'no', message };
  }
  const { optionals, defaults } = plainScopes(snapshot, requestedScopes);
  const held = [...defaults, ...optionals];
  const missing = requestedScopes.filter((name) => !held.includes(name));
  if (missing.length > 0) {
    const message = `${preset?.title} asks for the scopes ${listNames(missing)}, which this realm doesn’t have: its sign-in ends in invalid_scope. Add them in the console under Client scopes, then run this again.`;
    return { connects: 'no', message };
  }
  if (!preset?.scopes.from.includes('issuer')) return prospect;
  const own = [mcpServer.scope, mcpServer.carrier, ...mcpServer.carriers];
  const refused = snapshot.scopes.filter(
    (one) => isAdvertised(one) && !held.includes(one.name) && !own.includes(one.name),
  );
  if (preset.scopes.from[0] === 'issuer') return asksForAll(mcpServer, preset, refused) ?? prospect;
  const names = refused.map(({ name }) => name).filter((name) => !name.startsWith('mcp-'));
  if (names.length === 0) return prospect;
  const message = `${prospect.message} The MCP server has to name its scope: else ${preset.title} asks for all that this issuer advertises, and ${listNames(names)} can’t be had (invalid_scope).`;
  return { ...prospect, message };
}

/**
 * The prospect of a product that asks for all that the issuer advertises, whatever the MCP server names (Gemini CLI
 * 0.61): one scope that its client doesn't hold ends each sign-in. Undefined where there is none.
 */
function asksForAll(
  { resource, scope }: ServerAtHand,
  { title }: Preset,
  refused: readonly ClientScope[],
): Prospect | undefined {
  if (refused.length === 0) return undefined;
  const names = refused.map(({ name }) => name);
  const hideable = refused.filter((one) => !isAudienceScope(one) && nameScopeOf(one) === undefined);
  const command = formatCommand([
    'create-scope',
    ['--resource', resource],
    ['--scope', scope],
    ['--registration', 'keep'],
    ['--hide-scope', typedList(hideable.map(({ name }) => name))],
  ]);
  const fix =
    hideable.length < refused.length
      ? 'Of them, the scope of another MCP server has to be advertised: connect this product by registration.'
      : `To take it out of the metadata:\n${command}`;
  const message = `${title} asks for all that this issuer advertises, whatever the MCP server names, and ${listNames(names)} can’t be had: each sign-in ends in invalid_scope. ${fix}`;
  return { connects: 'no', message };
}

/** Whether a client stands for the resource, as Keycloak’s feature resource-indicators wants it (26.7.4). */
function hasResourceClient({ clients }: RealmSnapshot, resource: string): boolean {
  return clients.some(
    ({ clientId, attributes }) => clientId === resource && attributes.resource_url === resource,
  );
}

/** Puts the clients that have the targets' ids into the snapshot. */
export async function readClients(
  { keycloak, snapshot }: ServerAtHand,
  targets: readonly AllowTarget[],
): Promise<void> {
  const found = await Promise.all(targets.map(({ clientId }) => findClient(keycloak, clientId)));
  for (const client of found) {
    if (client && !snapshot.clients.some(({ id }) => id === client.id)) snapshot.clients.push(client);
  }
}

/** Refuses a wish for mcpkc's own account by another name. */
export function requireNotOwn({ config, keycloak }: ServerAtHand, targets: readonly AllowTarget[]): void {
  const isOwn = targets.some(({ clientId }) => clientId === config.clientId);
  if (isOwn && keycloak.accountRealm === keycloak.realm)
    throw inputError('--client-id', 'this is mcpkc’s own account', 'Choose another id.');
}
