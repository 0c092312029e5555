import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brief, count, shellWord, visible, wrap } from '../../../src/text.ts';

/** Control, format, private, unassigned, lone surrogates; line and paragraph separators; letters without ink. */
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}\u{115f}\u{1160}\u{2800}\u{3164}\u{ffa0}]|\u{34f}/u;
const anything = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)))
    .map((list) => list.join('')),
  fc.constantFrom(
    '\u001b[2J',
    '\u202eexe.pdf',
    'a\u0000b',
    '\ud800',
    '\u{e0041}',
    '\u{f0000}',
    '\u{feff}',
    '\r\n',
  ),
);

describe('visible', () => {
  it('lets nothing through that does not show', () => {
    fc.assert(
      fc.property(anything, (text) => void expect(visible(text)).not.toMatch(HIDDEN)),
      { numRuns: 2000 },
    );
  });

  it('leaves what does show as it is, and showing it twice changes nothing', () => {
    for (const text of ['Ünïcödé', '漢字', 'a b', '🙂', 'é', '"quotes" \\ backslash', ''])
      expect(visible(text)).toBe(text);
    fc.assert(fc.property(anything, (text) => void expect(visible(visible(text))).toBe(visible(text))));
  });

  it('says which character it was', () => {
    expect(visible('\u001b[31m')).toBe('\\u{1b}[31m');
    expect(visible('a\u202eb')).toBe('a\\u{202e}b');
    expect(visible('\ud800')).toBe('\\u{d800}');
    expect(visible('\u{e0041}')).toBe('\\u{e0041}');
  });
});

describe('brief', () => {
  it('is never longer than asked for, and cuts no character in two', () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 1, max: 40 }), (text, most) => {
        const cut = brief(text, most);
        expect(Array.from(cut).length).toBeLessThanOrEqual(most);
        expect(cut).not.toMatch(HIDDEN);
      }),
    );
    expect(brief('🙂🙂🙂', 2)).toBe('🙂…');
    expect(brief('abc', 3)).toBe('abc');
  });
});

describe('wrap', () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { maxLength: 40 });

  it('keeps every word in order, and no line longer than the width', () => {
    fc.assert(
      fc.property(
        words,
        fc.integer({ min: 20, max: 80 }),
        fc.constantFrom('', '  ', '      '),
        (list, width, indent) => {
          const text = wrap(list.join(' '), width, indent);
          expect(text.split(/\s+/).filter((word) => word !== '')).toEqual(list);
          for (const line of text.split('\n')) {
            expect(line.length).toBeLessThanOrEqual(width);
            if (line !== '') expect(line.startsWith(indent)).toBe(true);
          }
        },
      ),
    );
  });

  it('keeps a word that is too long whole, a line’s own indentation, and empty lines', () => {
    expect(wrap('a https://a-very-long.example.com/path b', 20)).toBe(
      'a\nhttps://a-very-long.example.com/path\nb',
    );
    expect(wrap('    code here and more of it', 20)).toBe('    code here and\n    more of it');
    expect(wrap('one\n\ntwo', 20)).toBe('one\n\ntwo');
  });
});

describe('shellWord', () => {
  it('comes out of a shell as it went in', () => {
    const shown = fc
      .string({ unit: 'grapheme', minLength: 0, maxLength: 20 })
      .filter((text) => !text.includes('\0'));
    const words = [
      ...fc.sample(shown, { numRuns: 150, seed: 7 }),
      '',
      "it's",
      '$HOME',
      '`id`',
      '$(id)',
      'a b',
      '*',
      '~',
      '!!',
      '-n',
      '\\',
      "'",
      "''",
      '"',
      'a\nb',
      '#x',
      'a;b&c|d',
      '漢字',
      'https://x.example.com/mcp?(a)&b=1',
    ];
    const script = words.map((word) => `printf '%s\\0' ${shellWord(word)}`).join('\n');
    const out = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
    expect(out.split('\0').slice(0, -1)).toEqual(words);
  });

  it('leaves plain words alone', () => {
    for (const word of ['mcp-resource-svc', 'https://svc.example.com:8443/mcp', 'a_b@c%d+e=f,g']) {
      expect(shellWord(word)).toBe(word);
    }
  });
});

it('count', () => {
  expect([
    count(0, 'client'),
    count(1, 'client'),
    count(2, 'client'),
    count(12345, 'policy', 'policies'),
  ]).toEqual(['0 clients', '1 client', '2 clients', '12,345 policies']);
});
