import { randomBytes } from 'node:crypto';
import type { Child } from './child.ts';
import { findDistribution } from './distribution.ts';
import { type LaunchOptions, launch } from './launch.ts';
import { newLogFile, saysPortTaken } from './log-file.ts';
import { closed, freePort, isFree } from './ports.ts';
import { makeRunHome, type RunHome } from './run-home.ts';
import { cacheFolder, type Env, type Progress } from './tools.ts';

const READY_LIMIT = 240_000;
const BUILD_LIMIT = 480_000;
const STOP_LIMIT = 15_000;
const PORT_ATTEMPTS = 5;

/** How to start a server; nothing is needed. */
export interface StartOptions {
  /** Features to turn on beside the default ones: `cimd`, `resource-indicators`. */
  features?: readonly string[] | undefined;
  /** Further arguments of `kc.sh start-dev`: `--hostname=…`, `--proxy-headers=xforwarded`. */
  extraArgs?: readonly string[] | undefined;
  /** `start` is production mode; its answers are to be had by `--hostname` and what a proxy says. Else `start-dev`. */
  mode?: 'start-dev' | 'start' | undefined;
  /** Options that Keycloak builds itself for, beside those above: `--db=postgres`. */
  buildArgs?: readonly string[] | undefined;
  /** Keeps what Keycloak built for the next start: none of `extraArgs` is an option that it builds itself for. */
  keepBuild?: boolean | undefined;
  /** A fixed port; else a free one. */
  port?: number | undefined;
  /** `/auth` unless told; `/` for none. */
  relativePath?: string | undefined;
  /** Further variables for the server, past what is dropped of the inherited ones. */
  env?: Env | undefined;
  adminUser?: string | undefined;
  /** Random unless told. */
  adminPassword?: string | undefined;
  /** Keeps the database there, and uses what is there; else it is empty at each start. */
  dataFolder?: string | undefined;
  progress?: Progress | undefined;
}

/** A server that answers. */
export interface RunningKeycloak {
  /** Without a slash at its end: `http://127.0.0.1:40123/auth`. */
  readonly url: string;
  readonly adminUser: string;
  readonly adminPassword: string;
  readonly version: string;
  /** The server's log; none for a server that others started. */
  readonly logFile: string | undefined;
  /** Whether we started it, so that it may be killed and restarted. */
  readonly owned: boolean;
  /** Ends it and removes its data. Again is no error. */
  stop(): Promise<void>;
  /** Sends a signal to its processes and, for one that ends them, waits for the end. Its data stays. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Ends it in good order, unless it is dead already, and starts it on the same port with the same data. */
  restart(): Promise<void>;
}

/** Starts a Keycloak for development on the loopback address. It ends with this process at the latest. */
export async function startKeycloak(options: StartOptions = {}): Promise<RunningKeycloak> {
  const progress = options.progress ?? (() => {});
  const relativePath = `/${(options.relativePath ?? '/auth').replace(/^\/+|\/+$/g, '')}`;
  const distribution = await findDistribution(process.env, progress);
  const buildArgs = [`--http-relative-path=${relativePath}`];
  if (options.features?.length) buildArgs.push(`--features=${[...options.features].sort().join(',')}`);
  buildArgs.push(...(options.buildArgs ?? []));
  const cache = cacheFolder(process.env);
  if (options.port !== undefined && !(await isFree(options.port)))
    throw new Error(`Port ${options.port} is taken.`);

  const home = await makeRunHome(distribution, { cache, buildArgs, dataFolder: options.dataFolder });
  if (!home.built) progress('Keycloak builds itself (once, about half a minute) …');
  const base = {
    distribution,
    home,
    mode: options.mode ?? 'start-dev',
    args: ['--http-host=127.0.0.1', ...buildArgs, ...(options.extraArgs ?? [])],
    env: process.env,
    extraEnv: options.env ?? {},
    adminUser: options.adminUser ?? 'admin',
    adminPassword: options.adminPassword ?? randomBytes(12).toString('base64url'),
    logFile: newLogFile(cache),
    limit: home.built ? READY_LIMIT : BUILD_LIMIT,
  };
  try {
    const started = await launchOnFreePort(base, options.port, relativePath);
    const plain = !options.extraArgs?.length && !options.env;
    if ((plain || options.keepBuild === true) && !home.built) await home.keepBuild();
    return running(started.child, started.launched, home, options.dataFolder !== undefined);
  } catch (error) {
    await home.remove();
    throw error;
  }
}

/** Somebody may take the port between our asking for it and Keycloak's taking it: then another one. */
async function launchOnFreePort(
  base: Omit<LaunchOptions, 'port' | 'url'>,
  fixed: number | undefined,
  relativePath: string,
): Promise<{ child: Child; launched: LaunchOptions }> {
  for (let attempt = 1; ; attempt++) {
    const port = fixed ?? (await freePort());
    const launched = { ...base, port, url: `http://127.0.0.1:${port}${relativePath}`.replace(/\/$/, '') };
    try {
      return { child: await launch(launched), launched };
    } catch (error) {
      if (fixed !== undefined || attempt === PORT_ATTEMPTS || !saysPortTaken(base.logFile)) throw error;
    }
  }
}

function running(first: Child, launched: LaunchOptions, home: RunHome, keepsData: boolean): RunningKeycloak {
  let child = first;
  let stopped = false;
  const end = async (signal: NodeJS.Signals) => {
    child.signal(signal);
    const limit = setTimeout(() => child.signal('SIGKILL'), STOP_LIMIT);
    await child.ended;
    clearTimeout(limit);
    child.signal('SIGKILL');
    await closed(launched.port);
  };
  return {
    url: launched.url,
    adminUser: launched.adminUser,
    adminPassword: launched.adminPassword,
    version: launched.distribution.version,
    logFile: launched.logFile,
    owned: true,
    async stop() {
      if (stopped) return;
      stopped = true;
      await end(keepsData ? 'SIGTERM' : 'SIGKILL');
      child.release();
      await home.remove();
    },
    async kill(signal = 'SIGKILL') {
      if (['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'].includes(signal)) await end(signal);
      else child.signal(signal);
    },
    async restart() {
      if (stopped) throw new Error('A Keycloak that was stopped has no data to start with again.');
      await end('SIGTERM');
      child.release();
      child = await launch({ ...launched, limit: READY_LIMIT });
    },
  };
}
