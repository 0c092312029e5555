import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { briefList, fitToWidth, keepAsIs, shellLines } from '../../../src/text.ts';

it('a list is cut between two names, and the rest is counted', () => {
  const names = ['client-scope', 'audience-mapper', 'trusted-hosts', 'default-scope'];
  expect(briefList(names, 200)).toBe(names.join(', '));
  expect(briefList(names, 40)).toBe('client-scope, audience-mapper and 2 more');
  expect(briefList(names, 5)).toBe('clie… and 3 more');
  expect(briefList([], 5)).toBe('');
});

const WIDTHS = [40, 80, 120, 200];
const plain = (text: string) => text.replaceAll(/\u001b\[[\d;]*m/g, '');
const wordsOf = (text: string) => text.split(/\s+/).filter((word) => word !== '');

/** Lines that a terminal of that width breaks though they could be broken at a blank. */
function broken(text: string, width: number): string[] {
  return plain(text)
    .split('\n')
    .filter((line) => line.length > width && line.trim().includes(' '));
}

describe.each(WIDTHS)('at %i columns', (width) => {
  const word = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'é', '/', '.', ':', '-', '7'), minLength: 1, maxLength: 12 }),
    fc.constant(
      'https://auth.example.com/auth/realms/Gr%C3%B6%C3%9Fe%20S%C3%BCd/protocol/openid-connect/auth',
    ),
    fc.constant('mcp-audience-mcp-81f552a2b1ad4721b63c89fff1bc56fa'),
    fc.constant('\u001b[1mbold\u001b[22m'),
  );
  const line = fc
    .tuple(fc.constantFrom('', '  ', '      '), fc.constantFrom('', '✓ ', '+ ', '- ', '12. '), fc.array(word))
    .map(([indent, sign, words]) => `${indent}${sign}${words.join(' ')}`);

  it('no word is broken that fits on a line of its own, and none is lost', () => {
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const text = lines.join('\n');
        const shown = fitToWidth(text, width);
        expect(broken(shown, width)).toEqual([]);
        expect(wordsOf(plain(shown))).toEqual(wordsOf(plain(text)));
        expect(fitToWidth(shown, width)).toBe(shown);
      }),
    );
  });

  it('a command line stays one that can be pasted, also where options were put in after it was broken', () => {
    const url = `https://svc.example.com/${'a-long-path/'.repeat(10)}mcp`;
    const command = `mcpkc create-scope --resource ${url} --scope 'my scope' --preset chatgpt,claude`;
    const pasted = (text: string) =>
      plain(text)
        .trim()
        .replaceAll(/ \\\n\s*/g, ' ');
    expect(pasted(fitToWidth(`    ${command}`, width))).toBe(command);
    const before = `\u001b[36m${shellLines(command, width, '    ')}\u001b[39m`;
    const late = before.replace('mcpkc ', 'mcpkc --ca-file /etc/ssl/company/authority.pem --realm tools ');
    expect(pasted(fitToWidth(late, width))).toBe(
      command.replace('mcpkc ', 'mcpkc --ca-file /etc/ssl/company/authority.pem --realm tools '),
    );
  });

  it('lines that are there to be copied stay as they are', () => {
    const script = `kcadm.sh update clients/$CLIENT -r tools -s "a=${'x '.repeat(150)}"\n  two\n\nthree`;
    expect(fitToWidth(keepAsIs(script), width)).toBe(script);
    const code = '`npx mcp-remote http://127.0.0.1:42741/mcp`';
    expect(fitToWidth(`${'word '.repeat(40)}${code} and more`, width)).toContain(code);
  });
});
