import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('../../src/entry.ts', import.meta.url));

/** An operator's folder: `.keycloak-env` and a `mcpkc` on the PATH that runs the sources. */
export interface OperatorFolder {
  path: string;
  /** Runs a command line as a shell does; `env` comes on top of PATH and HOME. */
  run(line: string, env?: Record<string, string>): Promise<ShellResult>;
  remove(): Promise<void>;
}

export interface ShellResult {
  exit: number | null;
  out: string;
  err: string;
}

/** Makes one with this configuration. HOME is the folder too. */
export async function operatorFolder(config: Readonly<Record<string, string>>): Promise<OperatorFolder> {
  const path = await mkdtemp(join(tmpdir(), 'mcpkc-operator-'));
  const lines = Object.entries(config).map(([key, value]) => `${key}='${value}'\n`);
  await writeFile(join(path, '.keycloak-env'), lines.join(''), { mode: 0o600 });
  const start = `import { main, processIo } from ${JSON.stringify(ENTRY)};\nprocess.exitCode = await main(process.argv.slice(2), processIo());\n`;
  await writeFile(join(path, 'start.mjs'), start);
  const shim = join(path, 'mcpkc');
  await writeFile(shim, `#!/bin/sh\nexec '${process.execPath}' '${join(path, 'start.mjs')}' "$@"\n`);
  await chmod(shim, 0o755);
  return {
    path,
    run: (line, env = {}) => runShell(line, path, env),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

function runShell(line: string, folder: string, env: Record<string, string>): Promise<ShellResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', line], {
      cwd: folder,
      env: { PATH: `${folder}:/usr/bin:/bin`, HOME: folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.on('error', reject);
    child.on('close', (exit) => resolve({ exit, out, err }));
  });
}
