import type { Context } from '../../cli/command.ts';
import type { Config } from '../../config/config.ts';
import { inputError, McpkcError } from '../../errors.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { findClientById } from '../../keycloak/read/clients.ts';
import { readRealm } from '../../keycloak/read/realm.ts';
import { deedBy, runOf } from '../../keycloak/write/record.ts';
import {
  type AccessFacts,
  type AccessPlan,
  gateRolesOf,
  planAccess,
  readAccessFacts,
  withAccess,
} from '../../plan/access.ts';
import { offerSentence, offerToHide } from '../../plan/advertised.ts';
import type { Assignment, Desired } from '../../plan/desired.ts';
import { requireEditablePolicies } from '../../plan/editable-policies.ts';
import { type Hardening, hardenFor, NOT_HARDENED } from '../../plan/hardening.ts';
import { knownPresets, scopeWish } from '../../plan/input.ts';
import { planFor } from '../../plan/kinds/index.ts';
import { keepAdopted, readMoving } from '../../plan/moving.ts';
import type { RealmPlan, Reservation } from '../../plan/plan.ts';
import { assignAudience, provision } from '../../plan/provisioned.ts';
import { keepRegistration, requireOpenRegistration } from '../../plan/registration.ts';
import { collectServerReservations, commonReservations } from '../../plan/reservations.ts';
import { NO_RESOURCE_CLIENT, planResourceClient, withResourceClient } from '../../plan/resource-client.ts';
import { freeOwnAccount } from '../../plan/stages.ts';
import type { Preset } from '../../products/preset.ts';
import { listFor, requireOwnScope } from '../../realm/mcp-scope.ts';
import { mcpServerIn, type NamedServer, putInMode } from '../../realm/mcp-server.ts';
import { type Allowed, allowancesOf, type RealmRecord } from '../../realm/record.ts';
import type { Client } from '../../realm/representations.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import { count, visible } from '../../text.ts';
import type { Onboarding } from './onboarding.ts';

/** The request to `onboard`. */
export interface OnboardInput {
  resource: string;
  /** The realm's record, as it is before this run writes. */
  record: RealmRecord;
  /** A client that is there already, by client id or internal id. */
  client: string | undefined;
  staticClient: string | undefined;
  scope: string | undefined;
  alias: string | undefined;
  /** `--role`: the roles that alone may use the server. */
  roles: readonly string[];
  presets: readonly Preset[];
  /** Whether `--preset` was named. */
  namesProducts: boolean;
  /** Whether to harden; off with `--no-harden`. */
  harden: boolean;
  /** `--yes`. */
  consent: boolean;
  dryRun: boolean;
  /** `--close`: only the remains of 0.1.0 are planned for. */
  close: boolean;
}

/** A run that is ready to begin: the realm as it is, and as it should be before anybody is waited for. */
export interface Prepared {
  run: Onboarding;
  snapshot: RealmSnapshot;
  desired: Desired;
  plan: RealmPlan;
  /** The parts of the plan that need a person's consent. */
  reservations: Reservation[];
  /** The client that was named, where one was. */
  named: Client | undefined;
  /** Its entries, where mcpkc made it (`mcpkc allow`): one a resource. */
  made: readonly Allowed[];
}

