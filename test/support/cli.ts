import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, onTestFinished } from 'vitest';
import { z } from 'zod';
import { main } from '../../src/main.ts';
import { WORKING_ROLES } from '../../src/realm/roles.ts';
import { documentSchemas } from '../../src/schemas/documents.ts';
import type {} from './build.ts';
import type { Realm } from './keycloak/realm.ts';
import { createServiceAccount, type ServiceAccount } from './keycloak/service-account.ts';
import { type MemoryIo, type MemoryIoOptions, memoryIo } from './memory-io.ts';

/** Everything that must never be printed; each captured output is searched for it. */
const SECRETS = new Set<string>();

/** Adds a secret that no output may hold. */
export function seedSecret(secret: string): string {
  SECRETS.add(secret);
  return secret;
}

/** Fails where an output holds a seeded secret, or a token of any kind. */
export function expectNoSecrets(text: string): void {
  for (const secret of SECRETS) {
    if (text.includes(secret)) expect.fail(`a secret was printed: ${text.replaceAll(secret, '<<SECRET>>')}`);
  }
  expect(text).not.toMatch(/eyJ[\w-]{10,}\.eyJ/);
}

/** An account in a realm, and the environment that names it. */
export interface Account extends ServiceAccount {
  env: Record<string, string>;
}

/** Makes a service account with these roles (all that mcpkc works with, unless told) and the environment for it. */
export async function accountIn(
  realm: Realm,
  roles: readonly string[] = WORKING_ROLES,
  clientId = 'mcpkc',
): Promise<Account> {
  const account = await createServiceAccount(realm, clientId, roles);
  const env = {
    KC_SERVER: realm.admin.access.url,
    KC_REALM: realm.name,
    KC_CLIENT_ID: account.clientId,
    KC_CLIENT_SECRET: seedSecret(account.secret),
  };
  return { ...account, env };
}

/** What a command line ended with. */
export interface CliResult {
  exit: number;
  out: string;
  err: string;
  /** stdout as the one JSON document that `--json` promises; fails where it is something else. */
  json: Record<string, unknown>;
}

/** What a run in memory ended with, and its process. */
export interface MemoryResult extends CliResult {
  io: MemoryIo;
}

function result(exit: number, out: string, err: string): CliResult {
  expectNoSecrets(out);
  expectNoSecrets(err);
  return {
    exit,
    out,
    err,
    get json() {
      return oneDocument(out);
    },
  };
}

const DOCUMENTS = documentSchemas((shape) => z.looseObject(shape));

/** Parses a text that must be exactly one JSON document and a line end; it has to fit its schema. */
export function oneDocument(text: string): Record<string, unknown> {
  expect(text.endsWith('}\n')).toBe(true);
  const document = JSON.parse(text) as Record<string, unknown>;
  const [, name = ''] = /^mcpkc\/(.+)\/v1$/.exec(String(document.schema)) ?? [];
  const { error } = DOCUMENTS[name]?.safeParse(document) ?? {};
  if (error) expect.fail(`src/schemas/documents.ts, ${name}: ${z.prettifyError(error)}`);
  return document;
}

function realSleep(ms: number, signal?: AbortSignal): Promise<void> {
  return sleep(ms, undefined, signal ? { signal } : {}).catch(() => {
    throw signal?.reason;
  });
}

/** What a test says about a run: the process, and how its clock goes. */
export interface RunOptions extends MemoryIoOptions {
  /** `virtual`: time goes on only where the program sleeps, and it sleeps without waiting. */
  clock?: 'real' | 'virtual';
  /** Changes the process before the run, as for a signal in the middle. */
  prepare?(io: MemoryIo): void;
}

/** Runs a command line in this process. */
export async function runCli(args: readonly string[], options: RunOptions = {}): Promise<MemoryResult> {
  const { env = {} } = options;
  if (env.KC_CLIENT_SECRET) seedSecret(env.KC_CLIENT_SECRET);
  const io = memoryIo({ now: Date.now(), ...options });
  if (options.clock !== 'virtual')
    Object.assign(io, { now: () => Date.now(), elapsed: () => performance.now(), sleep: realSleep });
  options.prepare?.(io);
  const exit = await main(args, io);
  return Object.assign(result(exit, io.out(), io.err()), { io });
}

/** Runs a command line and fails, with all that it said, unless it ends with this exit status. */
export async function expectCli(
  exit: number,
  args: readonly string[],
  options: RunOptions = {},
): Promise<MemoryResult> {
  const ran = await runCli(args, options);
  if (ran.exit !== exit)
    expect.fail(`mcpkc ${args.join(' ')} ended with ${ran.exit}, not ${exit}:\n${ran.out}\n${ran.err}`);
  return ran;
}

/** A child process that runs mcpkc as an installed one does. */
export interface SpawnedCli {
  pid: number;
  stdout(): string;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
  /** Stops reading stdout, as `head` does when it has enough. */
  closeStdout(): void;
  /** Resolves at its end; `exit` is 128 + n after a signal that ended it. */
  done: Promise<CliResult>;
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** Starts mcpkc as it would be installed (`bin/mcpkc.js` beside its bundle) with this environment alone (and PATH), in an empty folder of its own. */
export function spawnCli(args: readonly string[], env: Record<string, string | undefined> = {}): SpawnedCli {
  if (env.KC_CLIENT_SECRET) seedSecret(env.KC_CLIENT_SECRET);
  const cwd = mkdtempSync(join(tmpdir(), 'mcpkc-cli-'));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  const child = spawn(process.execPath, [inject('mcpkcBin'), ...args], {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const done = new Promise<CliResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      try {
        resolve(result(code ?? 128 + (SIGNAL_NUMBERS[signal ?? ''] ?? 0), out, err));
      } catch (error) {
        reject(error);
      }
    });
  });
  done.catch(() => {});
  return {
    pid: child.pid ?? 0,
    stdout: () => out,
    stderr: () => err,
    kill: (signal) => void child.kill(signal),
    closeStdout: () => child.stdout.destroy(),
    done,
  };
}

/** Waits until something is so, at most this long; fails with `what` otherwise. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  ms = 40_000,
): Promise<void> {
  const end = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > end) expect.fail(`timed out: ${what}`);
    await sleep(10);
  }
}
