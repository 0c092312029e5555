import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJsonObject } from '../../../src/config/json-text.ts';

const isFine = (text: string) => {
  try {
    return JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
};

describe('readJsonObject', () => {
  it.each([
    ['', 1, 1, 'object'],
    ['[]', 1, 1, 'object'],
    ['"x"', 1, 1, 'object'],
    ['\n  nope', 2, 3, 'object'],
    ['{', 1, 2, 'ends too early'],
    ['{"a"', 1, 5, 'ends too early'],
    ['{"a" 1}', 1, 6, 'colon'],
    ['{"a":', 1, 6, 'ends too early'],
    ['{"a":1', 1, 7, 'ends too early'],
    ['{\n  "a": 1,\n}', 3, 1, 'comma before'],
    ['{"a": [1,]}', 1, 10, 'comma before'],
    ['{\r\n  "a": 1\r\n  "b": 2\r\n}', 3, 3, 'comma or the closing bracket is expected'],
    ['{"a": [1 2]}', 1, 10, 'comma or the closing bracket is expected'],
    ["{'a': 1}", 1, 2, 'double quotes'],
    ['{a: 1}', 1, 2, 'double quotes'],
    ['{"a": hunter2}', 1, 7, 'a value is expected'],
    ['{"a": 01}', 1, 8, 'comma or the closing bracket is expected'],
    ['{"a": truely}', 1, 7, 'a value is expected'],
    ['{"a": "hunter2}', 1, 7, 'not closed'],
    ['{"a": "two\nlines"}', 1, 7, 'not closed'],
    ['{"a": "\\x"}', 1, 7, 'wrong escape'],
    ['{} {}', 1, 4, 'follows'],
    ['{} // hunter2', 1, 4, 'no comments'],
    ['{ // hunter2\n}', 1, 3, 'no comments'],
    ['{ /* hunter2', 1, 3, 'no comments'],
    ['{"a": nan}', 1, 7, 'a value is expected'],
    ['{"a": 1,, "b": 2}', 1, 9, 'double quotes'],
    [`${'{"a":'.repeat(100)}1${'}'.repeat(100)}`, 1, 326, 'deeply'],
    ['['.repeat(100_000), 1, 1, 'object'],
  ])('%j fails at %i:%i, %s', (text, line, column, word) => {
    const read = readJsonObject(text);
    expect(read).toMatchObject({ line, column, problem: expect.stringContaining(word) });
    expect(JSON.stringify(read)).not.toContain('hunter2');
  });

  it('tells keys that stand there twice, and keeps prototype keys as plain members', () => {
    const read = readJsonObject('{"a":1,"b":{"c":1,"c":2},"\\u0061":2,"__proto__":{"x":1}}');
    expect(read).toEqual({
      value: {
        members: expect.arrayContaining([
          ['__proto__', { x: 1 }],
          ['a', 2],
        ]),
        twice: ['a'],
      },
    });
  });

  it('agrees with JSON.parse', () => {
    fc.assert(
      fc.property(
        fc.json(),
        fc.nat(),
        fc.string({ unit: fc.constantFrom(...'{}[],:"1e.\\ ') }),
        (json, at, extra) => {
          const text = `{"a":${json}}`;
          expect(readJsonObject(text)).toEqual({ value: { members: [['a', JSON.parse(json)]], twice: [] } });
          const spot = at % (text.length + 1);
          const broken = `{"a":${text.slice(0, spot)}${extra}${text.slice(spot)}}`;
          expect('value' in readJsonObject(broken)).toBe(isFine(broken));
        },
      ),
      { numRuns: 500 },
    );
  });
});
