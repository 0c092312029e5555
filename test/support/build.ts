import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** vitest's global set-up: the bundle that `bin/mcpkc.js` starts is as new as the sources. */
export default function setup(): void {
  if (isFresh()) return;
  const tsdown = join(ROOT, 'node_modules/tsdown/dist/run.mjs');
  const { status, stderr, stdout } = spawnSync(process.execPath, [tsdown, '--logLevel', 'warn'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The bundle can't be built:\n${stdout}\n${stderr}`);
}

function isFresh(): boolean {
  const built = statSync(join(ROOT, 'dist/main.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true });
  return sources.every((one) => statSync(join(one.parentPath, one.name)).mtimeMs < built);
}
