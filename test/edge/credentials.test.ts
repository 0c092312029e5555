import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type {} from '../support/build.ts';

let folder: string;
let installed: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcpkc-credentials-'));
  installed = join(folder, 'mcpkc');
  await symlink(inject('mcpkcBin'), installed);
});

afterAll(() => rm(folder, { recursive: true }));

/** Runs the program as npm installs it: through a link, by its first lines. */
function run(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
  const { NODE_OPTIONS: _none, ...env } = process.env;
  const path = [dirname(process.execPath), env.PATH].join(delimiter);
  return new Promise((done) => {
    execFile(installed, args, { cwd: folder, env: { ...env, PATH: path } }, (error, out, err) => {
      done({ exit: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err });
    });
  });
}

it('is read by mcpkc and not by Node, which would obey its NODE_OPTIONS', async () => {
  await writeFile(join(folder, 'evil.cjs'), 'console.error("executed");');
  const lines = [`NODE_OPTIONS=--require ${join(folder, 'evil.cjs')}`, 'KC_REALM=from-the-file'];
  await writeFile(join(folder, 'e.env'), `${lines.join('\n')}\n`, { mode: 0o600 });
  const server = ['--server', 'https://id.example.com'];
  for (const flag of [['--credentials', 'e.env'], ['--credentials=e.env']]) {
    const ran = await run('env', 'https://svc.example.com/mcp', ...server, ...flag);
    expect(ran, ran.err).toMatchObject({ exit: 0, out: expect.stringContaining('from-the-file') });
    expect(ran.err).not.toContain('executed');
  }
});

it('the name that Node removes is refused, with the new one', async () => {
  const ran = await run('status', '--env-file', 'e.env');
  expect(ran.exit).toBe(2);
  expect(ran.err.replaceAll(/\s+/g, ' ')).toContain('called --credentials now');
});

it('starts as a plain Node file, so that Windows and busybox can start it', async () => {
  const [first] = (await readFile(inject('mcpkcBin'), 'utf8')).split('\n');
  expect(first).toBe('#!/usr/bin/env node');
});

it('that isn’t there is mcpkc’s to complain about, and init may make it', async () => {
  const missing = await run('status', '--credentials', 'none.env');
  expect(missing.exit).toBe(2);
  expect(missing.err).toContain('flag --credentials none.env: there is no such file');
  const server = ['--server', 'http://127.0.0.1:1', '--realm', 'demo', '--admin-user', 'a'];
  const made = await run('init', ...server, '--credentials', 'new.env', '--no-input');
  expect(made.exit).toBe(2);
});

it('an argument with blanks and quotes arrives as it is', async () => {
  const { exit, err } = await run('explain', 'no such "code" $HOME `id`');
  expect(exit).toBe(2);
  expect(err.replaceAll(/\s+/g, ' ')).toContain('no such "code" $HOME `id`');
});
