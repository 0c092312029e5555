import type { Check, CheckResult, Judgement } from './check.ts';
import type { Evidence } from './evidence.ts';

/**
 * Judges all checks by the evidence. A check is not run where one that it needs failed, or was not run for such a
 * reason itself. A need that merely could not be judged decides nothing: the check decides by its own evidence.
 */
export function judgeAll(
  checks: readonly Check[],
  evidence: Evidence,
  wanted: ReadonlySet<string>,
): CheckResult[] {
  const judged = new Map<string, { judgement: Judgement; culprit: string | undefined }>();
  const judge = (check: Check): { judgement: Judgement; culprit: string | undefined } => {
    const known = judged.get(check.id);
    if (known) return known;
    const culprit = check.needs.map((id) => culpritOf(checks, id, judge)).find((one) => one !== undefined);
    const result = culprit === undefined ? ownJudgement(check) : { judgement: notRunFor(culprit), culprit };
    judged.set(check.id, result);
    return result;
  };
  const ownJudgement = (check: Check) => {
    const judgement = check.judge(evidence);
    if (judgement.outcome === 'fail') return { judgement, culprit: check.id };
    if (judgement.outcome !== 'not-run') return { judgement, culprit: undefined };
    const culprit = (check.mayNeed ?? [])
      .map((id) => culpritOf(checks, id, judge))
      .find((one) => one !== undefined);
    return {
      judgement: culprit === undefined ? judgement : { ...judgement, culprit, fix: `Fix ${culprit} first.` },
      culprit,
    };
  };
  return checks.map((check) => {
    const severity = severityOf(check, evidence);
    if (wanted.has(check.id)) return { check, severity, ...judge(check).judgement };
    return { check, severity, outcome: 'skipped', message: 'Not chosen (--only, --skip).' };
  });
}

function culpritOf(
  checks: readonly Check[],
  id: string,
  judge: (check: Check) => { culprit: string | undefined },
): string | undefined {
  const need = checks.find((one) => one.id === id);
  return need && judge(need).culprit;
}

function notRunFor(id: string): Judgement {
  return { outcome: 'not-run', message: `Needs ${id}.`, fix: `Fix ${id} first.`, culprit: id };
}

/** Each id has one severity; `--manifest` makes the manifest's a must. */
function severityOf(check: Check, { target }: Evidence): Check['severity'] {
  return check.id === 'META-MANIFEST' && target.manifestRequired ? 'must' : check.severity;
}

/** Whether a result is red at a threshold: failed, or not run without an excuse, and at least that severe. */
export function isRed({ outcome, severity, excused }: CheckResult, failOn: 'must' | 'should'): boolean {
  const severe = severity === 'must' || (failOn === 'should' && severity === 'should');
  return severe && (outcome === 'fail' || (outcome === 'not-run' && excused !== true));
}
