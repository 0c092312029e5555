import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from './child.ts';
import type { Distribution } from './distribution.ts';
import { tailOf } from './log-file.ts';
import type { RunHome } from './run-home.ts';
import { passwordToken } from './token.ts';
import type { Env } from './tools.ts';

/**
 * For a quick boot on few cores: the small compiler, the small collector, and no second look at bytecode that Keycloak
 * built itself. Measured on two cores: 11.5 s and 530 MB without, 7.5 s and 380 MB with them. With the small compiler
 * alone Java 17 reserves 48 MB for compiled code instead of 240: a whole run of the tests fills them, and then H2 fails
 * with "Out of space in CodeCache" and Keycloak answers 500 to whatever is asked at that moment.
 */
const JVM = [
  '-XX:+IgnoreUnrecognizedVMOptions',
  '-XX:TieredStopAtLevel=1',
  '-XX:ReservedCodeCacheSize=240m',
  '-XX:-UseG1GC',
  '-XX:+UseSerialGC',
  '-XX:+UnlockDiagnosticVMOptions',
  '-XX:-BytecodeVerificationRemote',
].join(' ');

/** Variables of the developer's shell that would change what kc.sh starts. */
const FOREIGN =
  /^(KC_|KEYCLOAK_|KCRAW_|JAVA_OPTS|JAVA_ADD_OPENS$|JAVA_LOCALE$|JAVA$|DEBUG|PRINT_ENV$|QUARKUS_)/;

/** One process of the server. */
export interface LaunchOptions {
  distribution: Distribution;
  home: RunHome;
  port: number;
  url: string;
  mode: 'start-dev' | 'start';
  args: readonly string[];
  env: Env;
  extraEnv: Env;
  adminUser: string;
  adminPassword: string;
  logFile: string;
  /** How long it may take, in milliseconds. */
  limit: number;
}

/** Starts the server's process and returns when an administrator can sign in. Ends it again if that never comes. */
export async function launch(options: LaunchOptions): Promise<Child> {
  const { home, distribution, port, logFile } = options;
  const child = startChild({
    command: `${home.folder}/bin/kc.sh`,
    args: [options.mode, `--http-port=${port}`, ...options.args],
    cwd: home.folder,
    env: serverEnv(options, distribution.java),
    logFile,
    folder: home.folder,
  });
  try {
    await ready(child, options);
    return child;
  } catch (error) {
    child.signal('SIGKILL');
    await child.ended;
    child.release();
    throw error;
  }
}

async function ready(child: Child, options: LaunchOptions): Promise<void> {
  const deadline = Date.now() + options.limit;
  let last = '';
  while (Date.now() < deadline) {
    const outcome = child.outcome();
    if (outcome) throw new Error(`Keycloak ${outcome} before it was ready.\n${logOf(options.logFile)}`);
    try {
      await answersWell(options);
      return;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(100);
  }
  const seconds = Math.round(options.limit / 1000);
  throw new Error(`Keycloak was not ready after ${seconds} s (${last}).\n${logOf(options.logFile)}`);
}

async function answersWell({ url, adminUser, adminPassword }: LaunchOptions): Promise<void> {
  const response = await fetch(`${url}/realms/master`, { signal: AbortSignal.timeout(5_000) });
  await response.body?.cancel();
  if (response.status !== 200) throw new Error(`${url}/realms/master answers ${response.status}`);
  await passwordToken(url, adminUser, adminPassword);
}

function logOf(file: string): string {
  return `The end of its log, ${file}:\n${tailOf(file)}`;
}

/** For a long run, where the whole compiler pays: it starts slower and runs quicker. With room for large answers. */
export const WHOLE_COMPILER: Env = { JAVA_OPTS_APPEND: '', JAVA_OPTS_KC_HEAP: '-Xms512m -Xmx2g' };

function serverEnv(options: LaunchOptions, java: string): Env {
  const inherited = Object.fromEntries(Object.entries(options.env).filter(([name]) => !FOREIGN.test(name)));
  return {
    ...inherited,
    JAVA: java,
    JAVA_OPTS_KC_HEAP: '-Xms128m -Xmx768m',
    JAVA_OPTS_APPEND: JVM,
    KC_BOOTSTRAP_ADMIN_USERNAME: options.adminUser,
    KC_BOOTSTRAP_ADMIN_PASSWORD: options.adminPassword,
    ...options.extraEnv,
  };
}
