import { durationText, when } from '../../../duration.ts';
import type { Evidence } from './evidence.ts';
import type { Verdict } from './verdict.ts';

export type Action = 'keep' | 'mark' | 'disable' | 'delete' | 'revive';

/** What happens to a client in this run, and why. */
export interface Decision {
  action: Action;
  reason: string;
  standing: Verdict['standing'];
}

/** How fast orphans go: a stage per grace, or at once. */
export interface Pace {
  now: number;
  graceMs: number;
  /** `--now`: no stages. */
  atOnce: boolean;
}

/** The next step for a judged client: mark, then disable, then delete, a grace apart; back again at a sign of life. */
export function decide({ standing, reason }: Verdict, { marks }: Evidence, pace: Pace): Decision {
  const { stage } = marks;
  const as = (action: Action, why = reason): Decision => ({ action, reason: why, standing });
  if (stage !== undefined && (standing === 'alive' || standing === 'shielded')) {
    return as('revive', `${reason}; it had been ${stage.stage} at ${when(stage.at)}`);
  }
  if (standing !== 'orphan') return as('keep');
  if (pace.atOnce) return as('delete');
  if (stage === undefined) return as('mark');
  const due = stage.at + pace.graceMs;
  const next = stage.stage === 'marked' ? 'disable' : 'delete';
  if (pace.now >= due) return as(next, `${reason}; ${stage.stage} since ${when(stage.at)}`);
  return as(
    'keep',
    `${reason}; ${stage.stage} since ${when(stage.at)}, ${next} after ${durationText(pace.graceMs)} (${when(due)})`,
  );
}
