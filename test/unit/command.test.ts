import { describe, expect, it } from 'vitest';
import { list, parseDurationFlag, wholeNumber } from '../../src/cli/command.ts';
import { parseDuration } from '../../src/duration.ts';

describe('parseDuration', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['0s', 0],
    ['3650d', 315_360_000_000],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    '',
    '30',
    's',
    '1.5h',
    '-1s',
    '1 s',
    '1S',
    '1w',
    '3651d',
    '999999999d',
    '1e3s',
    '٣s',
    '30s\n',
    'Infinityd',
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('as a flag is more than nothing', () => {
    expect(parseDurationFlag('1ms')).toBe(1);
    for (const text of ['0s', 'soon'])
      expect(() => parseDurationFlag(text)).toThrow('Write a duration like 30s, 10m or 7d.');
  });
});

it('list collects what is repeated or has commas, and refuses an empty entry', () => {
  expect(list('b, c', list('a', undefined))).toEqual(['a', 'b', 'c']);
  for (const text of ['', ',', 'a,,b', 'a,']) expect(() => list(text, undefined)).toThrow('empty entry');
});

it('wholeNumber is at least 1', () => {
  expect(wholeNumber('25')).toBe(25);
  for (const text of ['0', '-1', '1.5', '', 'x', '01', '1e3', '9999999999'])
    expect(() => wholeNumber(text)).toThrow('at least 1');
});
