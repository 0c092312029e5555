// biome-ignore-all lint/style/noRestrictedGlobals: this is the process.
// biome-ignore-all lint/style/noRestrictedImports: this is the process.
import { spawn } from 'node:child_process';
import { hostname, uptime, userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { McpkcError } from '../errors.ts';
import { wrapQuestion } from '../text.ts';
import { type Files, filesFor } from './files.ts';

export type { Files } from './files.ts';

/** The signals that end a run after clean-up, with the exit status of each (128 + signal number, POSIX). */
export const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
export type Signal = keyof typeof SIGNALS;

/** A place to write text to, and what is known of it. */
export interface Output {
  write(text: string): void;
  isTerminal: boolean;
  /** Width in columns; undefined where it isn't a terminal, or has no width. */
  columns: number | undefined;
  /** The stream itself, for what animates a line on a terminal. */
  stream: NodeJS.WritableStream;
}

/** The process as the rest of the program sees it; tests hand in another one. */
export interface Io {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  platform: string;
  pid: number;
  hostname: string;
  user: string;
  stdout: Output;
  stderr: Output;
  stdinIsTerminal: boolean;
  files: Files;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds since some moment, by clocks that nobody sets; goes on while the process is stopped or the machine sleeps. */
  elapsed(): number;
  /** Waits; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Asks at the terminal (on stderr); a secret is not echoed. */
  prompt(question: string, options?: { secret?: boolean; signal?: AbortSignal }): Promise<string>;
  /** Calls back on SIGHUP, SIGINT, SIGTERM; returns a function that removes the handlers again. */
  onSignal(handler: (signal: Signal) => void): () => void;
  /** Adds something to let go of when the run is over, since it would keep the process alive. */
  atEnd(release: () => void): void;
  /** Lets go of all that `atEnd` was told, once. */
  end(): void;
  /** Ends this process by a signal with its default effect, as a second Ctrl-C does. */
  raise(signal: Signal): void;
  /** Whether a process with this id runs on this machine. */
  isAlive(pid: number): boolean;
  /** Opens a URL in the person's browser; false where that can't be done. */
  openBrowser(url: string): Promise<boolean>;
}

function output(stream: NodeJS.WriteStream): Output {
  // A reader that went away (`mcpkc status | head -1`) is no failure of mcpkc: EPIPE ends the writing, nothing else.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return {
    write: (text) => {
      if (stream.writable) stream.write(text);
    },
    isTerminal: stream.isTTY === true,
    stream,
    get columns() {
      // A pseudo-terminal that nobody sized has 0 (script, some CI runners).
      return stream.isTTY && stream.columns > 0 ? stream.columns : undefined;
    },
  };
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** The answer to Ctrl-D at a question, as to Ctrl-C. */
function endOfInputError(): McpkcError {
  return new McpkcError('INTERRUPTED', 'Stopped (Ctrl-D).', 'Run the command again.');
}

async function prompt(
  question: string,
  { secret = false, signal }: { secret?: boolean; signal?: AbortSignal } = {},
): Promise<string> {
  if (process.stdin.isTTY !== true) {
    throw new McpkcError(
      'CONSENT_NEEDED',
      `There is no terminal to ask: ${question.trim()}`,
      'Answer by flags.',
    );
  }
  let muted = false;
  const echo = new Writable({
    write(chunk, _encoding, done) {
      if (!muted) process.stderr.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output: echo, terminal: true });
  try {
    // readline turns Ctrl-C into an event of its own while it holds the terminal in raw mode.
    lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    const asked = wrapQuestion(question, process.stderr.columns || 80);
    const answer = lines.question(asked, signal ? { signal } : {});
    muted = secret;
    return (await answer).trim();
  } catch (error) {
    // Ctrl-D: the end of what is typed.
    if (signal?.aborted === true) throw signal.reason;
    if ((error as Error).name === 'AbortError') throw endOfInputError();
    throw error;
  } finally {
    lines.close();
    if (secret) process.stderr.write('\n');
  }
}

function onSignal(handler: (signal: Signal) => void): () => void {
  const handlers = (Object.keys(SIGNALS) as Signal[]).map((name) => [name, () => handler(name)] as const);
  for (const [name, handle] of handlers) process.on(name, handle);
  return () => {
    for (const [name, handle] of handlers) process.off(name, handle);
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * The variables that a browser needs to start. All others stay here: the environment of mcpkc may hold secrets, and a
 * browser, its helpers and whatever they start would inherit them.
 */
const BROWSER_VARIABLES =
  /^(?:PATH|PATHEXT|HOME|HOMEDRIVE|HOMEPATH|USER|USERNAME|USERPROFILE|LOGNAME|SHELL|COMSPEC|LANG|LANGUAGE|LC_[A-Z]+|TZ|TMPDIR|TEMP|TMP|BROWSER|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|DBUS_SESSION_BUS_ADDRESS|DESKTOP_SESSION|KDE_SESSION_VERSION|KDE_FULL_SESSION|GNOME_DESKTOP_SESSION_ID|XDG_(?:CURRENT_DESKTOP|SESSION_TYPE|SESSION_DESKTOP|RUNTIME_DIR|CONFIG_HOME|CONFIG_DIRS|DATA_HOME|DATA_DIRS|CACHE_HOME)|WSL_DISTRO_NAME|WSL_INTEROP|SYSTEMROOT|SYSTEMDRIVE|WINDIR|APPDATA|LOCALAPPDATA|PROGRAMDATA|PROGRAMFILES(?:\(X86\))?)$/i;

/** The environment of a browser: without secrets. */
export function browserEnvironment(env: Io['env']): Record<string, string> {
  const kept = Object.entries(env).filter(([name]) => BROWSER_VARIABLES.test(name));
  return Object.fromEntries(kept.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

function openBrowser(url: string): Promise<boolean> {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', url]
        : ['xdg-open', url];
  return new Promise((resolve) => {
    const child = spawn(command as string, args, {
      stdio: 'ignore',
      detached: true,
      env: browserEnvironment(process.env),
    });
    child.on('error', () => resolve(false));
    child.on('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}

/**
 * The monotonic clock of Linux stands still while the machine sleeps (clock_gettime(2), CLOCK_MONOTONIC); its uptime
 * goes on, in steps of 10 ms. The later of the two is the time that passed for others.
 */
function stopwatch(): () => number {
  const [monotonic, up] = [performance.now(), uptime()];
  return () => Math.max(performance.now() - monotonic, (uptime() - up) * 1000);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user id without an entry in /etc/passwd has no name.
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}

/** The list of `atEnd`, and the end that goes through it. */
export function endOfRun(): Pick<Io, 'atEnd' | 'end'> {
  const kept: (() => void)[] = [];
  return {
    atEnd: (release) => void kept.push(release),
    end: () => {
      for (const release of kept.splice(0)) release();
    },
  };
}

/** The real process. */
export function processIo(): Io {
  return {
    env: process.env,
    cwd: process.cwd(),
    platform: process.platform,
    pid: process.pid,
    hostname: hostname(),
    user: userName(),
    stdout: output(process.stdout),
    stderr: output(process.stderr),
    stdinIsTerminal: process.stdin.isTTY === true,
    files: filesFor(process),
    // biome-ignore lint/plugin/clock: this is the process.
    now: () => Date.now(),
    elapsed: stopwatch(),
    sleep,
    prompt,
    onSignal,
    ...endOfRun(),
    raise: (signal) => void process.kill(process.pid, signal),
    isAlive,
    openBrowser,
  };
}
