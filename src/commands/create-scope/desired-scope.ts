import type { Context } from '../../cli/command.ts';
import { hideFromMetadata } from '../../plan/advertised.ts';
import type { Assignment, Desired, DesiredClient } from '../../plan/desired.ts';
import { type Hardening, hardenFor, NOT_HARDENED, pkceOf } from '../../plan/hardening.ts';
import { knownPresets } from '../../plan/input.ts';
import { keepAdopted, type Moving } from '../../plan/moving.ts';
import { assignAudience, carriersFor, provision } from '../../plan/provisioned.ts';
import { keepRegistration } from '../../plan/registration.ts';
import { isSelfRegistered } from '../../products/dynamic.ts';
import { ATTRIBUTE } from '../../realm/marks.ts';
import { isAudienceScope, listFor, nameScopeOf } from '../../realm/mcp-scope.ts';
import type { McpServer } from '../../realm/mcp-server.ts';
import type { ClientScope } from '../../realm/representations.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import type { CreateScopeOptions } from './command.ts';
import { findExistingHolders, isLookedThrough } from './existing-clients.ts';
import type { NamedClients } from './named-clients.ts';
import { staticClients } from './static-clients.ts';
import type { WantedServer } from './wanted-server.ts';

/** The mode and the realm's list that a scope should have: `--attach`, else as they are; standing for a new one. */
export function modeAndList(
  { scopes: { named }, mode, list }: McpServer,
  flags: CreateScopeOptions,
): Pick<McpServer, 'mode' | 'list'> {
  if (flags.attach === 'none') return { mode: 'adopted', list: 'optional' };
  if (flags.attach === 'default' || flags.attach === 'optional')
    return { mode: 'standing', list: flags.attach };
  // A scope that is in neither list and was never marked is a half-made one: create-scope makes it standing.
  const begun = named && named.attributes[ATTRIBUTE.mode] === undefined && mode === 'adopted';
  return begun ? { mode: 'standing', list: 'default' } : { mode, list: listFor(mode, list) };
}

/** The desired state of the realm. A client that several reasons apply to is decided by the first: the flags. */
export async function planWish(
  context: Context,
  mcpServer: WantedServer,
  named: NamedClients,
  moving: Moving,
  flags: CreateScopeOptions,
): Promise<Desired> {
  const { audienceScope, carrier, resource, presets, snapshot } = mcpServer;
  const detached = named.detach.flatMap(({ clientId }) =>
    [...new Set([carrier, ...mcpServer.carriers])].map((one) => ({
      assignment: { clientId, scope: one, list: 'none' as const, why: 'because of --detach' },
    })),
  );
  const attached = named.attach.map((client) => ({
    assignment: assignAudience(client, carrier, 'because of --client'),
  }));
  const fixed = staticClients(
    mcpServer,
    { create: flags.createStatic === true, yes: flags.yes === true },
    (warning) => context.voice.warn(warning),
  );
  const existing = await findExistingHolders(context, mcpServer, hasToLookThrough(mcpServer, flags));
  const kept = audienceScope === undefined ? [] : keepAdopted(moving, audienceScope);
  const unmarked = [...existing, ...kept].map((assignment) => ({ assignment }));
  const all = firstOfEach<Wanted>([...detached, ...attached, ...fixed, ...unmarked]);
  const assignments = all.map(({ assignment }) => assignment);
  const holders = assignments.filter((one) => one.list !== 'none').map(({ clientId }) => clientId);
  const hardening = await hardeningFor(context, mcpServer, flags, holders);
  const desired = provision(mcpServer, {
    presets,
    hardening,
    assignments,
    clients: [
      ...all.flatMap(({ mark }) => (mark ? [mark] : [])),
      ...(flags.harden === false ? [] : unpkced(snapshot, holders, hardening)),
    ],
  });
  const hidden = hideFromMetadata(flags.hideScope ?? [], snapshot);
  desired.clientScopes = [...(desired.clientScopes ?? []), ...hidden];
  if (mcpServer.registration === 'open') return desired;
  return keepRegistration(desired, mcpServer.keycloak, resource, snapshot);
}

/** Clients that registered themselves and are granted the scope: each is held to PKCE from now on. */
function unpkced(
  snapshot: RealmSnapshot,
  holders: readonly string[],
  { clients }: Hardening,
): DesiredClient[] {
  return snapshot.clients
    .filter((client) => holders.includes(client.clientId) && isSelfRegistered(client))
    .filter(({ clientId }) => !clients.some((one) => one.clientId === clientId))
    .map(pkceOf);
}

/** The hardening of the realm for this server; steps that are left out are reported. */
async function hardeningFor(
  context: Context,
  mcpServer: WantedServer,
  flags: CreateScopeOptions,
  holders: readonly string[],
): Promise<Hardening> {
  if (mcpServer.registration === 'keep') return NOT_HARDENED;
  const { config, keycloak, presets, resource, snapshot } = mcpServer;
  const opening = { resource, scopes: carriersFor(mcpServer), presets, known: knownPresets(config), holders };
  return hardenFor(context, opening, {
    keycloak,
    snapshot,
    record: mcpServer.record,
    command: 'create-scope',
    wanted: flags.harden !== false,
    consent: flags.yes === true,
    dryRun: flags.dryRun === true,
  });
}

interface Wanted {
  assignment: Assignment;
  mark?: DesiredClient;
}

/** The first decision about a client counts; a decision may be about several of its scopes. */
function firstOfEach<T extends Wanted>(all: readonly T[]): T[] {
  const decided = new Map<string, string>();
  return all.filter(({ assignment: { clientId, why } }) => {
    if (!decided.has(clientId)) decided.set(clientId, why);
    return decided.get(clientId) === why;
  });
}

/**
 * Whether all clients are read for those of the products: with `--existing` at each run, by default where no earlier run
 * did it.
 */
export function hasToLookThrough(mcpServer: WantedServer, flags: CreateScopeOptions): boolean {
  if (!wantsExisting(mcpServer, flags)) return false;
  return flags.existing === true || !isLookedThrough(mcpServer, mcpServer.record);
}

/**
 * Whether it is on: while this is the realm's only audience scope and everybody may have it; else each connector keeps
 * its own.
 */
function wantsExisting(
  { mode, scope, snapshot, registration }: WantedServer,
  flags: CreateScopeOptions,
): boolean {
  if (typeof flags.existing === 'boolean') return flags.existing;
  if (registration === 'keep') return false;
  const isOther = (one: ClientScope) => one.name !== scope && nameScopeOf(one) !== scope;
  return mode === 'standing' && !snapshot.scopes.some((one) => isOther(one) && isAudienceScope(one));
}
