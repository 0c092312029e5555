import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../tools/keycloak/tools.ts';

/** A program to run, and where its libraries lie if it was unpacked. */
export interface Program {
  path: string;
  env: Record<string, string>;
}

/**
 * A program of Debian: as told by an environment variable, as installed, or unpacked into the cache from the
 * distribution's packages (nothing is installed). Throws where none of them works.
 */
export function findProgram(
  name: string,
  { told, inside, packages }: { told: string; inside: string; packages: readonly string[] },
): Program {
  const named = process.env[told];
  if (named) return { path: named, env: {} };
  if (spawnSync('which', [name]).status === 0) return { path: name, env: {} };
  const folder = join(cacheFolder(process.env), name);
  const path = join(folder, inside);

  const libraries = ['x86_64-linux-gnu', 'aarch64-linux-gnu'];
  const env = { LD_LIBRARY_PATH: libraries.map((one) => join(folder, 'usr/lib', one)).join(':') };
  if (existsSync(path)) return { path, env };
  mkdirSync(folder, { recursive: true });
  const got = spawnSync('apt-get', ['download', ...packages], { cwd: folder, encoding: 'utf8' });
  for (const archive of readdirSync(folder).filter((file) => file.endsWith('.deb'))) {
    spawnSync('dpkg-deb', ['-x', archive, '.'], { cwd: folder });
  }
  if (existsSync(path)) return { path, env };
  const why = got.stderr ?? got.error?.message;
  throw new Error(`These tests need ${name}: install it, or name one in ${told}. (apt-get download: ${why})`);
}
