import { expect, it } from 'vitest';
import { briefList } from '../../../src/text.ts';

it('a list is cut between two names, and the rest is counted', () => {
  const names = ['client-scope', 'audience-mapper', 'trusted-hosts', 'default-scope'];
  expect(briefList(names, 200)).toBe(names.join(', '));
  expect(briefList(names, 40)).toBe('client-scope, audience-mapper and 2 more');
  expect(briefList(names, 5)).toBe('clie… and 3 more');
  expect(briefList([], 5)).toBe('');
});
