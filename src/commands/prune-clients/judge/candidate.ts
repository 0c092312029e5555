import { formatMoment } from '../../../duration.ts';
import type { CreationTimes } from '../../../keycloak/read/creation-times.ts';
import {
  createdAt,
  isCimdOf,
  isSelfRegistered,
  judgeOrigin,
  type Origin,
  presetOf,
} from '../../../products/dynamic.ts';
import type { Preset } from '../../../products/preset.ts';
import { probeBegun } from '../../../products/probe-mark.ts';
import { heldAs } from '../../../realm/lists.ts';
import { clientKeyOf, MADE_ATTRIBUTE } from '../../../realm/record.ts';
import { type Client, isKeycloakId } from '../../../realm/representations.ts';
import type { Candidate, OrphanEvidence } from './evidence.ts';
import { matchesGlob } from './glob.ts';
import { marksOf, type Remembered } from './marks.ts';
import { tracesOf } from './traces.ts';

/** The facts about clients in the configuration. */
export interface House {
  presets: readonly Preset[];
  /** `protect`: client ids or globs. */
  protect: readonly string[];
  /** Client ids of static clients (OIDC_AUDIENCE) and of mcpkc's own service account. */
  fixed: readonly string[];
}

/** The facts about clients in the realm, where no registrant can write. */
export interface KnownFacts {
  remembered: Remembered;
  /** Names of the scopes that only adopted clients hold. */
  adoptedScopes: readonly string[];
  /** The times at which clients were made, where the server tells. */
  created?: CreationTimes | undefined;
  /** `--accept-age`: the clients that are from that time at least, by an operator's word. */
  accepting?: Accepting | undefined;
}

/** The value of `--accept-age`. */
export interface Accepting {
  /** Milliseconds since the epoch. */
  age: number;
  clientIds: ReadonlySet<string>;
}

/**
 * The way in which a client came to be, for pruning. A registrant may choose the client id
 * (`clients-registrations/default`). So a client with a chosen id is judged like others where it has the mark of
 * registration; its event tells whether it registered. A URL that may be a product's document is left out: mcpkc itself
 * makes such clients.
 */
export function originOf(client: Client, presets: readonly Preset[]): { origin: Origin; isChosen: boolean } {
  const origin = judgeOrigin(client);
  const isPin = presets.some((preset) => isCimdOf(preset, client.clientId));
  if (origin.kind !== 'other' || isPin || !isKeycloakId(client.id) || !isSelfRegistered(client)) {
    return { origin, isChosen: false };
  }
  const why = 'its client id was chosen, it asks for consent and has no full scope';
  return { origin: { kind: 'dynamic', why }, isChosen: true };
}

/** The reason why a client must not be touched, whatever the evidence; undefined for most. */
function shieldOf(
  client: Client,
  house: House,
  { remembered, adoptedScopes }: KnownFacts,
): string | undefined {
  const { clientId } = client;
  const kept = remembered.kept.get(clientKeyOf(client));
  if (kept?.why === 'restored') {
    return `it was restored from a backup (${formatMoment(Date.parse(kept.since))}), and is kept until --unkeep`;
  }
  if (kept !== undefined) return 'it is kept (prune-clients --keep)';
  const proof = remembered.made.get(client.id);
  if (proof !== undefined && client.attributes[MADE_ATTRIBUTE] === proof)
    return 'mcpkc made it (mcpkc allow), and --remove there takes it back';
  const glob = house.protect.find((one) => matchesGlob(one, clientId));
  if (glob !== undefined) return `the configuration protects it (protect: ${glob})`;
  if (isAdopted(client, adoptedScopes) && !isPerLogin(client, house))
    return 'it was adopted for an MCP server';
  return house.fixed.includes(clientId) ? 'the configuration names it' : undefined;
}

function isAdopted(client: Client, adoptedScopes: readonly string[]): boolean {
  return adoptedScopes.some((scope) => heldAs(client, scope) !== 'none');
}

/**
 * A client of a product that registers for each sign-in is left behind by the next: it is judged by the signs of its
 * use.
 */
function isPerLogin(client: Client, { presets }: House): boolean {
  return presetOf(client, presets)?.registersPerLogin === 'yes';
}

const NOT_READ = { readable: false, why: 'not read' } as const;

/** The evidence in a client's own representation; sessions, consents and events are still to be read. */
export function candidateOf(client: Client, house: House, known: KnownFacts): Candidate {
  const key = clientKeyOf(client);
  const { created, accepting, remembered } = known;
  const accepted = remembered.accepted.get(key);
  const said = accepting?.clientIds.has(client.clientId) ? accepting.age : undefined;
  const evidence: OrphanEvidence = {
    ...originOf(client, house.presets),
    created: created?.get(client.id),
    acceptedAge: said ?? (accepted === undefined ? undefined : Date.parse(accepted.age)),
    preset: presetOf(client, house.presets)?.name,
    enabled: client.enabled === true,
    shield: shieldOf(client, house, known),
    isLeftBehind: isAdopted(client, known.adoptedScopes) && isPerLogin(client, house),
    probeBegun: probeBegun(client),
    traces: tracesOf(client),
    secretMade: createdAt(client),
    marks: marksOf(client, known.remembered),
    sessions: NOT_READ,
    consents: NOT_READ,
    events: NOT_READ,
  };
  const { id, clientId, name } = client;
  return { key, id, clientId, name, evidence };
}

/**
 * Whether a client is written down when it is first seen: any that could ever count as dynamic, whatever else was
 * changed on it. So one that isn't written down is certainly newer than the last complete look.
 */
export function isObserved({ id }: Pick<Candidate, 'id'>): boolean {
  return isKeycloakId(id);
}
