import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fetchZip } from './maven.ts';
import { fillOnce } from './once.ts';
import { cacheFolder, type Env, findJava, type Progress } from './tools.ts';
import { markScriptsExecutable, unpack } from './unpack.ts';

/** The version that tests are written against. */
export const DEFAULT_VERSION = '26.7.4';

/** An unpacked server, which nobody writes into, and the Java that runs it. */
export interface Distribution {
  home: string;
  version: string;
  java: string;
  javaMajor: number;
}

/** Finds the server: KEYCLOAK_HOME, else the user's cache, which is filled through Maven when it is empty. */
export async function findDistribution(
  env: Env = process.env,
  progress: Progress = () => {},
): Promise<Distribution> {
  const { java, major } = await findJava(env);
  const runtime = { java, javaMajor: major };
  if (env.KEYCLOAK_HOME) {
    const home = resolve(env.KEYCLOAK_HOME);
    return { home, version: checkHome(home, 'KEYCLOAK_HOME'), ...runtime };
  }
  const version = env.MCPKC_KEYCLOAK_VERSION || DEFAULT_VERSION;
  if (!/^\d[\w.-]*$/.test(version)) throw new Error(`MCPKC_KEYCLOAK_VERSION is no version: ${version}`);
  const home = join(cacheFolder(env), `keycloak-${version}`);
  await fillOnce(
    home,
    (folder) => fetchInto(folder, version, env, java, progress),
    () => progress(`Another run is fetching Keycloak ${version}; waiting for it …`),
  );
  const found = checkHome(home, 'The cached server', `Remove ${home} and it will be fetched again.`);
  return { home, version: found, ...runtime };
}

async function fetchInto(
  folder: string,
  version: string,
  env: Env,
  java: string,
  progress: Progress,
): Promise<void> {
  const parts = join(folder, '.unpacking');
  await mkdir(parts, { recursive: true });
  const zip = await fetchZip(version, folder, env, progress);
  progress('Unpacking …');
  await unpack(zip, parts, env, java);
  await rm(zip);
  const [root] = await readdir(parts);
  if (root === undefined) throw new Error(`${zip} is empty.`);
  for (const name of await readdir(join(parts, root)))
    await rename(join(parts, root, name), join(folder, name));
  await rm(parts, { recursive: true });
  const found = checkHome(folder, 'What Maven fetched');
  if (found !== version) throw new Error(`Maven was asked for Keycloak ${version} and brought ${found}.`);
  await markScriptsExecutable(folder);
}

/** Returns the version of the server in `home`, or says what is missing there. */
export function checkHome(home: string, what: string, remedy = ''): string {
  for (const part of ['bin/kc.sh', 'lib/quarkus-run.jar', 'lib/lib', 'conf', 'version.txt']) {
    if (existsSync(join(home, part))) continue;
    throw new Error(`${what} (${home}) is no complete Keycloak: ${part} is missing. ${remedy}`.trimEnd());
  }
  const text = readFileSync(join(home, 'version.txt'), 'utf8');
  const version = /Version\s+(\S+)/.exec(text)?.[1];
  if (version) return version;
  throw new Error(`${what} (${home}) does not say its version in version.txt. ${remedy}`.trimEnd());
}
