import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesGlob } from '../../../src/commands/prune-clients/judge/glob.ts';
import { formatEnvFile, parseEnvFile } from '../../../src/config/env-file.ts';
import { readJsonObject } from '../../../src/config/json-text.ts';
import { parseDuration } from '../../../src/duration.ts';
import { McpkcError } from '../../../src/errors.ts';
import { clientOf } from '../../../src/keycloak/read/clients.ts';
import { parseHost } from '../../../src/names/host-name.ts';
import { parseResource } from '../../../src/names/resource-url.ts';
import { parseBackup } from '../../../src/plan/pruned-backup.ts';
import { judgeOrigin } from '../../../src/products/dynamic.ts';
import { windowMarkOf } from '../../../src/realm/window-mark.ts';
import { brief, shellWord, visible } from '../../../src/text.ts';
import { expectInert } from './harness.ts';

const any = fc.string({ unit: 'binary', maxLength: 60 });
/** Texts that are nearly URLs. */
const urlLike = fc
  .array(
    fc.constantFrom(
      'https',
      'http',
      ':',
      '//',
      '/',
      '@',
      '[',
      ']',
      '::1',
      'a.example',
      '.',
      '..',
      '%41',
      '%',
      '?',
      '#',
      '\\',
      ':443',
      ':0',
      '\u202e',
      'É',
      ' ',
    ),
    { maxLength: 9 },
  )
  .map((parts) => parts.join(''));

describe('texts from outside', () => {
  it('are inert once they are visible, and only once', () => {
    fc.assert(
      fc.property(any, (text) => {
        const shown = visible(text);
        expectInert(shown.replaceAll('\n', ''));
        expect(shown).not.toContain('\n');
        expect(visible(shown)).toBe(shown);
        expect(Array.from(brief(text, 20)).length).toBeLessThanOrEqual(20);
      }),
    );
  });

  it('stay one word of a shell', () => {
    fc.assert(
      fc.property(any, (text) => {
        const word = shellWord(text);
        if (!/^'/.test(word)) {
          expect(word).toMatch(/^[A-Za-z0-9_@%+=:,./-]+$/);
          return;
        }
        expect(word.replaceAll(`'\\''`, '').slice(1, -1)).not.toContain("'");
      }),
    );
  });
});

describe('readers', () => {
  it('of resources give a fixed point or a reason', () => {
    fc.assert(
      fc.property(fc.oneof(urlLike, any), (text) => {
        const read = parseResource(text, { bareHost: true });
        if ('problem' in read) {
          expect(read.problem).not.toBe('');
          return;
        }
        expect(parseResource(read.value)).toEqual(read);
        const { username, password, search, hash, protocol } = new URL(read.value);
        expect([username, password, search, hash]).toEqual(['', '', '', '']);
        expect(protocol).toMatch(/^https?:$/);
        expect(read.value).toMatch(/^[\x21-\x7e]+$/);
      }),
      { numRuns: 2000 },
    );
  });

  it('of hosts give a fixed point or a reason', () => {
    fc.assert(
      fc.property(fc.oneof(urlLike, any), (text) => {
        const read = parseHost(text);
        if ('problem' in read) return;
        expect(parseHost(read.value)).toEqual(read);
        expect(read.value).toMatch(/^[a-z0-9._:[\]-]+$/);
      }),
      { numRuns: 2000, examples: [['[@.#]']] },
    );
  });

  it('of durations give whole milliseconds or nothing', () => {
    const text = fc.oneof(
      any,
      fc
        .tuple(fc.nat(), fc.constantFrom('ms', 's', 'm', 'h', 'd', 'w', ''), fc.constantFrom('', ' '))
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (value) => {
        const ms = parseDuration(value);
        if (ms === undefined) return;
        expect(Number.isSafeInteger(ms) && ms >= 0 && ms <= 3650 * 86_400_000).toBe(true);
        expect(value).toMatch(/^\d+(ms|s|m|h|d)$/);
      }),
    );
  });

  it('of JSON agree with JSON.parse, and quote nothing', () => {
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"__proto__"',
      '1',
      '-0',
      '1e5',
      'null',
      'true',
      ' ',
      '\n',
      '"\\u001b"',
      '"SECRET"',
    ];
    const text = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(text, any, fc.json()), (source) => {
        const read = readJsonObject(source);
        if ('problem' in read) {
          expect(read.problem).not.toContain('SECRET');
          return;
        }
        expect(read.value.members).toEqual(Object.entries(JSON.parse(source.replace(/^\ufeff/, ''))));
      }),
      { numRuns: 2000 },
    );
  });

  it('of env files never throw, and read back what was written', () => {
    fc.assert(fc.property(any, (text) => void parseEnvFile(text, 'f')));
    fc.assert(
      fc.property(any, (value) => {
        let text: string;
        try {
          text = formatEnvFile({ KEY: value });
        } catch (error) {
          expect(error).toBeInstanceOf(McpkcError);
          return;
        }
        expect(parseEnvFile(text, 'f').values.get('KEY')?.value).toBe(value);
      }),
      { numRuns: 1000 },
    );
  });

  it('of window marks take anything', () => {
    const attributes = fc.dictionary(fc.constantFrom('mcpkc.window', '__proto__'), fc.oneof(any, fc.json()));
    fc.assert(
      fc.property(attributes, (given) => {
        const mark = windowMarkOf(given);
        expect(mark === undefined).toBe((given['mcpkc.window'] ?? '') === '');
      }),
    );
  });

  it('of clients take any JSON and keep no secret', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('id', 'clientId', 'name', 'attributes', 'redirectUris', 'protocol'),
          fc.jsonValue(),
        ),
        (raw) => {
          const client = clientOf({ ...raw, secret: 'SECRET', registrationAccessToken: 'SECRET' });
          expect(JSON.stringify(client)).not.toContain('SECRET');
          expect(['dynamic', 'cimd', 'other']).toContain(judgeOrigin(client).kind);
        },
      ),
    );
  });

  it('of backups take a record or name the line', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(any, fc.json()), { maxLength: 4 }), (lines) => {
        try {
          const { records } = parseBackup(lines.join('\n'), 'f');
          expect(records).toEqual([]);
        } catch (error) {
          if (!(error instanceof McpkcError)) throw error;
          expect(error.message).toMatch(/line \d+/);
        }
      }),
    );
  });

  it('of globs agree with a regular expression, and take no time for nasty ones', () => {
    const glob = fc
      .array(fc.constantFrom('a', 'b', '*', '?', '.', '/', '\\'), { maxLength: 8 })
      .map((parts) => parts.join(''));
    const text = fc
      .array(fc.constantFrom('a', 'b', '.', '/', '\\'), { maxLength: 10 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(glob, text, (pattern, value) => {
        const source = pattern.replaceAll(/[.\\]/g, '\\$&').replaceAll('*', '[^/]*').replaceAll('?', '[^/]');
        expect(matchesGlob(pattern, value)).toBe(new RegExp(`^${source}$`, 's').test(value));
      }),
      { numRuns: 2000 },
    );
    // Time of this process alone: a busy machine takes none of it.
    const begun = process.cpuUsage();
    expect(matchesGlob(`${'*a'.repeat(200)}b`, 'a'.repeat(5000))).toBe(false);
    expect(process.cpuUsage(begun).user).toBeLessThan(2_000_000);
  });
});
