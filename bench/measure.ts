import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What is measured: a program, its arguments, and variables beside those of this process. */
export interface Program {
  argv: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Exit statuses that are no failure; 0 unless told. */
  statuses?: readonly number[];
}

/** One run of a program as a whole process: from the start to the end. */
export interface Sample {
  ms: number;
  /** Peak resident memory of its largest process, in MB of a million bytes; undefined where the system doesn't tell. */
  mb: number | undefined;
  stdout: string;
  stderr: string;
}

/** GNU time: it starts the program from a small process, so that the peak is the program's and not ours. */
const TIME = '/usr/bin/time';
const folder = mkdtempSync(join(tmpdir(), 'mcpkc-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** A folder for files of this run, removed at its end. */
export function scratch(name: string): string {
  return join(folder, name);
}

/** Runs a program and measures it. Throws with what it printed unless its status is allowed. */
export async function measure({ argv, env = {}, statuses = [0] }: Program): Promise<Sample> {
  const peakFile = scratch('peak');
  const wrapped = existsSync(TIME) ? [TIME, '-f', '%M', '-o', peakFile, ...argv] : [...argv];
  const [command = '', ...args] = wrapped;
  const begun = performance.now();
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const watch = existsSync(TIME) ? undefined : watchPeak(child.pid);
  const text = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text.stdout += more;
  });
  child.stderr.setEncoding('utf8').on('data', (more: string) => {
    text.stderr += more;
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const ms = performance.now() - begun;
  const mb = watch ? watch() : peakOf(peakFile);
  if (status === null || !statuses.includes(status))
    throw new Error(`${argv.join(' ')} ended with ${status}\n${text.stdout}\n${text.stderr}`);
  return { ms, mb, ...text };
}

/** The number in kibibytes that GNU time wrote, after a line about the status where it isn't 0. */
function peakOf(file: string): number | undefined {
  const kib = Number(readFileSync(file, 'utf8').trim().split('\n').at(-1));
  return Number.isFinite(kib) ? (kib * 1024) / 1e6 : undefined;
}

/** Without GNU time: the kernel's own high-water mark, looked at until the process is gone (Linux). */
function watchPeak(pid: number | undefined): () => number | undefined {
  let mb: number | undefined;
  const look = () => {
    try {
      const kib = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      if (kib) mb = (Number(kib) * 1024) / 1e6;
    } catch {
      // Another system, or the process is over.
    }
  };
  const timer = setInterval(look, 5);
  return () => {
    clearInterval(timer);
    return mb;
  };
}

const KNOWN_MB = 200;

/** Measures a program that is known to take 200 MB more than an idle one: a meter that can't be wrong isn't one. */
export async function checkMeter(): Promise<void> {
  const idle = await measure({ argv: [process.execPath, '-e', '0'] });
  const filled = `Buffer.alloc(${KNOWN_MB}e6, 1)`;
  const full = await measure({ argv: [process.execPath, '-e', filled] });
  if (idle.mb === undefined || full.mb === undefined) return;
  const more = full.mb - idle.mb;
  if (more < KNOWN_MB * 0.95 || more > KNOWN_MB * 1.15)
    throw new Error(`The memory meter is wrong: ${more} MB measured where ${KNOWN_MB} MB were taken.`);
}
