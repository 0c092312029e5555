import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
/** What Node looks for in its own file (its documentation, Single executable applications). */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** What the build writes for whoever gets the executable, and its name beside it. */
const BESIDE = [
  ['THIRD-PARTY.md', 'THIRD-PARTY.md'],
  ['sbom.cdx.json', 'cdx.json'],
] as const;

/**
 * Writes mcpkc as one Linux executable, Node and bundle in one file. Beside it come its checksum (`<file>.sha256`, as
 * `sha256sum --check` reads it), the licences and the software bill of materials of all that is in it, Node included
 * (`<file>.THIRD-PARTY.md`, `<file>.cdx.json`). Node is the package `node` of the lock, never one that is about.
 */
export function buildExecutable(file: string): void {
  if (process.platform !== 'linux')
    throw new Error('The executable is built on Linux, for the processor that runs this.');
  const node = join(ROOT, 'node_modules/node/bin/node');
  const folder = mkdtempSync(join(tmpdir(), 'mcpkc-executable-'));
  try {
    const run = (args: readonly string[]) =>
      execFileSync(node, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    const tsdown = join(ROOT, 'node_modules/tsdown/dist/run.mjs');
    run([
      tsdown,
      '--logLevel',
      'error',
      '--config',
      'tools/executable/tsdown.config.ts',
      '--out-dir',
      folder,
    ]);
    const config = {
      main: join(folder, 'entry.cjs'),
      output: join(folder, 'blob'),
      disableExperimentalSEAWarning: true,
      useCodeCache: true,
    };
    writeFileSync(join(folder, 'sea.json'), JSON.stringify(config));
    run(['--experimental-sea-config', join(folder, 'sea.json')]);
    const made = join(folder, 'mcpkc');
    copyFileSync(node, made);
    chmodSync(made, 0o755);
    const postject = join(ROOT, 'node_modules/postject/dist/cli.js');
    run([postject, made, 'NODE_SEA_BLOB', join(folder, 'blob'), '--sentinel-fuse', FUSE]);
    copyFileSync(made, file);
    chmodSync(file, 0o755);
    const sum = createHash('sha256').update(readFileSync(file)).digest('hex');
    for (const [made, beside] of BESIDE) copyFileSync(join(folder, made), `${file}.${beside}`);
    writeFileSync(`${file}.sha256`, `${sum}  ${basename(file)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