/** Reads the realm, chooses the scopes and the mode, finds the clients that were named, and plans; writes nothing. */
export async function prepare(
  context: Context,
  config: Config,
  keycloak: Keycloak,
  input: OnboardInput,
): Promise<Prepared> {
  const { resource } = input;
  const account = config.clientId ?? '';
  const wanted = [input.client, input.staticClient].filter((id) => id !== undefined);
  const snapshot = await readRealm(keycloak, [...wanted, account, resource]);
  const wish = scopeWish(config, resource, { scope: input.scope, alias: input.alias });
  if (input.client === undefined && !input.close)
    requireOpenRegistration(resource, input.namesProducts, snapshot);
  const server = mcpServerIn(snapshot, wish);
  requireOwnScope(server.scope, wish, snapshot);
  const named = await requireClient(keycloak, snapshot, input.client);
  const fixed = await requireClient(keycloak, snapshot, input.staticClient);
  requireForeign(config, keycloak, [named, fixed]);
  const { record } = input;
  const made = named ? allowancesOf(record, named) : [];
  const run = runFor(context, config, keycloak, input, server);
  const moving = await movingFor(run, snapshot, [named, fixed]);
  const hardening = await hardeningFor(context, run, snapshot, input);
  const { facts, access } = await accessFor(run, snapshot, input);
  run.gates = access.gates;
  run.gateRoles = gateRolesOf(run, facts, access);
  const standIn = input.close
    ? NO_RESOURCE_CLIENT
    : await planResourceClient({
        keycloak,
        snapshot,
        resource,
        record,
        command: 'onboard',
        asked: false,
        opens: !keepsRegistration(input),
        consent: input.consent,
        onPage: (read) => run.voice.progress(`${count(read, 'client')} read`),
      }).finally(() => run.voice.progress(undefined));
  for (const warning of standIn.warnings) run.voice.warn(warning);
  const { presets } = input;
  const offer =
    named || input.close
      ? undefined
      : await offerToHide({ keycloak, issuer: config.issuer, snapshot, presets, resource, scope: run.scope });
  // For a server without a scope create-scope would make one that everybody has.
  const isThere = snapshot.scopes.some(({ name }) => name === run.scope);
  if (offer) run.voice.warn(offerSentence(offer, isThere ? '' : ', once this command has made the scope'));
  const provisioning = await desiredFor(run, snapshot, keepsRegistration(input), hardening, [
    ...attached(run, named, 'because it was named'),
    ...nameable(run, made.length > 0 ? named : undefined),
    ...attached(run, fixed, 'because of --static-client'),
    ...keepAdopted(moving, run.carrier),
  ]);
  const since = new Date(keycloak.serverNow()).toISOString();
  const bound = withAccess(provisioning, access, since, deedBy(run.me));
  const desired = withResourceClient(bound, standIn);
  const plan =
    input.close && !server.windowed && server.window === undefined ? [] : planFor(desired, snapshot);
  await requireEditablePolicies(keycloak, plan, snapshot);
  const reservations = [
    ...commonReservations(keycloak.realm, plan),
    ...(await collectServerReservations(
      { keycloak, config },
      {
        server: run,
        snapshot,
        facts,
        access,
        moving,
        standIn,
        named: { clients: [named, fixed], record },
      },
    )),
  ];
  return { run, snapshot, desired, plan, reservations, named, made };
}

/**
 * The people who may use the server; roles that were mapped or asked for are on its scopes before anything grants its
 * audience.
 */
async function accessFor(
  run: Onboarding,
  snapshot: RealmSnapshot,
  { roles, record }: OnboardInput,
): Promise<{ facts: AccessFacts; access: AccessPlan }> {
  const { server, facts } = await readAccessFacts(run.keycloak, snapshot, run, roles.length > 0, record);
  Object.assign(run, { roles: server.roles, ways: server.ways });
  return { facts, access: planAccess(run, facts, { add: roles }) };
}

function runFor(
  { io, voice, signal }: Context,
  config: Config,
  keycloak: Keycloak,
  { presets }: OnboardInput,
  server: NamedServer,
): Onboarding {
  const { mode, list } = server;
  const wanted = putInMode(server, { mode, list: listFor(mode, list) });
  const me = runOf(io, 'onboard');
  return {
    ...wanted,
    io,
    config,
    keycloak,
    voice,
    signal,
    presets,
    me,
    gates: undefined,
    gateRoles: [],
    changes: [],
    timeline: [],
  };
}

