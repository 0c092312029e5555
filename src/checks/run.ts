import type { Evidence, EvidenceParts, StepName } from './evidence.ts';
import type { Run, Step } from './step.ts';

/**
 * Runs the steps: each begins when those that it comes after are done, so independent ones run side by side. A step
 * whose evidence is missing because the run's time was up leaves its checks not run. Other failures end the run.
 */
export async function runSteps(
  steps: readonly Step[],
  chosen: ReadonlySet<StepName>,
  run: Run,
  ranOut: () => boolean,
): Promise<Evidence> {
  const parts = run.parts as Partial<Record<StepName, EvidenceParts[StepName]>>;
  const begun = new Map<StepName, Promise<void>>();
  const begin = (step: Step): Promise<void> => {
    const known = begun.get(step.name);
    if (known) return known;
    const work = go(step);
    begun.set(step.name, work);
    return work;
  };
  const go = async (step: Step): Promise<void> => {
    await Promise.all(steps.filter(({ name }) => step.after.includes(name)).map(begin));
    if (step.after.some((name) => chosen.has(name) && parts[name] === undefined)) return;
    run.voice.progress(step.doing);
    try {
      parts[step.name] = await step.probe(run);
    } catch (error) {
      if (!ranOut()) throw error;
    }
  };
  const all = await Promise.allSettled(steps.filter(({ name }) => chosen.has(name)).map(begin));
  run.voice.progress(undefined);
  const failed = all.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
  return { target: run.target, parts: run.parts };
}
