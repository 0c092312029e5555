import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesFor } from '../../../src/cli/files.ts';
import { readNamed, writeNamed } from '../../../src/cli/named-files.ts';
import { memoryIo } from '../../support/memory-io.ts';
import { expectRefused, MEGABYTE } from './harness.ts';

const files = filesFor({ pid: 4711, platform: 'linux' });
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcpkc-hostile-'));
  mkdirSync(join(folder, 'folder'));
  symlinkSync('loop', join(folder, 'loop'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a file that is none', () => {
  it('is empty where it is a pipe that nobody writes to, and holds nothing up', async () => {
    expect(await files.read(join(folder, 'pipe'))).toBe('');
  });

  it('is refused where it has no end', async () => {
    await expect(files.read('/dev/zero')).rejects.toMatchObject({ code: 'EFBIG' });
  }, 30_000);

  it('names the option where it is a folder or a loop of links', async () => {
    const io = { ...memoryIo(), files };
    for (const [name, code] of [
      ['folder', 'EISDIR'],
      ['loop', 'ELOOP'],
    ] as const) {
      const refused = { code: 'INPUT_INVALID', message: expect.stringMatching(`--restore.*${code}`) };
      await expect(readNamed(io, '--restore', join(folder, name))).rejects.toMatchObject(refused);
      const written = writeNamed('--junit', name, () => files.append(join(folder, name), 'x'));
      const failed = { code: 'FILE_NOT_WRITTEN', message: expect.stringMatching(`--junit.*${code}`) };
      await expect(written).rejects.toMatchObject(failed);
    }
  });
});

const unreadable = Object.assign(new Error('EISDIR: illegal operation on a directory, read'), {
  code: 'EISDIR',
});
const RESOURCE = 'https://svc.example.com/mcp';

describe('a folder in place of a file', () => {
  const rows: [string, string[], RegExp][] = [
    ['--config', ['--config=odd', 'trusted-hosts'], /--config odd.*EISDIR/],
    ['--credentials', ['--credentials=odd', 'trusted-hosts'], /--credentials odd.*EISDIR/],
    ['--ca-file', ['--ca-file=odd', 'trusted-hosts'], /--ca-file.*EISDIR/],
    ['--token-file', ['validate', RESOURCE, '--token-file=odd'], /--token-file.*EISDIR/],
    ['--admin-token-file', ['init', '--admin-token-file=odd'], /--admin-token-file.*EISDIR/],
    ['--admin-password-file', ['init', '--admin-password-file=odd'], /--admin-password-file.*EISDIR/],
  ];
  it.each(rows)('is refused for %s', async (_flag, argv, names) => {
    await expectRefused({ argv, files: { odd: unreadable }, names });
  });
});

describe('a megabyte', () => {
  const rows: [string, string[], RegExp][] = [
    ['--preset', ['status', `--preset=${MEGABYTE}`], /preset/],
    ['--fail-on', ['status', `--fail-on=${MEGABYTE}`], /--fail-on/],
    ['--attach', ['create-scope', '--resource', RESOURCE, `--attach=${MEGABYTE}`], /--attach/],
    ['--until', ['onboard', RESOURCE, `--until=${MEGABYTE}`], /--until/],
    ['--only', ['validate', RESOURCE, `--only=${MEGABYTE}`], /--only|check/],
    ['--config', [`--config=${MEGABYTE}`, 'status'], /--config/],
    ['--realm', [`--realm=${MEGABYTE}`, 'status'], /KC_REALM/],
    ['a client id', ['prune-clients', '--', MEGABYTE], /client ids go with --restore/],
  ];
  it.each(rows)('of %s is not given back', async (_flag, argv, names) => {
    await expectRefused({ argv, names });
    await expectRefused({ argv: ['--json', ...argv], names });
  });
});

it.each(['a\u202eb', 'a\u200bb'])('a realm with a mark that can’t be seen is refused', async (realm) => {
  await expectRefused({ argv: [`--realm=${realm}`, 'runbook', RESOURCE], names: /KC_REALM/ });
});

describe.each(['KC_CLIENT_ID', 'OIDC_AUDIENCE', 'KC_REALM'])('%s', (key) => {
  it.each([
    ['a right-to-left mark', 'a\u202eb'],
    ['a letter without ink', 'a\u200bb'],
    ['a megabyte', MEGABYTE],
  ])('is refused with %s', async (_name, value) => {
    await expectRefused({ argv: ['env', RESOURCE], env: { [key]: value }, names: new RegExp(key) });
  });
});

it.each(['a\u001b[31m', 'a\u202eb', 'a\rb', '\0', 'a\u009b31m'])(
  'a preset’s title that a terminal would obey is refused',
  async (title) => {
    const presets = [{ name: 'own', title, redirectUris: ['https://a.example/cb'] }];
    const files = { 'config.local.json': JSON.stringify({ presets }) };
    await expectRefused({ argv: ['runbook', RESOURCE, '--preset=own'], files, names: /presets\[0\]\.title/ });
  },
);
