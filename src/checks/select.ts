import { inputError } from '../errors.ts';
import { type Check, groupOf } from './check.ts';
import type { StepName } from './evidence.ts';
import type { Step } from './step.ts';

/** The checks that the operator wants, and the steps that they need. */
export interface Selection {
  wanted: ReadonlySet<string>;
  /** The same, and the checks that they need: all that requests are sent for. */
  asked: ReadonlySet<string>;
  steps: ReadonlySet<StepName>;
}

/** Reads `--only` and `--skip`: ids (TOK-AUD), groups (TOK), case doesn't matter. Unknown ones are refused. */
export function select(
  steps: readonly Step[],
  checks: readonly Check[],
  { only, skip }: { only: readonly string[]; skip: readonly string[] },
): Selection {
  const matches = (option: string, words: readonly string[]) => {
    for (const word of words) {
      if (!checks.some((check) => fits(check, word))) {
        throw inputError(
          option,
          `there is no check or group '${word}'`,
          'mcpkc validate --list-checks lists them.',
        );
      }
    }
    return (check: Check) => words.some((word) => fits(check, word));
  };
  const [isOnly, isSkipped] = [matches('--only', only), matches('--skip', skip)];
  const wanted = checks
    .filter((check) => (only.length === 0 || isOnly(check)) && !isSkipped(check))
    .map(({ id }) => id);
  const asked = withNeeds(checks, wanted);
  return { wanted: new Set(wanted), asked, steps: stepsFor(steps, checks, wanted) };
}

function withNeeds(checks: readonly Check[], wanted: readonly string[]): Set<string> {
  const all = new Set(wanted);
  for (const id of all) for (const need of checks.find((one) => one.id === id)?.needs ?? []) all.add(need);
  return all;
}

function fits(check: Check, word: string): boolean {
  const wanted = word.toUpperCase();
  return check.id === wanted || groupOf(check) === wanted;
}

/** The steps of these checks, of the checks that they need, and the steps that those come after. */
function stepsFor(
  steps: readonly Step[],
  checks: readonly Check[],
  wanted: readonly string[],
): Set<StepName> {
  const needed = new Set<StepName>();
  const addStep = (step: Step) => {
    if (needed.has(step.name)) return;
    needed.add(step.name);
    for (const earlier of steps) if (step.after.includes(earlier.name)) addStep(earlier);
  };
  const seen = new Set<string>();
  const addCheck = (id: string) => {
    const check = checks.find((one) => one.id === id);
    if (!check || seen.has(id)) return;
    seen.add(id);
    for (const step of steps) if (step.checks.includes(check)) addStep(step);
    for (const need of [...check.needs, ...(check.mayNeed ?? [])]) addCheck(need);
  };
  wanted.forEach(addCheck);
  return needed;
}