/** The clients that have the audience by a thing that 0.1.0 made: read only where there is such a thing. */
async function movingFor(run: Onboarding, snapshot: RealmSnapshot, named: readonly (Client | undefined)[]) {
  const { config, keycloak, voice } = run;
  const decided = [...named.map((client) => client?.clientId), ...config.audiences.clients, config.clientId];
  const onPage = (read: number) => voice.progress(`${count(read, 'client')} read`);
  const moving = await readMoving(keycloak, snapshot, run, knownPresets(config), decided, onPage);
  voice.progress(undefined);
  return moving;
}

/** Whether nothing of registration is touched: the audience is for a client that is there, and no product is named. */
function keepsRegistration({ client, staticClient, namesProducts }: OnboardInput): boolean {
  return client !== undefined || (staticClient !== undefined && !namesProducts);
}

/** The hardening of the realm for this server; a client that is named needs nothing of registration. */
function hardeningFor(
  context: Context,
  { config, keycloak, carrier, presets, resource }: Onboarding,
  snapshot: RealmSnapshot,
  input: OnboardInput,
): Promise<Hardening> {
  if (keepsRegistration(input) || input.close) return Promise.resolve(NOT_HARDENED);
  const holders = input.staticClient === undefined ? [] : [input.staticClient];
  const opening = { resource, scopes: [carrier], presets, known: knownPresets(config), holders };
  return hardenFor(context, opening, {
    keycloak,
    snapshot,
    record: input.record,
    command: 'onboard',
    wanted: input.harden,
    consent: input.consent,
    dryRun: input.dryRun,
  });
}

/** The resource's provisioning; with `keep` nothing of registration. */
async function desiredFor(
  run: Onboarding,
  snapshot: RealmSnapshot,
  keep: boolean,
  hardening: Hardening,
  assignments: Assignment[],
): Promise<Desired> {
  const { config, keycloak, carriers, resource, presets } = run;
  const free = freeOwnAccount({ config, keycloak, snapshot }, carriers);
  const desired = provision(run, {
    presets,
    hardening,
    assignments: [...assignments, ...free],
    clients: [],
  });
  return keep ? keepRegistration(desired, keycloak, resource, snapshot) : desired;
}

function attached({ carrier }: Onboarding, client: Client | undefined, why: string): Assignment[] {
  return client ? [assignAudience(client, carrier, why)] : [];
}

/** A client that mcpkc made may name the resource's scope, too: it never registered with it. */
function nameable({ scope, mode }: Onboarding, client: Client | undefined): Assignment[] {
  if (!client || mode !== 'adopted') return [];
  const why = 'so that it may name the scope that the MCP server names';
  return [{ clientId: client.clientId, scope, list: 'optional', why }];
}

/** mcpkc's own account must not carry an MCP audience into its admin requests. */
function requireForeign(config: Config, keycloak: Keycloak, clients: readonly (Client | undefined)[]): void {
  const isOwn = (client: Client | undefined) => client?.clientId === config.clientId;
  if (keycloak.accountRealm !== keycloak.realm || !clients.some(isOwn)) return;
  throw inputError(
    `The client '${config.clientId}'`,
    'this is mcpkc’s own account, whose token must not carry an MCP audience',
    'Name the MCP client.',
  );
}

async function requireClient(
  keycloak: Keycloak,
  snapshot: RealmSnapshot,
  id: string | undefined,
): Promise<Client | undefined> {
  if (id === undefined) return undefined;
  const found =
    snapshot.clients.find(({ clientId }) => clientId === id) ?? (await findClientById(keycloak, id));
  if (!found) {
    const message = `There is no client '${visible(id)}' in realm '${snapshot.realm}'.`;
    throw new McpkcError(
      'CLIENT_NOT_IN_REALM',
      message,
      'Name its client id or its internal id; mcpkc status --clients lists those that registered.',
    );
  }
  if (!snapshot.clients.some((client) => client.id === found.id)) snapshot.clients.push(found);
  return found;
}
