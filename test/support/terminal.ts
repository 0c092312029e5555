import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const HELPER = fileURLToPath(new URL('terminal.py', import.meta.url));

/** A command in a pseudo-terminal of its own (Python's `pty`: part of every Python, no native build). */
export interface Terminal {
  /** Everything that the terminal got to show so far, control sequences included. */
  shown(): string;
  type(text: string): void;
  /** The same without control sequences. */
  plain(): string;
  /** Resolves at the first match of what is plainly shown; rejects after 90 s or when the command ends before. */
  until(pattern: RegExp): Promise<void>;
  /** The command's exit status. */
  ended: Promise<number>;
  /** Closes the terminal. */
  kill(): void;
}

/** Where and as what a command runs. */
export interface TerminalOptions {
  columns?: number;
  cwd?: string;
  env?: Record<string, string | undefined>;
}

/** Starts a command in a pseudo-terminal of a width, 80 columns unless told. */
export function inTerminal(
  command: readonly string[],
  { columns = 80, cwd, env = process.env }: TerminalOptions = {},
): Terminal {
  const child = spawn('python3', [HELPER, String(columns), ...command], { env, stdio: 'pipe', cwd });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  child.stdin.on('error', () => {});
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
  });
  return {
    shown: () => text,
    plain: () => plain(text),
    type: (more) => void child.stdin.write(more),
    until: (pattern) => appears(child, pattern, () => plain(text)),
    ended,
    // The terminal goes away, which hangs up on whatever runs in it (an interactive zsh ignores SIGTERM).
    kill: () => void child.kill('SIGKILL'),
  };
}

/** A text without control characters but line ends and tabs, and without ANSI control sequences (ECMA-48). */
export function plain(text: string): string {
  return text.replaceAll(/\u001b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])|[^\P{Cc}\n\t]/gu, '');
}

async function appears(child: ChildProcess, pattern: RegExp, shown: () => string): Promise<void> {
  for (const end = Date.now() + 90_000; Date.now() < end; ) {
    if (pattern.test(shown())) return;
    if (child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (!pattern.test(shown())) throw new Error(`the terminal never showed ${pattern}, but: ${shown()}`);
}
