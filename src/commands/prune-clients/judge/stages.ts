import { durationText, formatMoment } from '../../../duration.ts';
import { MISSED, type OrphanEvidence, type StageMark } from './evidence.ts';
import type { Verdict } from './verdict.ts';

export type StageAction = 'keep' | 'mark' | 'disable' | 'delete' | 'revive';

/** The step of a client in this run, and its reason. */
export interface Decision {
  action: StageAction;
  reason: string;
  standing: Verdict['standing'];
}

/** The pace at which orphans go: a stage per grace, or at once. */
export interface Pace {
  now: number;
  graceMs: number;
  /** `--now`: no stages. */
  atOnce: boolean;
}

/**
 * The next step for a judged client: mark, then disable, then delete, a grace apart; back again at a sign of life. A
 * client that Keycloak made from a metadata document is never disabled, which would lock all its users out. Deleted, it
 * comes back.
 */
export function decide({ standing, reason }: Verdict, evidence: OrphanEvidence, pace: Pace): Decision {
  const { stage } = evidence.marks;
  const as = (action: StageAction, why = reason): Decision => ({ action, reason: why, standing });
  if (stage !== undefined && (standing === 'alive' || standing === 'shielded')) {
    return as('revive', `${reason}; it had been ${stage.stage} at ${formatMoment(stage.at)}`);
  }
  const isFetched = evidence.origin.kind === 'cimd';
  if (standing === 'accepted' && isFetched) return as('delete');
  if (standing === 'accepted') return decideAccepted(as, evidence, pace);
  if (standing !== 'orphan') return as('keep');
  if (pace.atOnce) return as('delete');
  if (stage === undefined) return as('mark');
  return onceDue(as, stage, stage.at, pace, isFetched ? 'delete' : 'disable');
}

type As = (action: StageAction, why?: string) => Decision;

/**
 * A client that goes on an operator's word is disabled first, whatever the pace, and deleted once nobody was heard for
 * a grace.
 */
function decideAccepted(as: As, { marks, events }: OrphanEvidence, pace: Pace): Decision {
  const { stage } = marks;
  if (stage?.stage !== 'disabled') return as('disable');
  const { reason } = as('keep');
  const { from, why } = events.readable ? events.reach[MISSED] : { from: undefined, why: events.why };
  if (from === undefined) {
    return as(
      'keep',
      `${reason}; disabled since ${formatMoment(stage.at)}, and not deleted: nobody would be heard who misses it (${MISSED}: ${why})`,
    );
  }
  return onceDue(as, stage, Math.max(stage.at, from), pace);
}

/** The stage's next step, a grace after `since`; until then the client stays as it is. */
function onceDue(
  as: As,
  stage: StageMark,
  since: number,
  pace: Pace,
  afterMark: StageAction = 'disable',
): Decision {
  const { reason } = as('keep');
  const due = since + pace.graceMs;
  const next = stage.stage === 'marked' ? afterMark : 'delete';
  if (pace.now >= due) return as(next, `${reason}; ${stage.stage} since ${formatMoment(stage.at)}`);
  return as(
    'keep',
    `${reason}; ${stage.stage} since ${formatMoment(stage.at)}, ${next} after ${durationText(pace.graceMs)} (${formatMoment(due)})`,
  );
}
