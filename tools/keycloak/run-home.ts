import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Distribution } from './distribution.ts';
import { fillAndRename } from './once.ts';

/** What a run's home hangs on. */
export interface HomeOptions {
  cache: string;
  /** The options that Keycloak builds itself for. */
  buildArgs: readonly string[];
  /** Where the database lives; else it is empty and goes with the home. */
  dataFolder?: string | undefined;
}

/** The folder that one run of the server believes to be its installation. */
export interface RunHome {
  folder: string;
  /** Whether Keycloak starts without building itself first. */
  built: boolean;
  /** Puts what Keycloak has built into the cache, for the next runs. */
  keepBuild(): Promise<void>;
  remove(): Promise<void>;
}

/**
 * Makes a home of links into the distribution, with folders of its own for everything that Keycloak writes: `data`,
 * `conf` and `lib/quarkus`, its build of itself, which costs 20 seconds. That build is taken from the cache. kc.sh and
 * quarkus-run.jar are copies, since both work out from their own place where the home is.
 */
export async function makeRunHome(distribution: Distribution, options: HomeOptions): Promise<RunHome> {
  const { home } = distribution;
  const build = join(
    options.cache,
    `keycloak-${distribution.version}-build-${buildKey(distribution, options.buildArgs)}`,
  );
  const built = existsSync(build);
  const folder = await mkdtemp(join(tmpdir(), 'mcpkc-keycloak-'));
  const own = join(folder, 'lib/quarkus');
  await mkdir(join(folder, 'bin'));
  await mkdir(join(folder, 'lib'));
  await copyFile(join(home, 'bin/kc.sh'), join(folder, 'bin/kc.sh'));
  await copyFile(join(home, 'lib/quarkus-run.jar'), join(folder, 'lib/quarkus-run.jar'));
  await copyFile(join(home, 'version.txt'), join(folder, 'version.txt'));
  await cp(join(home, 'conf'), join(folder, 'conf'), { recursive: true });
  await cp(built ? build : join(home, 'lib/quarkus'), own, { recursive: true });
  for (const part of ['lib/lib', 'lib/app', 'providers', 'themes']) {
    if (existsSync(join(home, part))) await symlink(join(home, part), join(folder, part));
  }
  if (options.dataFolder) {
    await mkdir(options.dataFolder, { recursive: true, mode: 0o700 });
    await symlink(options.dataFolder, join(folder, 'data'));
  } else await mkdir(join(folder, 'data'));
  return {
    folder,
    built,
    keepBuild: () => fillAndRename(build, (to) => cp(own, to, { recursive: true })),
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** Everything that makes one build differ from another. */
function buildKey({ home, version, javaMajor }: Distribution, buildArgs: readonly string[]): string {
  const providers = join(home, 'providers');
  const jars = existsSync(providers) ? readdirSync(providers).filter((name) => name.endsWith('.jar')) : [];
  const state = jars.sort().map((name) => {
    const { size, mtimeMs } = statSync(join(providers, name));
    return [name, size, mtimeMs];
  });
  const key = JSON.stringify([home, version, javaMajor, buildArgs, state]);
  return createHash('sha256').update(key).digest('hex').slice(0, 12);
}
