import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { filesFor } from '../../src/cli/files.ts';

let folder: string;
const files = filesFor({ pid: 4711, platform: 'linux' });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcpkc-files-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a secret is written in one step, for its owner alone, whatever lay in the way', async () => {
  const path = join(folder, 'deep/secret');
  const elsewhere = join(folder, 'elsewhere');
  await files.write(path, 'old', { mode: 0o644 });
  await writeFile(elsewhere, 'not ours');
  await symlink(elsewhere, `${path}.4711.tmp`);
  await files.write(path, 'new', { mode: 0o600 });
  expect(await readFile(path, 'utf8')).toBe('new');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readFile(elsewhere, 'utf8')).toBe('not ours');
  expect(await files.exists(`${path}.4711.tmp`)).toBe(false);
});

test('a write that fails leaves the file as it was and no other behind', async () => {
  const path = join(folder, 'target');
  await files.write(join(path, 'inside'), 'x');
  await expect(files.write(path, 'text')).rejects.toThrow();
  expect(await files.exists(`${path}.4711.tmp`)).toBe(false);
  expect(await files.read(join(path, 'inside'))).toBe('x');
});

test('what is not there is undefined, and may be removed', async () => {
  const path = join(folder, 'nothing');
  expect(await files.read(path)).toBeUndefined();
  expect(await files.mode(path)).toBeUndefined();
  await files.remove(path);
  await files.append(path, 'a\n', { mode: 0o600 });
  await files.append(path, 'b\n');
  expect(await files.read(path)).toBe('a\nb\n');
  expect(await files.mode(path)).toBe(0o600);
  expect(await filesFor({ pid: 1, platform: 'win32' }).mode(path)).toBeUndefined();
});
