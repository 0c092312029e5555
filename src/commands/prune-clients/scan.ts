import type { Context } from '../../cli/command.ts';
import { McpkcError } from '../../errors.ts';
import { keepOnce } from '../../keep-once.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { canAccountSee } from '../../keycloak/connection/own-roles.ts';
import { readAllClients } from '../../keycloak/read/clients.ts';
import { readCreationTimes } from '../../keycloak/read/creation-times.ts';
import { readClientScopes, readRealmScopes } from '../../keycloak/read/read.ts';
import { readRecord } from '../../keycloak/read/record.ts';
import { holderProblems } from '../../products/adoptable.ts';
import type { Preset } from '../../products/preset.ts';
import { audiencesOf } from '../../realm/audiences.ts';
import { heldAs } from '../../realm/lists.ts';
import { ATTRIBUTE } from '../../realm/marks.ts';
import { type HolderLook, NO_RECORD } from '../../realm/record.ts';
import type { Client, EventsConfig } from '../../realm/representations.ts';
import { listNames } from '../../text.ts';
import type { Judged } from './judge/audit.ts';
import { type Accepting, candidateOf, type House, type KnownFacts } from './judge/candidate.ts';
import type { Candidate } from './judge/evidence.ts';
import { Ledger } from './judge/ledger.ts';
import { decide, type Pace } from './judge/stages.ts';
import { judge, type Rules } from './judge/verdict.ts';
import { type LifeSigns, readLifeSigns, requireRole } from './life-signs.ts';
import { progressOf } from './progress.ts';

/** The request in the form that judging reads; times are added at the moment of judging. */
export interface PruneWish {
  house: House;
  rules: Omit<Rules, 'now'>;
  pace: Omit<Pace, 'now'>;
  max: number | undefined;
  /** `--accept-age` */
  accepting: Accepting | undefined;
}

/** A realm's clients, judged. */
export interface Scan {
  /** The beginning, by mcpkc's clock. */
  startedAt: number;
  judged: Judged[];
  /** The notes from before, and those that this run adds. */
  known: KnownFacts;
  ledger: Ledger;
  /** The holders of an audience, counted while all clients were read. */
  holders: HolderCount;
  /** The newest stored event's time by the server's clock. */
  newestEvent: number;
  eventsConfig: EventsConfig | undefined;
  eventsChanged: number | undefined;
  troubles: McpkcError[];
}

/** A client judged on its evidence, now. */
export function judgeForWish(candidate: Candidate, wish: PruneWish, now: number): Judged {
  const verdict = judge(candidate.evidence, { ...wish.rules, now });
  const decision = decide(verdict, candidate.evidence, { ...wish.pace, now });
  return { ...candidate, decision, outcome: 'planned' };
}

/**
 * Reads and judges every client. Clients come first, then the signs of life: events in between are seen. Clients of
 * administrators are judged by their representations alone. Holds a few facts of each client and never a representation.
 */
