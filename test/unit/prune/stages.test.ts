import { describe, expect, it } from 'vitest';
import { matchesGlob } from '../../../src/commands/prune-clients/judge/glob.ts';
import { limitFor } from '../../../src/commands/prune-clients/judge/limits.ts';
import { decide, type StageAction } from '../../../src/commands/prune-clients/judge/stages.ts';
import type { Standing } from '../../../src/commands/prune-clients/judge/verdict.ts';
import { DAY, events, marks, NOW, orphan } from './evidence.ts';

const pace = { now: NOW, graceMs: 3 * DAY, atOnce: false };
const at = (stage: 'marked' | 'disabled', days: number) =>
  orphan({ marks: marks({ stage: { stage, at: NOW - days * DAY } }) });

describe('the stages', () => {
  it.each([
    ['an unmarked orphan', orphan(), 'mark'],
    ['one marked yesterday', at('marked', 1), 'keep'],
    ['one marked almost a grace ago', at('marked', 2.9), 'keep'],
    ['one marked just a grace ago', at('marked', 3), 'disable'],
    ['one marked in the future', at('marked', -1), 'keep'],
    ['one disabled yesterday', at('disabled', 1), 'keep'],
    ['one disabled a grace ago', at('disabled', 3), 'delete'],
  ] as const)('%s', (_name, evidence, action) => {
    expect(decide({ standing: 'orphan', reason: 'it is' }, evidence, pace).action).toBe(action);
  });

  it.each([
    ['alive', 'revive'],
    ['shielded', 'revive'],
    ['unknown', 'keep'],
    ['unsettled', 'keep'],
    ['foreign', 'keep'],
  ] as [Standing, StageAction][])('a disabled client that is %s: %s', (standing, action) => {
    const decision = decide({ standing, reason: 'so' }, at('disabled', 9), { ...pace, atOnce: true });
    expect(decision.action).toBe(action);
  });

  it('skips the stages when told to', () => {
    expect(decide({ standing: 'orphan', reason: '' }, orphan(), { ...pace, atOnce: true }).action).toBe(
      'delete',
    );
  });

  it.each([
    ['at once', orphan(), 'disable'],
    ['of one that is marked', at('marked', 1), 'disable'],
    ['of one disabled yesterday', at('disabled', 1), 'keep'],
    ['of one disabled a grace ago', at('disabled', 3), 'delete'],
    [
      'of one disabled a grace ago, where nobody would be heard who misses it',
      { ...at('disabled', 3), events: events({}, { LOGIN_ERROR: undefined }) },
      'keep',
    ],
    [
      'the same, stored since yesterday',
      { ...at('disabled', 3), events: events({}, { LOGIN_ERROR: NOW - DAY }) },
      'keep',
    ],
  ] as const)('disable on an operator’s word, also with --now: %s', (_name, evidence, action) => {
    for (const atOnce of [false, true]) {
      expect(decide({ standing: 'accepted', reason: 'r' }, evidence, { ...pace, atOnce }).action).toBe(
        action,
      );
    }
  });

  it('says when a waiting client goes on', () => {
    const { reason } = decide({ standing: 'orphan', reason: 'r' }, at('marked', 1), pace);
    expect(reason).toBe('r; marked since 2026-05-31T00:00:00Z, disable after 3d (2026-06-03T00:00:00Z)');
  });
});

describe('the limits', () => {
  it.each([
    // wanted, dynamic clients, --max, exceeded
    [9, 9, undefined, false],
    [3, 10, undefined, false],
    [4, 10, undefined, true],
    [25, 1000, undefined, false],
    [26, 1000, undefined, true],
    [26, 26, 26, false],
    [27, 1000, 26, true],
    [0, 10, undefined, false],
  ] as const)('%i of %i with --max %s: exceeded %s', (wanted, dynamic, max, exceeded) => {
    expect(limitFor(wanted, dynamic, max).exceeded).toBe(exceeded);
  });
});

describe('a client that Keycloak made from a document', () => {
  const fetched = { kind: 'cimd', why: 'it is' } as const;
  it.each([
    ['an unmarked orphan', 'orphan', orphan({ origin: fetched }), 'mark'],
    ['one marked a grace ago', 'orphan', { ...at('marked', 3), origin: fetched }, 'delete'],
    ['one that an operator stands for', 'accepted', orphan({ origin: fetched }), 'delete'],
  ] as const)('is never disabled: %s', (_name, standing, evidence, action) => {
    expect(decide({ standing, reason: 'r' }, evidence, pace).action).toBe(action);
  });
});

describe('globs', () => {
  it.each([
    ['abc', 'abc', true],
    ['abc', 'abcd', false],
    ['a*', 'abcd', true],
    ['*d', 'abcd', true],
    ['a*c*d', 'abcd', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['*', '', true],
    ['a.c', 'abc', false],
    ['https://*/client.json', 'https://a.example/client.json', true],
    ['https://*/client.json', 'https://a.example/x/client.json', false],
    ['https://*', 'https://a.example/client.json', false],
    ['a?c', 'a/c', false],
    [`${'*a'.repeat(30)}b`, 'a'.repeat(2000), false],
  ])('%s and %s: %s', (glob, text, matches) => {
    expect(matchesGlob(glob, text)).toBe(matches);
  });
});
