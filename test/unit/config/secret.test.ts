import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { type MemoryIoOptions, memoryIo } from '../../support/memory-io.ts';

const load = (options: MemoryIoOptions = {}, flags: Record<string, unknown> = {}) =>
  loadConfig(flags, memoryIo(options));

describe('the secret', () => {
  it('is the value or what the file holds, without the line break at its end', async () => {
    expect((await load({ env: { KC_CLIENT_SECRET: ' a b ' } })).clientSecret).toBe(' a b ');
    for (const end of ['', '\n', '\r\n']) {
      const files = { '/run/secrets/kc': `hunter2 ${end}` };
      expect((await load({ env: { KC_CLIENT_SECRET_FILE: '/run/secrets/kc' }, files })).clientSecret).toBe(
        'hunter2 ',
      );
    }
    expect((await load()).clientSecret).toBeUndefined();
  });

  it('is of the highest level that gives one', async () => {
    const files = {
      '.keycloak-env': 'KC_CLIENT_SECRET=low\n',
      'config.local.json': '{"KC_CLIENT_SECRET": "lowest"}',
      s: 'high\n',
    };
    expect((await load({ files, env: { KC_CLIENT_SECRET_FILE: 's' } })).clientSecret).toBe('high');
    expect((await load({ files })).clientSecret).toBe('low');
    const both = { ...files, '.keycloak-env': 'KC_CLIENT_SECRET=hunter2\nKC_CLIENT_SECRET_FILE=s\n' };
    expect((await load({ files: both, env: { KC_CLIENT_SECRET: 'high' } })).clientSecret).toBe('high');
    await expect(load({ files: both })).rejects.toThrow(
      'KC_CLIENT_SECRET and KC_CLIENT_SECRET_FILE: only one of them may be set (file .keycloak-env line 1, file .keycloak-env line 2)',
    );
  });

  it('file is looked for beside the file that names it', async () => {
    const files = { 'etc/my.env': 'KC_CLIENT_SECRET_FILE=s\n', 'etc/s': 'x\n' };
    expect((await load({ files }, { credentials: 'etc/my.env' })).clientSecret).toBe('x');
  });

  it.each([
    [{}, 'there is no file s'],
    [{ s: '' }, 'the file s is empty'],
    [{ s: '\n' }, 'the file s is empty'],
    [{ s: 'hunter2\nmore\n' }, 'it has a line break'],
    [{ s: Object.assign(new Error('hunter2'), { code: 'EISDIR' }) }, 'the file can’t be read (EISDIR)'],
  ])('file %o: %s', async (files, problem) => {
    const failure = load({ files, env: { KC_CLIENT_SECRET_FILE: 's' } });
    await expect(failure).rejects.toThrow(`KC_CLIENT_SECRET_FILE: ${problem}`);
    await expect(failure).rejects.not.toThrow('hunter2');
  });

  it('shows in no rendering of the configuration', async () => {
    const config = await load({
      files: { '.keycloak-env': { text: 'KC_CLIENT_SECRET=hunter2\n', mode: 0o644 } },
    });
    expect(config.clientSecret).toBe('hunter2');
    expect(JSON.stringify(config)).not.toContain('hunter2');
    expect(JSON.stringify({ ...config })).not.toContain('hunter2');
    expect(inspect(config, { depth: 9 })).not.toContain('hunter2');
    expect(config.warnings.join()).not.toContain('hunter2');
  });
});

describe('a secret that others can read', () => {
  it.each([
    [0o600, false],
    [0o400, false],
    [0o640, true],
    [0o644, true],
    [0o601, true],
  ])('mode %o: %s', async (mode, warned) => {
    const files = { '.keycloak-env': { text: 'KC_CLIENT_SECRET=x\n', mode } };
    const { warnings } = await load({ files });
    expect(warnings).toEqual(
      warned
        ? [
            `.keycloak-env holds a secret and others can read it (mode ${mode.toString(8)}). Run: chmod 600 .keycloak-env`,
          ]
        : [],
    );
  });

  it('is told of every file that holds one, and of no other', async () => {
    const files = {
      '.keycloak-env': { text: 'KC_REALM=x\nKC_CLIENT_SECRET=\n', mode: 0o644 },
      'config.local.json': { text: '{"KC_CLIENT_SECRET": "x"}', mode: 0o644 },
      'my secret': { text: 'x', mode: 0o444 },
    };
    const { warnings } = await load({ files, env: { KC_CLIENT_SECRET_FILE: 'my secret' } });
    expect(warnings).toEqual([
      expect.stringContaining('chmod 600 config.local.json'),
      expect.stringContaining("chmod 600 'my secret'"),
    ]);
    expect((await load({ files, platform: 'win32' })).warnings).toEqual([]);
  });
});

