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
