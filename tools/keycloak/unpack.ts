import { execFile } from 'node:child_process';
import { chmod, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Env, which } from './tools.ts';

/** A program that unpacks zips, and how it is called. Each verifies the files' checksums. */
export interface Unpacker {
  command: string;
  args: string[];
}

/** What can unpack `zip` on this machine, the best first: unzip, the JDK's jar, Python. */
export function unpackers(zip: string, folder: string, env: Env, java?: string): Unpacker[] {
  const jar = (java && which('jar', { PATH: dirname(java) })) ?? which('jar', env);
  const found: [string | undefined, string[]][] = [
    [which('unzip', env), ['-q', '-o', zip, '-d', folder]],
    [jar, ['xf', zip]],
    [which('python3', env), ['-m', 'zipfile', '-e', zip, folder]],
  ];
  return found.flatMap(([command, args]) => (command ? [{ command, args }] : []));
}

/** Unpacks `zip` into `folder` with whatever is there. */
export async function unpack(zip: string, folder: string, env: Env, java?: string): Promise<void> {
  const failures: string[] = [];
  for (const { command, args } of unpackers(zip, folder, env, java)) {
    try {
      await promisify(execFile)(command, args, { cwd: folder, env });
      return;
    } catch (error) {
      failures.push(`  ${command}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (failures.length > 0) throw new Error(`${zip} could not be unpacked:\n${failures.join('\n')}`);
  throw new Error('To unpack Keycloak takes one of unzip, jar (from a JDK) or python3; none is on the PATH.');
}

/** jar and Python forget which files may be executed. */
export async function markScriptsExecutable(home: string): Promise<void> {
  const bin = join(home, 'bin');
  for (const name of await readdir(bin)) if (name.endsWith('.sh')) await chmod(join(bin, name), 0o755);
}