export async function scan(context: Context, keycloak: Keycloak, wish: PruneWish): Promise<Scan> {
  const { io, voice, signal } = context;
  const startedAt = io.now();
  await requireRole(keycloak, 'view-clients', 'read the clients');
  // The notes come first: a client that is there and isn't in them is newer than the last complete look.
  const { known: remembered, ledger, audienceScopes } = await readKnown(keycloak);
  const created = await readCreationTimes(keycloak);
  const known: KnownFacts = { ...remembered, created, accepting: wish.accepting };
  const holders: HolderCount = { holders: {}, findings: {} };
  const candidates: (Candidate | Judged)[] = [];
  const once = keepOnce();
  const look = (client: Client): Candidate | Judged => {
    const candidate = candidateOf(client, wish.house, known);
    if (candidate.evidence.origin.kind !== 'other') return candidate;
    const { evidence, decision, ...rest } = judgeForWish(candidate, wish, io.now());
    return { ...rest, evidence: once(evidence), decision: once(decision) };
  };
  const onClients = progressOf(io, voice, 'Reading clients');
  for await (const page of readAllClients(keycloak)) {
    candidates.push(...page.map(look));
    for (const client of page) countHolder(holders, client, audienceScopes, wish.house.presets);
    onClients(candidates.length);
  }
  requireAccepted(candidates, wish.accepting);
  const dynamic = candidates.filter(({ evidence }) => evidence.origin.kind !== 'other');
  const sources = await readLifeSigns({
    keycloak,
    signal,
    now: startedAt,
    observed: known.remembered.observed,
    clientIds: new Set(dynamic.map(({ clientId }) => clientId)),
    onConsents: progressOf(io, voice, 'Reading users’ consents'),
    onEvents: progressOf(io, voice, 'Reading events'),
  });
  voice.progress(undefined);
  const now = io.now();
  return {
    startedAt,
    judged: candidates.map((one) =>
      'decision' in one ? one : judgeForWish(withLifeSigns(one, sources), wish, now),
    ),
    known,
    ledger,
    holders,
    newestEvent: sources.newestEvent,
    eventsConfig: sources.eventsConfig,
    eventsChanged: sources.eventsChanged,
    troubles: sources.troubles,
  };
}

/** CLIENT_NOT_IN_REALM where `--accept-age` names a client that isn't there. */
function requireAccepted(candidates: readonly Candidate[], accepting: Accepting | undefined): void {
  if (accepting === undefined) return;
  const there = new Set(candidates.map(({ clientId }) => clientId));
  const missing = [...accepting.clientIds].filter((id) => !there.has(id));
  if (missing.length === 0) return;
  throw new McpkcError(
    'CLIENT_NOT_IN_REALM',
    `The realm has no client ${listNames(missing)}. Nothing was changed.`,
    'mcpkc prune-clients lists them all.',
  );
}

function withLifeSigns(candidate: Candidate, sources: LifeSigns): Candidate {
  const { id, clientId, evidence } = candidate;
  const read = {
    sessions: sources.sessions(id),
    consents: sources.consents(clientId),
    events: sources.events(clientId),
  };
  return { ...candidate, evidence: { ...evidence, ...read } };
}

/**
 * The notes of earlier runs, and the scopes whose holders are adopted. The notes are empty where the account may not
 * read them, which the sessions' trouble tells already.
 */
async function readKnown(
  keycloak: Keycloak,
): Promise<{ known: KnownFacts; ledger: Ledger; audienceScopes: string[] }> {
  const isSeen = await canAccountSee(keycloak, 'view-realm');
  const [record, scopes, lists] = await Promise.all([
    isSeen ? readRecord(keycloak) : NO_RECORD,
    readClientScopes(keycloak),
    readRealmScopes(keycloak),
  ]);
  const inLists = [...lists.defaults, ...lists.optionals];
  const carriers = scopes.filter((scope) => audiencesOf(scope).length > 0);
  const audienceScopes = carriers.map(({ name }) => name);
  const adoptedScopes = carriers
    .filter(({ name, attributes }) => !inLists.includes(name) || attributes[ATTRIBUTE.mode] === 'windowed')
    .map(({ name }) => name);
  const ledger = new Ledger(record);
  return { known: { remembered: ledger.remembered, adoptedScopes }, ledger, audienceScopes };
}

/**
 * The counts: scope → number of clients that hold it; code of a finding of `status` → number of clients that have it.
 */
export type HolderCount = Pick<HolderLook, 'holders' | 'findings'>;

function countHolder(
  into: HolderCount,
  client: Client,
  audienceScopes: readonly string[],
  presets: readonly Preset[],
): void {
  const held = audienceScopes.filter((scope) => heldAs(client, scope) !== 'none');
  for (const scope of held) into.holders[scope] = (into.holders[scope] ?? 0) + 1;
  if (held.length === 0 || holderProblems(client, presets).length === 0) return;
  into.findings.HOLDER_EXCEEDS = (into.findings.HOLDER_EXCEEDS ?? 0) + 1;
}
