import { expect, it } from 'vitest';
import { keepOnce } from '../../src/keep-once.ts';

it('equal values are kept once, a text apart from a list that reads like it, and no more than a thousand', () => {
  const once = keepOnce();
  const first = once({ a: ['x'] });
  expect(once({ a: ['x'] })).toBe(first);
  expect(once(['x'])).not.toBe(first);
  expect(once('["x"]')).toBe('["x"]');
  expect(once(['x'])).toEqual(['x']);
  for (let at = 0; at < 2000; at++) once({ at });
  const late = once({ late: true });
  expect(once({ late: true })).not.toBe(late);
  expect(once({ a: ['x'] })).toBe(first);
});
