import { main } from '../../src/main.ts';
import { memoryIo } from '../support/memory-io.ts';
import { ACCOUNT, ACCOUNT_SECRET } from './scene.ts';

/** How a run of mcpkc ended. */
export interface Ended {
  status: number;
  stdout: string;
  stderr: string;
}

/** What a run finds when it starts. */
export interface Start {
  realm: string;
  env?: Readonly<Record<string, string>>;
  /** Path → text. */
  files?: Readonly<Record<string, string>>;
  /** As a document, unless told otherwise. */
  json?: boolean;
  /** Told what stderr says, piece by piece. */
  listen?(text: string): void;
}

/** Waits pass this much faster than they should: a suite of thousands of runs can't wait for real. */
const HASTE = 20;
let runs = 0;

/** Runs mcpkc in this process, with a clock that runs ahead whenever it waits. */
export async function runMcpkc(
  server: string,
  argv: readonly string[],
  { realm, env = {}, files = {}, json = true, listen = () => {} }: Start,
): Promise<Ended> {
  runs += 1;
  const pid = 100_000 + runs;
  const io = memoryIo({
    env: {
      HOME: '/home/tester',
      KC_REALM: realm,
      KC_CLIENT_ID: ACCOUNT,
      KC_CLIENT_SECRET: ACCOUNT_SECRET,
      ...env,
    },
    files: { ...files },
  });
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const sleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop);
        ahead += ms - ms / HASTE;
        resolve();
      }, ms / HASTE);
      signal?.addEventListener('abort', stop, { once: true });
    });
  const stderr = {
    ...io.stderr,
    write: (text: string) => {
      io.stderr.write(text);
      listen(text);
    },
  };
  // A run before this one is over, however it ended.
  const process = { ...io, stderr, pid, now, sleep, isAlive: (other: number) => other === pid };
  const status = await main(['--server', server, ...(json ? ['--json'] : []), ...argv], process);
  return { status, stdout: io.out(), stderr: io.err() };
}
