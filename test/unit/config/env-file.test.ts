import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatEnvFile, parseEnvFile } from '../../../src/config/env-file.ts';

const valuesOf = (text: string) =>
  Object.fromEntries([...parseEnvFile(text, '.keycloak-env').values].map(([key, { value }]) => [key, value]));

describe('parseEnvFile reads', () => {
  it.each([
    ['KC_REALM=mcp', 'mcp'],
    ['  KC_REALM=mcp  ', 'mcp'],
    ['KC_REALM = mcp', 'mcp'],
    ['export KC_REALM=mcp', 'mcp'],
    ['export\tKC_REALM=mcp', 'mcp'],
    ['\ufeffKC_REALM=mcp', 'mcp'],
    ['KC_REALM=mcp\r\n', 'mcp'],
    ['KC_REALM=', ''],
    ['KC_REALM=# nothing', ''],
    ['KC_REALM=""', ''],
    ["KC_REALM=''", ''],
    ['KC_REALM=a=b==', 'a=b=='],
    ['KC_REALM=my realm # a comment', 'my realm'],
    ['KC_REALM=a#b', 'a#b'],
    ['KC_REALM="a # b" # c', 'a # b'],
    ["KC_REALM='a # b'#c", 'a # b#c'],
    ['KC_REALM=a$b\\c', 'a$b\\c'],
    ["KC_REALM='a$b\\c\"d'", 'a$b\\c"d'],
    ['KC_REALM="a\\$b\\\\c\\"d\\`e\\n"', 'a$b\\c"d`e\\n'],
    ["KC_REALM='it'\\''s'", "it's"],
    ['KC_REALM="it"\'s\'', 'its'],
    ["KC_REALM=it's", "it's"],
    ['KC_REALM="  "', '  '],
    ['KC_REALM=münchen 東京', 'münchen 東京'],
    ['KC_REALM="a\u2028b"', 'a\u2028b'],
    ['\n\n# KC_REALM=no\n   # no\nKC_REALM=yes\n', 'yes'],
    ['KC_REALM=first\nKC_REALM=second', 'second'],
  ])('%j', (text, value) => {
    const read = parseEnvFile(text, '.keycloak-env');
    expect(read.problems).toEqual([]);
    expect(read.values.get('KC_REALM')?.value).toBe(value);
  });

  it('other people’s keys, prototype keys too, without a word', () => {
    const read = parseEnvFile(
      '__proto__=x\nconstructor=y\nPATH=/bin\nKC_DB=postgres\nKC_HOSTNAME_STRICT=true\n',
      'f',
    );
    expect([...read.values.keys()]).toEqual([
      '__proto__',
      'constructor',
      'PATH',
      'KC_DB',
      'KC_HOSTNAME_STRICT',
    ]);
    expect(read).toMatchObject({ problems: [], warnings: [] });
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

describe('parseEnvFile complains', () => {
  it.each([
    ['KC_REALM', 'file f line 1: this is no KEY=value'],
    ['\n\nexport KC_REALM', 'file f line 3: this is no KEY=value'],
    ['=hunter2', 'file f line 1: this is no KEY=value'],
    ['1KEY=hunter2', 'file f line 1: this is no KEY=value'],
    ['KC CLIENT=hunter2', 'file f line 1: this is no KEY=value'],
    [
      '# ok\r\nKC_CLIENT_SECRET="hunter2',
      'KC_CLIENT_SECRET: a quote is not closed on its line (file f line 2)',
    ],
    [
      "KC_CLIENT_SECRET='hunter2\nmore'",
      'KC_CLIENT_SECRET: a quote is not closed on its line (file f line 1)',
    ],
    [
      'KC_CLIENT_SECRET="hunter2" more',
      'KC_CLIENT_SECRET: something follows the closing quote (file f line 1)',
    ],
    ['KC_CLIENT_SECRET="hunter2\\"', 'KC_CLIENT_SECRET: a quote is not closed on its line (file f line 1)'],
    [
      'KC_CLIENT_SECRET=hunter2\u0000x',
      'KC_CLIENT_SECRET: the value has a control character (file f line 1)',
    ],
    [
      'KC_CLIENT_SECRET=hunter2\u001b[2Jx',
      'KC_CLIENT_SECRET: the value has a control character (file f line 1)',
    ],
  ])('%j', (text, problem) => {
    const { problems } = parseEnvFile(text, 'f');
    expect(problems[0]).toBe(problem);
    expect(problems.join()).not.toContain('hunter2');
  });

  it.each([
    ['KC_CLIENTID=x', 'KC_CLIENTID is ignored; is KC_CLIENT_ID meant? (file f line 1)'],
    ['kc_realm=x', 'kc_realm is ignored; is KC_REALM meant? (file f line 1)'],
    ['KC_CLIENT_SERCET=x', 'KC_CLIENT_SERCET is ignored; is KC_CLIENT_SECRET meant? (file f line 1)'],
    ['MCP_TRANSPORT_URI=x', 'MCP_TRANSPORT_URI is ignored; is MCP_TRANSPORT_URL meant? (file f line 1)'],
    ['protect=x', 'protect is ignored: it belongs in the config file (file f line 1)'],
    ['KC_REALM=a\nKC_REALM=b', 'KC_REALM is set twice; the later one counts (file f line 2)'],
  ])('softly of %j', (text, warning) => {
    expect(parseEnvFile(text, 'f').warnings).toEqual([warning]);
  });

  it('with a file name that does nothing to a terminal', () => {
    expect(parseEnvFile('x', 'a\u001bb').problems[0]).toContain('a\\u{1b}b');
  });
});

const NASTY = [
  'plain',
  `$HOME \`id\` $(id) \${x}`,
  'a"b\'c\\d',
  "it's",
  '\\',
  '"',
  "'",
  ' lead and trail ',
  '#no comment',
  'a #b',
  'tab\there',
  '!history !!',
  'a;b&c|d<e>f(g)*?[h]~',
  '~/x',
  'päss東🔑',
  '\u00a0',
  'a=b',
  '',
  '\ufeff',
  '-n',
];

describe('formatEnvFile', () => {
  it('is read back the same', () => {
    const value = fc.string({
      unit: fc.oneof(fc.constantFrom(...'$`"\'\\# =;&|~!'), fc.string({ unit: 'grapheme' })),
    });
    const entries = fc.dictionary(fc.constantFrom('KC_CLIENT_SECRET', 'KC_REALM', 'A', '_b'), value);
    fc.assert(
      fc.property(entries, (given) => {
        fc.pre(Object.values(given).every((one) => !/[\0-\x08\x0a-\x1f\x7f]/.test(one)));
        expect(valuesOf(formatEnvFile(given))).toEqual({ ...given });
      }),
      { numRuns: 1000 },
    );
  });

  it.each(NASTY)('holds %j for us', (value) => {
    expect(valuesOf(formatEnvFile({ KC_CLIENT_SECRET: value }))).toEqual({ KC_CLIENT_SECRET: value });
  });

  it.skipIf(process.platform === 'win32')('holds all of it for a POSIX shell', () => {
    const entries = Object.fromEntries(NASTY.map((value, index) => [`V${index}`, value]));
    const print = Object.keys(entries).map((key) => `printf '%s\\0' "$${key}"`);
    const shell = spawnSync('sh', ['-c', `${formatEnvFile(entries)}\n${print.join('\n')}`], {
      encoding: 'utf8',
    });
    expect(shell.stderr).toBe('');
    expect(shell.stdout.split('\0').slice(0, -1)).toEqual(NASTY);
  });

  it.each(['two\nlines', 'cr\r', 'nul\0', '\u001b[2J', '\u007f', 'half \ud83d'])(
    'refuses %j, naming the key',
    (value) => {
      expect(() => formatEnvFile({ KC_CLIENT_SECRET: value })).toThrow(/^KC_CLIENT_SECRET: /);
      expect(() => formatEnvFile({ KC_CLIENT_SECRET: value })).not.toThrow(value);
    },
  );

  it.each(['', 'A B', '1A', 'A=B', 'A\nB', 'Ä'])('refuses the name %j', (key) => {
    expect(() => formatEnvFile({ [key]: 'x' })).toThrow('not a name of a variable');
  });
});
