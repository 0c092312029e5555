import { expect, it } from 'vitest';
import { ACCOUNT_RESOURCES, RESOURCES } from '../../src/plan/kinds/index.ts';
import { ACCOUNT_KINDS, KINDS, REALM_KINDS } from '../../src/plan/plan.ts';

it('every kind has a diff, and nothing else has', () => {
  const kinds = (list: readonly { kind: string }[]) => [...new Set(list.map(({ kind }) => kind))].sort();
  expect(kinds(RESOURCES)).toEqual([...REALM_KINDS].sort());
  expect(kinds(ACCOUNT_RESOURCES)).toEqual([...ACCOUNT_KINDS].sort());
});

it('what both lists hold has one place in the order', () => {
  expect(KINDS).toEqual([...new Set(KINDS)]);
  expect(KINDS.indexOf('client-scope')).toBeLessThan(KINDS.indexOf('audience-mapper'));
  expect(KINDS.indexOf('service-account')).toBeLessThan(KINDS.indexOf('account-role'));
});
