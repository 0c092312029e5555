import { describe, expect, it } from 'vitest';
import { REALM } from '../../src/plan/kinds/all.ts';
import { ACCOUNT_KINDS, CONNECTION_KINDS, KINDS, REALM_KINDS, REMOVAL_KINDS } from '../../src/plan/plan.ts';
import { changeName } from '../../src/plan/text.ts';
import { emptyRealm } from '../../src/realm/snapshot.ts';

const EMPTY = emptyRealm('empty');

it('what several lists hold has one place in the order', () => {
  expect(KINDS).toEqual([
    ...new Set([...REALM_KINDS, ...ACCOUNT_KINDS, ...REMOVAL_KINDS, ...CONNECTION_KINDS]),
  ]);
  expect(KINDS.indexOf('client-scope')).toBeLessThan(KINDS.indexOf('audience-mapper'));
  expect(KINDS.indexOf('service-account')).toBeLessThan(KINDS.indexOf('account-role'));
});

describe.each(KINDS)('%s', (kind) => {
  it('has a name for people in a plan’s lines', () => {
    const name = changeName({ kind, action: 'create', key: 'x', before: null, after: null, why: '' });
    expect(name).toMatch(/^(create [a-z’ ]+|grant|restrict who may use) x$/);
  });
});

describe.each(REALM_KINDS)('%s', (kind) => {
  it('wants nothing where nothing is wanted', () => {
    expect(REALM[kind].diff({}, EMPTY)).toEqual([]);
  });
});
