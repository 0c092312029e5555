import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

/** How mcpkc is started: from the bundle in `dist/`, or as `MCPKC_DEMO_COMMAND` has it (a JSON list of words). */
const [PROGRAM = '', ...FIRST]: string[] = JSON.parse(
  process.env.MCPKC_DEMO_COMMAND ??
    JSON.stringify([process.execPath, resolve(import.meta.dirname, '../../bin/mcpkc.js')]),
);

/** A command that was typed: what it printed so far, and how it ends. */
export interface Typed {
  readonly output: () => string;
  /** What went to stdout alone: the answer. */
  readonly answer: () => string;
  /** Resolves at the first output that matches; rejects when the command ends before. */
  until(pattern: RegExp): Promise<void>;
  /** The exit status. */
  readonly done: Promise<number>;
  interrupt(): void;
}

/** Environment variables that would make a command work here and not elsewhere. */
const CONFIGURING = /^(KC_|MCP_|MCPKC_|OIDC_|ALLOWED_ORIGINS$|XDG_CONFIG_HOME$)/;

/** The environment without anything that configures mcpkc, so that only what `init` wrote does. */
export function bareEnv(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !CONFIGURING.test(name)));
}

/** Prints a command line as an operator would type it, runs the built `mcpkc` with it, and shows what that prints. */
export function type(folder: string, args: readonly string[], env: Record<string, string> = {}): Typed {
  process.stdout.write(`\n$ mcpkc ${args.map(quoted).join(' ')}\n`);
  const child = spawn(PROGRAM, [...FIRST, ...args], {
    cwd: folder,
    env: { ...bareEnv(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const waiting = new Set<() => void>();
  const hear = (chunk: Buffer) => {
    output += chunk;
    process.stdout.write(chunk);
    for (const look of waiting) look();
  };
  let answer = '';
  child.stdout.on('data', (chunk: Buffer) => {
    answer += chunk;
    hear(chunk);
  });
  child.stderr.on('data', hear);
  const done = new Promise<number>((ended, failed) => {
    child.on('error', failed);
    child.on('close', (code, signal) => ended(code ?? (signal === null ? 1 : 128)));
  });
  const until = (pattern: RegExp) =>
    new Promise<void>((seen, failed) => {
      const look = () => {
        if (!pattern.test(output)) return;
        waiting.delete(look);
        seen();
      };
      waiting.add(look);
      look();
      void done.then((status) => failed(new Error(`mcpkc ended with ${status} before it said ${pattern}`)));
    });
  return {
    output: () => output,
    answer: () => answer,
    until,
    done,
    interrupt: () => void child.kill('SIGINT'),
  };
}

/** Types a command and waits for its answer; throws unless it ends with 0. */
export async function typed(
  folder: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const command = type(folder, args, env);
  const status = await command.done;
  if (status !== 0) throw new Error(`mcpkc ${args[0]} ended with exit status ${status}`);
  return command.answer();
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