describe('a secret from one place and a server from another', () => {
  const SECRET = 'KC_CLIENT_SECRET=x\n';
  const SERVER = 'KC_SERVER=https://kc.example\n';
  const server = 'https://kc.example';
  const home = '/home/me/.config/mcpkc/config.json';

  it.each<[string, MemoryIoOptions, Record<string, unknown>]>([
    ['one file', { files: { '.keycloak-env': SECRET + SERVER } }, {}],
    ['the environment', { env: { KC_CLIENT_SECRET: 'x', KC_SERVER: server } }, {}],
    ['environment and flag', { env: { KC_CLIENT_SECRET: 'x' } }, { server }],
    [
      'the same, named by flags',
      { files: { '.keycloak-env': SECRET, 'config.local.json': `{"KC_SERVER":"${server}"}` } },
      { config: '/here/x/../config.local.json' },
    ],
    ['a file, and the default server', { files: { '.keycloak-env': SECRET } }, {}],
    ['a server alone', { env: { KC_SERVER: server } }, {}],
    [
      'a secret file beside the credentials file',
      { files: { '.keycloak-env': `KC_CLIENT_SECRET_FILE=s\n${SERVER}`, s: 'x' } },
      {},
    ],
    [
      'a secret file elsewhere, credentials file asked for',
      { files: { 'my.env': `KC_CLIENT_SECRET_FILE=/run/s\n${SERVER}`, '/run/s': 'x' } },
      { credentials: 'my.env' },
    ],
  ])('%s: fine', async (_name, options, flags) => {
    const { warnings, refusals } = await load(options, flags);
    expect({ warnings, refused: refusals.account }).toEqual({ warnings: [], refused: undefined });
  });

  it.each<[string, MemoryIoOptions, Record<string, unknown>, string[]]>([
    [
      'credentials file, environment',
      { files: { '.keycloak-env': SECRET }, env: { KC_SERVER: server } },
      {},
      ['file .keycloak-env line 1', '(environment)'],
    ],
    [
      'credentials file, flag',
      { files: { '.keycloak-env': SECRET + SERVER } },
      { server: 'https://other.example' },
      ['file .keycloak-env line 1', 'flag --server', 'https://other.example'],
    ],
    [
      'credentials file here, home',
      { files: { '.keycloak-env': SECRET, [home]: `{"KC_SERVER":"${server}"}` }, env: { HOME: '/home/me' } },
      {},
      [home, 'file .keycloak-env line 1'],
    ],
  ])('%s: a warning that names both', async (_name, options, flags, parts) => {
    const { warnings } = await load(options, flags);
    expect(warnings).toHaveLength(1);
    for (const part of parts) expect(warnings[0]).toContain(part);
  });

  it.each<[string, MemoryIoOptions, Record<string, unknown>, string[]]>([
    [
      'environment, credentials file',
      { files: { '.keycloak-env': SERVER }, env: { KC_CLIENT_SECRET: 'x' } },
      {},
      ['(environment)', 'file .keycloak-env line 1', server],
    ],
    [
      'home, credentials file here',
      { files: { '.keycloak-env': SERVER, [home]: '{"KC_CLIENT_SECRET":"x"}' }, env: { HOME: '/home/me' } },
      {},
      [home, 'file .keycloak-env line 1'],
    ],
    [
      'a secret file that the environment names',
      { files: { '.keycloak-env': SERVER, '/run/s': 'x' }, env: { KC_CLIENT_SECRET_FILE: '/run/s' } },
      {},
      ['KC_CLIENT_SECRET_FILE (environment)', 'file .keycloak-env line 1'],
    ],
    [
      'a secret file elsewhere that a found credentials file names',
      { files: { '.keycloak-env': `KC_CLIENT_SECRET_FILE=/home/me/key\n${SERVER}`, '/home/me/key': 'x' } },
      {},
      ['/home/me/key', 'file .keycloak-env line 1'],
    ],
    [
      'credentials file and config file of one folder',
      { files: { '.keycloak-env': SECRET, 'config.local.json': `{"KC_SERVER":"${server}"}` } },
      {},
      ['.keycloak-env line 1', 'config.local.json', server],
    ],
    [
      'authorities here, all else in the environment',
      {
        files: { '.keycloak-env': 'MCPKC_CA_FILE=ca\n', ca: 'x' },
        env: { KC_CLIENT_SECRET: 'x', KC_SERVER: server },
      },
      {},
      ['MCPKC_CA_FILE (file .keycloak-env line 1)'],
    ],
  ])('%s: refused, and both are named', async (_name, options, flags, parts) => {
    const { refusals, warnings } = await load(options, flags);
    expect({ code: refusals.account?.code, warnings }).toEqual({ code: 'FOLDER_NOT_TRUSTED', warnings: [] });
    for (const part of parts) expect(refusals.account?.message).toContain(part);
  });
});
