import { formatMoment } from '../../../duration.ts';
import { inertJson } from '../../../text.ts';
import { type Candidate, DEMANDED, type OrphanEvidence } from './evidence.ts';
import type { Decision } from './stages.ts';

/** The outcome of a decision. `spared`: judged otherwise right before; `gone`: deleted by somebody else meanwhile. */
export type AuditOutcome = 'planned' | 'done' | 'spared' | 'gone';

/** A client with the decision on it, and the outcome. */
export interface Judged extends Candidate {
  decision: Decision;
  outcome: AuditOutcome;
}

/** Evidence with times that people read; unknown values are null. Holds no secret. */
export function evidenceDocument(evidence: OrphanEvidence): Record<string, unknown> {
  const { origin, preset, enabled, secretMade, marks, sessions, consents, events } = evidence;
  const time = (ms: number | undefined) => (ms === undefined ? null : formatMoment(ms));
  const { firstSeen, stage } = marks;
  return {
    registration: origin,
    preset: preset ?? null,
    enabled,
    created: time(evidence.created),
    acceptedAge: time(evidence.acceptedAge),
    secretMade: time(secretMade),
    firstSeen: firstSeen ? { at: formatMoment(firstSeen.at), after: time(firstSeen.after) } : null,
    lastSeen: time(marks.lastSeen),
    stage: stage ? { stage: stage.stage, at: formatMoment(stage.at) } : null,
    sessions,
    consents: consents.readable ? { ...consents, lastGiven: time(consents.lastGiven) } : consents,
    events: events.readable ? eventsDocument(events, evidence.traces, time) : events,
  };
}

function eventsDocument(
  events: Extract<OrphanEvidence['events'], { readable: true }>,
  traces: OrphanEvidence['traces'],
  time: (ms: number | undefined) => string | null,
): Record<string, unknown> {
  const types = [...DEMANDED, ...traces.flatMap(({ event }) => event ?? [])];
  const reach = types.map((type) => [
    type,
    { from: time(events.reach[type].from), why: events.reach[type].why },
  ]);
  return {
    readable: true,
    registered: time(events.registered),
    uses: events.uses,
    lastUse: time(events.lastUse),
    lastTry: time(events.lastTry),
    missed: time(events.missed),
    reach: Object.fromEntries(reach),
  };
}

/** One decision as a line of JSON: its time, kind, client, reason, author and evidence. */
export function auditLine(judged: Judged, at: number, by: string, realm: string): string {
  const { id, clientId, name, decision, outcome, evidence } = judged;
  const line = JSON.stringify({
    at: new Date(at).toISOString(),
    realm,
    decision: decision.action,
    outcome,
    clientId,
    id,
    name: name ?? null,
    reason: decision.reason,
    by,
    evidence: evidenceDocument(evidence),
  });
  return `${inertJson(line)}\n`;
}
