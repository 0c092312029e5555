import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';

/** The environment, as an argument, so that tests can bring their own. */
export type Env = Record<string, string | undefined>;

/** Takes one line about what is going on. */
export type Progress = (line: string) => void;

const OLDEST_JAVA = 17;

const ALTERNATIVES = [
  'Or use a Keycloak that is there already:',
  '  KEYCLOAK_HOME=/path/to/keycloak-26.x        an unpacked server (needs Java, but no Maven)',
  '  MCPKC_TEST_KEYCLOAK_URL=http://host:8080    a running server (needs neither); with',
  '                                              MCPKC_TEST_KEYCLOAK_ADMIN_PASSWORD',
].join('\n');

/** Where mcpkc's developer tools keep what is expensive to get again, per user. */
export function cacheFolder(env: Env): string {
  const xdg = env.XDG_CACHE_HOME;
  const base = xdg && isAbsolute(xdg) ? xdg : join(env.HOME || homedir(), '.cache');
  return join(base, 'mcpkc');
}

/** The first executable file of that name on the PATH. */
export function which(command: string, env: Env): string | undefined {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    if (folder === '') continue;
    const file = join(folder, command);
    if (isExecutable(file)) return file;
  }
  return undefined;
}

/** A Java that can run Keycloak: from JAVA_HOME, else from the PATH. */
export async function findJava(env: Env): Promise<{ java: string; major: number }> {
  const java = env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : which('java', env);
  const needed = `Keycloak needs Java ${OLDEST_JAVA} or later`;
  const install = `Install a JDK (Debian, Ubuntu: apt install openjdk-17-jdk-headless; macOS: brew install openjdk), or set JAVA_HOME.`;
  if (!java || !isExecutable(java)) {
    const where = env.JAVA_HOME
      ? `JAVA_HOME (${env.JAVA_HOME}) has no bin/java`
      : 'there is no java on the PATH';
    throw new Error(`${needed}, and ${where}.\n${install}\n${ALTERNATIVES}`);
  }
  const major = javaMajor(await versionText(java));
  if (major === undefined) throw new Error(`${needed}, and ${java} does not say its version.\n${install}`);
  if (major < OLDEST_JAVA) throw new Error(`${needed}, and ${java} is Java ${major}.\n${install}`);
  return { java, major };
}

/** Maven, which fetches the server. */
export function findMaven(env: Env): string {
  const mvn = which('mvn', env);
  if (mvn) return mvn;
  throw new Error(
    `Keycloak's server is fetched through Maven, and there is no mvn on the PATH.\n` +
      `Install Maven (Debian, Ubuntu: apt install maven; macOS: brew install maven).\n${ALTERNATIVES}`,
  );
}

/** The major version in what `java -version` prints: 8 for "1.8.0_402", 17 for "17.0.15". */
export function javaMajor(text: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(text);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

async function versionText(java: string): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)(java, ['-version'], { timeout: 30_000 });
    return stderr + stdout;
  } catch (error) {
    return String(error);
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
