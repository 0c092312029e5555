import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEnvFile } from '../../../src/config/env-file.ts';
import { mergeConfigFile, mergeEnvFile } from '../../../src/config/merge-files.ts';
import { schemaUrn } from '../../../src/schema-urn.ts';

const WANTED = { KC_CLIENT_ID: 'mcpkc', KC_CLIENT_SECRET: "s'ecret $x" };

describe('mergeEnvFile', () => {
  it('writes what is wanted into an empty text', () => {
    const { text, changed } = mergeEnvFile('', WANTED);
    expect(text).toBe('KC_CLIENT_ID=mcpkc\nKC_CLIENT_SECRET="s\'ecret \\$x"\n');
    expect(changed).toEqual(['KC_CLIENT_ID', 'KC_CLIENT_SECRET']);
  });

  it('leaves a text that says the same as it is, however it says it', () => {
    const text = `export KC_CLIENT_ID='mcpkc' # mine\r\nKC_CLIENT_SECRET="s'ecret \\$x"`;
    expect(mergeEnvFile(text, WANTED)).toEqual({ text, changed: [] });
  });

  it('replaces where it stands, drops earlier ones, keeps comments and other keys', () => {
    const text = '# a\nKC_CLIENT_ID=one\nOTHER=1\nexport KC_CLIENT_ID=two\n#KC_CLIENT_ID=three\nLAST=2';
    expect(mergeEnvFile(text, { KC_CLIENT_ID: 'mcpkc' }).text).toBe(
      '# a\nOTHER=1\nKC_CLIENT_ID=mcpkc\n#KC_CLIENT_ID=three\nLAST=2',
    );
  });

  it('adds after a last line without an end, and takes keys away', () => {
    const merged = mergeEnvFile('KC_CLIENT_SECRET_FILE=/x\nA=1', {
      KC_CLIENT_ID: 'm',
      KC_CLIENT_SECRET_FILE: null,
    });
    expect(merged.text).toBe('A=1\nKC_CLIENT_ID=m\n');
    expect(merged.changed).toEqual(['KC_CLIENT_ID', 'KC_CLIENT_SECRET_FILE']);
  });

  it('afterwards says what is wanted, and everything else as before', () => {
    const key = fc.constantFrom('KC_CLIENT_ID', 'KC_CLIENT_SECRET', 'KC_REALM', 'OTHER_ONE', 'A');
    const value = fc.stringMatching(/^[ -~]{0,12}$/).map((text) => text.replaceAll(/["'\\#]/g, '.').trim());
    const line = fc.oneof(
      fc.tuple(key, value).map(([name, text]) => `${name}=${text}`),
      fc.tuple(key, value).map(([name, text]) => ` export ${name}='${text}'`),
      fc.constantFrom('', '# KC_CLIENT_ID=no', '\u{feff}'),
    );
    const text = fc
      .tuple(fc.array(line), fc.constantFrom('\n', '\r\n'))
      .map(([lines, end]) => lines.join(end));
    fc.assert(
      fc.property(text, (before) => {
        if (/.\u{feff}/su.test(before)) return;
        const after = mergeEnvFile(before, WANTED).text;
        const read = (from: string) =>
          Object.fromEntries([...parseEnvFile(from, 'f').values].map(([name, one]) => [name, one.value]));
        expect(read(after)).toEqual({ ...read(before), ...WANTED });
        expect(mergeEnvFile(after, WANTED).changed).toEqual([]);
      }),
    );
  });
});

describe('mergeConfigFile', () => {
  const same = (key: string, value: unknown) =>
    value === ({ KC_REALM: 'mcp' } as Record<string, string>)[key];

  it('keeps other members and their order', () => {
    const before = '{"//": "mine", "KC_REALM": "old", "presets": [{"name": "x"}]}';
    const { text, changed } = mergeConfigFile(before, { KC_REALM: 'mcp' }, same);
    expect(Object.entries(JSON.parse(text))).toEqual([
      ['//', 'mine'],
      ['KC_REALM', 'mcp'],
      ['presets', [{ name: 'x' }]],
    ]);
    expect(changed).toEqual(['KC_REALM']);
  });

  it('leaves a text that says the same byte for byte', () => {
    const before = '{ "KC_REALM":"mcp" }';
    expect(mergeConfigFile(before, { KC_REALM: 'mcp', KC_ADMIN_REALM: null }, same)).toEqual({
      text: before,
      changed: [],
    });
  });

  it('makes a new one, and takes a member away', () => {
    expect(JSON.parse(mergeConfigFile('', { KC_REALM: 'mcp' }, same).text)).toEqual({
      $schema: schemaUrn('config'),
      KC_REALM: 'mcp',
    });
    const { text } = mergeConfigFile('{"KC_ADMIN_REALM":"master"}', { KC_ADMIN_REALM: null }, same);
    expect(JSON.parse(text)).toEqual({});
  });
});
