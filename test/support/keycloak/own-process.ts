import { type ChildProcess, spawn } from 'node:child_process';

const at = (path: string) => JSON.stringify(new URL(`../../../src/${path}`, import.meta.url).href);

/** The program from its sources; says at the end on stderr how much memory it took at most, in MB. */
const PROGRAM = `
import { main } from ${at('main.ts')};
import { processIo } from ${at('cli/io.ts')};
process.exitCode = await main(process.argv.slice(1), processIo());
if (process.env.SAY_MEMORY) process.stderr.write('memory ' + Math.round(process.resourceUsage().maxRSS / 1024) + '\\n');`;

/** How a process ended, and what it said. */
export interface Ended {
  status: number | null;
  signal: string | null;
  out: string;
  err: string;
  seconds: number;
}

/** Starts mcpkc in a process of its own, by the real clock. */
export function startProgram(
  args: readonly string[],
  options: { env: Record<string, string>; cwd: string },
): { child: ChildProcess; ended: Promise<Ended> } {
  const started = performance.now();
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, '--', ...args], {
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout?.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    err += chunk;
  });
  const ended = new Promise<Ended>((resolve) =>
    child.on('close', (status, signal) =>
      resolve({ status, signal, out, err, seconds: (performance.now() - started) / 1000 }),
    ),
  );
  return { child, ended };
}
