import type {
  Activity,
  EvidenceReach,
  OrphanEvidence,
  ReachedType,
} from '../../../src/commands/prune-clients/judge/evidence.ts';
import { NO_ACTIVITY, REACHED } from '../../../src/commands/prune-clients/judge/evidence.ts';
import type { Rules } from '../../../src/commands/prune-clients/judge/verdict.ts';

export const DAY = 86_400_000;
export const NOW = Date.UTC(2026, 5, 1);
/** When the orphan of these tests registered. */
export const MADE = NOW - 20 * DAY;

export const RULES: Rules = { now: NOW, olderThanMs: 7 * DAY, presets: ['chatgpt'] };

const covered = (from: number | undefined): EvidenceReach => ({ from, why: 'as the test says' });

/** Events of an orphan, complete since a day before it registered, with changes. */
export function events(
  changes: Partial<Activity> = {},
  from: Partial<Record<ReachedType, number | undefined>> = {},
): OrphanEvidence['events'] {
  const reach = REACHED.map((type) => [type, covered(type in from ? from[type] : MADE - DAY)] as const);
  return {
    readable: true,
    ...NO_ACTIVITY,
    registered: MADE,
    ...changes,
    reach: Object.fromEntries(reach) as Record<ReachedType, EvidenceReach>,
  };
}

/** An orphan beyond doubt, with changes. */
export function orphan(changes: Partial<OrphanEvidence> = {}): OrphanEvidence {
  return {
    origin: { kind: 'dynamic', why: 'it looks like it' },
    preset: 'chatgpt',
    enabled: true,
    shield: undefined,
    probeBegun: undefined,
    traces: [],
    isChosen: false,
    created: undefined,
    acceptedAge: undefined,
    secretMade: MADE,
    marks: { firstSeen: undefined, lastSeen: undefined, stage: undefined },
    sessions: { readable: true, active: 0, offline: 0 },
    consents: { readable: true, users: 0, lastGiven: undefined },
    events: events(),
    ...changes,
  };
}

/** Marks of an orphan, with changes. */
export function marks(changes: Partial<OrphanEvidence['marks']> = {}): OrphanEvidence['marks'] {
  return { ...orphan().marks, ...changes };
}
