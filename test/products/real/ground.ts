/** What a real product stands on: its package in a scratch folder, an empty home, a browser that is a test's sign-in. */
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { User } from '../../support/connectors/sign-in.ts';

/** How a command of a product ended. */
export interface Ended {
  /** Exit status; undefined where it was stopped for taking too long. */
  readonly status: number | undefined;
  readonly output: string;
}

/** How to run a command. */
export interface RunOptions {
  readonly input?: string;
  readonly timeoutMs?: number;
  /** In a pseudo-terminal: several products sign nobody in without one. */
  readonly terminal?: boolean;
  /** Lines are shown to it as they come; `stop` ends the command. */
  readonly onOutput?: (output: string, stop: () => void, write: (text: string) => void) => void;
}

/** A client that was made beforehand, as a person gives it to a product. */
export interface GivenClient {
  readonly id: string;
  /** Path of the file with id and secret that `mcpkc allow` wrote; none of a public client. */
  readonly file?: string;
}

/** Where one run of a product happens. */
export interface Ground {
  readonly install: string;
  readonly home: string;
  readonly mcpUrl: string;
  /** The client that it is given; without one it registers, or names its document. */
  readonly client?: GivenClient | undefined;
  /** Who signs in. */
  readonly user: User;
  /** Runs a program of the package (or any on the path) in the empty home. */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<Ended>;
  /** Writes a file into the home, and returns its path. */
  write(path: string, text: string): string;
}

/** A package as registries know it. */
export interface Package {
  readonly from: 'npm' | 'pypi';
  readonly name: string;
}

const MINUTE = 60_000;
const TERMINAL = fileURLToPath(new URL('../../support/terminal.py', import.meta.url));

/** The folder that installed packages are kept in from run to run. */
export function installFolder(): string {
  return process.env.MCPKC_PRODUCTS_FOLDER ?? join(tmpdir(), 'mcpkc-products');
}

/** Installs a package (the newest unless a version is told) and returns its folder and version. */
export async function install(
  wanted: Package,
  version = 'latest',
): Promise<{ folder: string; version: string }> {
  const exact = version === 'latest' ? await newestVersion(wanted) : version;
  const folder = join(installFolder(), `${wanted.name.replace(/[@/]/g, '_')}-${exact}`);
  const done = join(folder, 'installed');
  if (existsSync(done)) return { folder, version: exact };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (wanted.from === 'npm') {
    writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
    await insist('npm', ['install', '--no-audit', '--no-fund', `${wanted.name}@${exact}`], folder);
  } else {
    await insist('python3', ['-m', 'venv', '.'], folder);
    await insist(join(folder, 'bin', 'pip'), ['install', '-q', `${wanted.name}==${exact}`], folder);
  }
  writeFileSync(done, `${exact}\n`);
  return { folder, version: exact };
}

async function newestVersion({ from, name }: Package): Promise<string> {
  if (from === 'npm') return (await insist('npm', ['view', name, 'version'], tmpdir())).trim();
  const text = await insist('python3', ['-m', 'pip', 'index', 'versions', name], tmpdir());
  const found = /\(([^)]+)\)/.exec(text)?.[1];
  if (!found) throw new Error(`pip names no version of ${name}: ${text}`);
  return found;
}

async function insist(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { status, output } = await start(command, args, { cwd, env: process.env, timeoutMs: 10 * MINUTE });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${output}`);
  return output;
}

/** Clears the ground for one run; `bin` holds the browser, `client.file` what stands in the file with the secret. */
export function makeGround(
  install: string,
  { mcpUrl, user, client }: Pick<Ground, 'mcpUrl' | 'user'> & { client?: { id: string; file?: string } },
  bin: string,
): Ground & { remove(): void } {
  const home = mkdtempSync(join(tmpdir(), 'mcpkc-home-'));
  const env = homeEnv(install, home, bin);
  const file = client?.file === undefined ? undefined : join(home, 'client.json');
  if (file !== undefined) writeFileSync(file, client?.file ?? '', { mode: 0o600 });
  return {
    install,
    home,
    mcpUrl,
    user,
    client: client && { id: client.id, ...(file === undefined ? {} : { file }) },
    run: (command, args, options = {}) =>
      start(command, args, { cwd: home, env, timeoutMs: MINUTE, ...options }),
    write(path, text) {
      const file = join(home, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      return file;
    },
    remove: () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/**
 * Nothing of the person's own environment but the path: no proxy, no account, no settings. No display either: with one,
 * xdg-open asks the desktop for a browser and passes BROWSER by.
 */
function homeEnv(install: string, home: string, bin: string): NodeJS.ProcessEnv {
  const path = [
    bin,
    join(install, 'node_modules', '.bin'),
    join(install, 'bin'),
    dirname(process.execPath),
    process.env.PATH ?? '',
  ].join(delimiter);
  return {
    PATH: path,
    HOME: home,
    USERPROFILE: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_DATA_HOME: join(home, '.local', 'share'),
    XDG_STATE_HOME: join(home, '.local', 'state'),
    XDG_CACHE_HOME: join(home, '.cache'),
    TMPDIR: process.env.TMPDIR ?? '/tmp',
    BROWSER: join(bin, 'browser'),
    LANG: 'C.UTF-8',
    TERM: 'dumb',
    NO_COLOR: '1',
    DO_NOT_TRACK: '1',
  };
}

interface Start extends RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
}

function start(command: string, args: readonly string[], options: Start): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const { cwd, env, timeoutMs, onOutput, input } = options;
    const [program, ...rest] = options.terminal
      ? ['python3', TERMINAL, '200', command, ...args]
      : [command, ...args];
    const child = spawn(program, rest, { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    let late = false;
    // A group of its own: products start servers and browsers of their own.
    const stop = () => {
      try {
        if (child.pid) process.kill(-child.pid, 'SIGTERM');
      } catch {
        // It has ended already.
      }
    };
    const timer = setTimeout(() => {
      late = true;
      stop();
      setTimeout(() => child.pid && killGroup(child.pid), 3_000).unref();
    }, timeoutMs);
    const take = (part: Buffer) => {
      output += part.toString('utf8');
      onOutput?.(output, stop, (text) => child.stdin.write(text));
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.stdin.on('error', () => {});
    if (input !== undefined) child.stdin.write(input);
    if (!onOutput && !options.terminal) child.stdin.end();
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(timer);
      if (child.pid) killGroup(child.pid);
      resolve({ status: late ? undefined : (status ?? undefined), output });
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The whole group has ended.
  }
}

/** The first file below a folder whose path ends like this, or undefined. */
export function findFile(folder: string, ending: string): string | undefined {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((path) =>
    path.endsWith(ending),
  );
  return found === undefined ? undefined : join(folder, found);
}

/** A JSON file of an installed package. */
export function readJson(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
}
