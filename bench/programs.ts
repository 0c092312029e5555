import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Program, scratch } from './measure.ts';
import type { BenchRealm } from './realms.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PACKAGE = scratch('package');

/** Builds mcpkc as it is published, in a folder of this run: what is measured is what people install. */
export function buildPackage(): void {
  mkdirSync(PACKAGE, { recursive: true });
  for (const part of ['bin', 'package.json'])
    cpSync(join(ROOT, part), join(PACKAGE, part), { recursive: true });
  const tsdown = join(ROOT, 'node_modules/tsdown/dist/run.mjs');
  execFileSync(process.execPath, [tsdown, '--logLevel', 'warn', '--out-dir', join(PACKAGE, 'dist')], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** mcpkc with these arguments, on a realm where one is given. */
export function mcpkc(argv: readonly string[], on?: BenchRealm, statuses: readonly number[] = [0]): Program {
  const env = { ...on?.env, XDG_STATE_HOME: scratch('state'), NODE_COMPILE_CACHE: '' };
  return { argv: [process.execPath, join(PACKAGE, 'bin/mcpkc.js'), ...argv], env, statuses };
}

/** A yardstick: a script of this folder that imports nothing of the project. */
export function yardstick(script: string, argv: readonly string[], on: BenchRealm): Program {
  const file = join(ROOT, 'bench/yardsticks', script);
  const runner = script.endsWith('.sh') ? ['/bin/sh', file] : [process.execPath, file];
  return { argv: [...runner, ...argv], env: on.env };
}
