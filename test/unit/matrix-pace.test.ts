import { expect, it } from 'vitest';
import { freeCores, paceOf } from '../matrix/machine.ts';

it.each([
  ['an idle machine of two cores', 2, 3, 60_000],
  ['a large one', 32, 6, 60_000],
  ['one core left of two', 1, 2, 120_000],
  ['a machine that others use up', 0.1, 1, 480_000],
])('the matrix on %s', (_what, free, workers, testTimeout) => {
  expect(paceOf(free)).toEqual({ workers, testTimeout, hookTimeout: 2 * testTimeout });
});

it('cores are free as far as there are any', async () => {
  const { availableParallelism } = await import('node:os');
  const free = await freeCores(50);
  expect(free).toBeGreaterThanOrEqual(0.1);
  expect(free).toBeLessThanOrEqual(Math.max(availableParallelism(), 256));
});
