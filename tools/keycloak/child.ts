import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Env } from './tools.ts';

const WATCHDOG = fileURLToPath(new URL('watchdog.sh', import.meta.url));

/** A program in a process group of its own, which never outlives this process. */
export interface Child {
  /** Resolves once it has ended, with what became of it. */
  readonly ended: Promise<string>;
  /** What became of it, if it has ended. */
  outcome(): string | undefined;
  /** Sends a signal to all of its processes. */
  signal(name: NodeJS.Signals): void;
  /** Calls off the watch, once it is known to be dead. */
  release(): void;
}

/** What to start, where its output goes, and the folder to remove if this process dies before it could do so. */
export interface ChildOptions {
  command: string;
  args: string[];
  cwd: string;
  env: Env;
  logFile: string;
  folder: string;
  /** Another user to run as, where this process is root. */
  uid?: number;
  gid?: number;
}

const living = new Map<number, string>();

/**
 * Starts a program such that it ends with us: when this process exits, by a handler; when it is killed, by a watchdog
 * that holds a pipe to it. Neither keeps this process running.
 */
export function startChild({ command, args, logFile, folder, ...how }: ChildOptions): Child {
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, { ...how, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  let result: string | undefined;
  const ended = new Promise<string>((resolve) => {
    const settle = (text: string) => {
      result = text;
      resolve(text);
    };
    child.once('error', (error) => settle(`could not be started: ${error.message}`));
    child.once('exit', (status, signal) =>
      settle(signal ? `was ended by ${signal}` : `ended with status ${status}`),
    );
  });
  const group = child.pid;
  const watchdog = group === undefined ? undefined : watch(group, folder);
  if (group !== undefined) remember(group, folder);
  child.unref();
  return {
    ended,
    outcome: () => result,
    signal: (name) => signalGroup(group, name),
    release() {
      if (group !== undefined) living.delete(group);
      watchdog?.kill('SIGKILL');
      watchdog?.stdin?.destroy();
    },
  };
}

function watch(group: number, folder: string): ChildProcess {
  const watchdog = spawn('/bin/sh', [WATCHDOG, String(group), folder], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.on('error', () => {});
  watchdog.unref();
  return watchdog;
}

function remember(group: number, folder: string): void {
  if (living.size === 0 && !process.listeners('exit').includes(endAll)) process.on('exit', endAll);
  living.set(group, folder);
}

function endAll(): void {
  for (const [group, folder] of living) {
    signalGroup(group, 'SIGKILL');
    if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function signalGroup(group: number | undefined, name: NodeJS.Signals): void {
  if (group === undefined) return;
  try {
    process.kill(-group, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
