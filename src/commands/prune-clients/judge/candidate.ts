import { createdAt, isProbe, presetOf, registration } from '../../../products/dynamic.ts';
import type { Preset } from '../../../products/preset.ts';
import { ATTRIBUTE } from '../../../realm/marks.ts';
import type { Candidate, Evidence } from './evidence.ts';
import { matchesGlob } from './glob.ts';
import { readMarks } from './marks.ts';

/** A client as pruning reads it. */
export interface ClientToJudge {
  id: string;
  clientId: string;
  name?: string;
  enabled?: boolean;
  redirectUris: string[];
  attributes: Record<string, string>;
}

/** What the configuration says of clients. */
export interface House {
  presets: readonly Preset[];
  /** `protect`: client ids or globs. */
  protect: readonly string[];
  /** Client ids of static clients (OIDC_AUDIENCE) and of our own service account. */
  fixed: readonly string[];
}

/** Why a client must not be touched, whatever the evidence; undefined for most. */
export function shieldOf({ clientId, attributes }: ClientToJudge, house: House): string | undefined {
  if (set(attributes, ATTRIBUTE.keep)) return 'it is kept (prune-clients --keep)';
  const glob = house.protect.find((one) => matchesGlob(one, clientId));
  if (glob !== undefined) return `the configuration protects it (protect: ${glob})`;
  if (set(attributes, ATTRIBUTE.adopted)) return 'onboard or create-scope gave it a scope';
  return house.fixed.includes(clientId) ? 'the configuration names it' : undefined;
}

function set(attributes: Readonly<Record<string, string>>, name: string): boolean {
  return Object.hasOwn(attributes, name) && attributes[name] !== '';
}

const NOT_READ = { readable: false, why: 'not read' } as const;

/** What a client's own representation tells; sessions, consents and events are still to be read. */
export function candidateOf(client: ClientToJudge, house: House): Candidate {
  const evidence: Evidence = {
    origin: registration(client),
    preset: presetOf(client, house.presets)?.name,
    enabled: client.enabled === true,
    shield: shieldOf(client, house),
    probe: isProbe(client),
    secretMade: createdAt(client),
    marks: readMarks(client.attributes),
    sessions: NOT_READ,
    consents: NOT_READ,
    events: NOT_READ,
  };
  return { id: client.id, clientId: client.clientId, name: client.name, evidence };
}

/**
 * Whether a client gets our first-seen mark: all that could ever be taken for a dynamic one, whatever else was changed
 * on it, so that one without the mark is certainly newer than the last complete look.
 */
export function isObserved({ id, clientId }: Candidate): boolean {
  return id === clientId || /^https:\/\//i.test(clientId);
}
