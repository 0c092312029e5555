import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder for PATH in which `mcpkc` and `npx --yes mcpkc@<version>` are the program at `mcpkc`, and `node` is this one. */
export async function installBin(folder: string, version: string, mcpkc: string): Promise<string> {
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  const run = `exec '${process.execPath}' '${mcpkc}' "$@"`;
  const scripts = {
    mcpkc: run,
    npx: `[ "$1" = --yes ] && [ "$2" = 'mcpkc@${version}' ] || exit 99\nshift 2\n${run}`,
    node: `exec '${process.execPath}' "$@"`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
  return bin;
}
