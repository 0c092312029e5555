import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'mcpkc-compiled-'));
const [home = '', shared = '', cache = ''] = ['home', 'shared', 'cache'].map((name) => join(folder, name));

beforeEach(() => {
  for (const one of [home, shared, cache]) {
    rmSync(one, { recursive: true, force: true });
    mkdirSync(one);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command with these variables and a folder for temporary files. */
function run(env: Record<string, string>): void {
  const args = [inject('mcpkcBin'), 'presets', '--json'];
  execFileSync(process.execPath, args, { cwd: folder, env: { TMPDIR: shared, ...env } });
}

describe('the compiled code that Node keeps of it', () => {
  it('lies in a folder of the user’s own, never in that for temporary files, where others can write', () => {
    run({ HOME: home });
    expect([readdirSync(shared), readdirSync(home)]).toEqual([[], ['.cache']]);
    expect(readdirSync(join(home, '.cache/mcpkc'))).toHaveLength(1);
  });

  it('lies in XDG_CACHE_HOME, or where NODE_COMPILE_CACHE shows', () => {
    run({ HOME: home, XDG_CACHE_HOME: cache });
    expect([readdirSync(shared), readdirSync(home), readdirSync(cache)]).toEqual([[], [], ['mcpkc']]);
    run({ HOME: home, NODE_COMPILE_CACHE: join(cache, 'mine') });
    expect([readdirSync(shared), readdirSync(home), readdirSync(cache)]).toEqual([[], [], ['mcpkc', 'mine']]);
  });

  it.each([
    ['without a home', {}],
    ['with a home that is not there', { HOME: '/nonexistent' }],
    ['with a relative folder', { HOME: home, XDG_CACHE_HOME: 'relative' }],
  ])('is kept nowhere else %s', (_what, env) => {
    run(env);
    expect([readdirSync(shared), existsSync(join(folder, 'relative'))]).toEqual([[], false]);
  });

  it.runIf(process.getuid?.() === 0)('is not kept in a home that is somebody else’s', () => {
    chownSync(home, 12_345, 12_345);
    run({ HOME: home });
    expect([readdirSync(shared), readdirSync(home)]).toEqual([[], []]);
  });
});
