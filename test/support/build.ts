import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The file that starts mcpkc as it would be installed: `bin/mcpkc.js` beside a bundle of this run's sources. */
    mcpkcBin: string;
  }
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * vitest's global set-up: what an installation of mcpkc consists of, in a folder of this run's own, so that nobody who
 * builds meanwhile disturbs it.
 */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'mcpkc-installed-'));
  for (const part of ['bin', 'package.json'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  const tsdown = join(ROOT, 'node_modules/tsdown/dist/run.mjs');
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [tsdown, '--logLevel', 'warn', '--out-dir', join(folder, 'dist')],
    { cwd: ROOT, encoding: 'utf8' },
  );
  const remove = () => rmSync(folder, { recursive: true, force: true });
  if (status !== 0) {
    remove();
    throw new Error(`The bundle can't be built:\n${stdout}\n${stderr}`);
  }
  project.provide('mcpkcBin', join(folder, 'bin/mcpkc.js'));
  return remove;
}
