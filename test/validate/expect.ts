import { expect } from 'vitest';
import { CHECKS } from '../../src/checks/index.ts';
import type { Validated } from './stage.ts';

/** The checks that declare to need one of these, directly or not; with `may`, also those that may need one. */
export function dependents(failed: readonly string[], may = false): string[] {
  const all = new Set(failed);
  for (let before = -1; before !== all.size; ) {
    before = all.size;
    for (const { id, needs, mayNeed = [] } of CHECKS) {
      if ([...needs, ...(may ? mayNeed : [])].some((need) => all.has(need))) all.add(id);
    }
  }
  return [...all].filter((id) => !failed.includes(id));
}

/**
 * Fails unless exactly these checks failed, apart from those that this stage fails anyway, and exactly what declares to
 * need them is not run.
 */
export function expectFailures(
  run: Validated,
  failed: readonly string[],
  anyway: readonly string[] = [],
): void {
  const notRunByNeed = dependents(failed);
  const mayNotRun = dependents(failed, true);
  const found = {
    failed: run.ids('fail').filter((id) => !anyway.includes(id)),
    notRun: run.ids('not-run').filter((id) => notRunByNeed.includes(id) || !mayNotRun.includes(id)),
    exit: run.exit,
  };
  const told = new Map(run.document.checks.map((one) => [one.id, one]));
  const order = CHECKS.map(({ id }) => id);
  const red = [...failed, ...run.ids('not-run')].some((id) => told.get(id)?.severity === 'must');
  const message = run.document.checks
    .filter(({ outcome }) => outcome === 'fail' || outcome === 'not-run')
    .map(({ id, outcome, message }) => `${id} ${outcome}: ${message}`)
    .join('\n');
  expect(found, message).toEqual({
    failed: order.filter((id) => failed.includes(id)),
    notRun: order.filter((id) => notRunByNeed.includes(id)),
    exit: found.exit === 3 ? 3 : red ? 1 : 0,
  });
}
