import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const BIN = fileURLToPath(new URL('../../bin/mcpkc.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mcpkc-shim-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The package cmd-shim as npm itself has it: by it npm makes start files on Windows. */
function npmsShim(): (from: string, to: string) => Promise<void> {
  const npm = (process.env.PATH ?? '').split(delimiter).flatMap((place) => {
    try {
      return [createRequire(realpathSync(join(place, 'npm')))];
    } catch {
      return [];
    }
  });
  for (const from of npm) {
    try {
      return from('cmd-shim') as (from: string, to: string) => Promise<void>;
    } catch {
      // A wrapper of npm, not npm: the next place on the path may be it.
    }
  }
  throw new Error(`no npm with cmd-shim on the path, beside ${dirname(process.execPath)}`);
}

it('npm’s start files for Windows name node and need no shell', async () => {
  await npmsShim()(BIN, join(folder, 'mcpkc'));
  const [cmd, powershell] = ['mcpkc.cmd', 'mcpkc.ps1'].map((name) =>
    readFileSync(join(folder, name), 'utf8'),
  );
  expect(cmd).toMatch(/SET "_prog=node"/);
  expect(cmd).toContain('mcpkc.js');
  expect(powershell).toMatch(/node\$exe/);
  for (const text of [cmd, powershell]) expect(text).not.toMatch(/\/bin\/sh|env -S|bash/);
  // The start file itself is JavaScript from its second line on: it starts nothing but modules of its own.
  const text = readFileSync(BIN, 'utf8');
  expect(text.split('\n')[0]).toBe('#!/usr/bin/env node');
  expect(text).not.toMatch(/child_process|\bexec\b|\bspawn/);
  expect(execFileSync(process.execPath, [BIN, '--version'], { encoding: 'utf8' })).toMatch(
    /^\d+\.\d+\.\d+\n$/,
  );
});
