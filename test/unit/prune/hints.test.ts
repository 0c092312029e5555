import { expect, it } from 'vitest';
import { eventHints } from '../../../src/commands/prune-clients/judge/hints.ts';
import { DAY } from './evidence.ts';

const types = ['CLIENT_REGISTER', 'LOGIN', 'CODE_TO_TOKEN'];

it.each([
  ['unreadable settings', undefined, undefined],
  ['all types for ever', { enabled: true, types, expirationMs: undefined }, undefined],
  ['long enough', { enabled: true, types, expirationMs: 13 * DAY }, undefined],
  ['too short', { enabled: true, types, expirationMs: 12 * DAY }, /kept for 12d, pruning needs 13d/],
  [
    'events off',
    { enabled: false, types, expirationMs: undefined },
    /CLIENT_REGISTER, LOGIN, CODE_TO_TOKEN are not/,
  ],
  [
    'a type off',
    { enabled: true, types: types.slice(0, 2), expirationMs: undefined },
    /type CODE_TO_TOKEN are not/,
  ],
])('%s', (_name, config, fix) => {
  const hints = eventHints(config, 13 * DAY);
  if (fix === undefined) expect(hints).toEqual([]);
  else expect(hints).toEqual([expect.stringMatching(fix)]);
});

it('the retention that is advised is long enough for the run’s own settings', () => {
  const off = { enabled: false, types, expirationMs: undefined };
  expect(eventHints(off, 13 * DAY)[0]).toContain('mcpkc init --events 30d');
  expect(eventHints(off, 66 * DAY)[0]).toContain('mcpkc init --events 66d');
  expect(eventHints({ enabled: true, types, expirationMs: 30 * DAY }, 66 * DAY)[0]).toContain(
    'Events are kept for 30d, pruning needs 66d. Keep them longer: mcpkc init --events 66d',
  );
});
