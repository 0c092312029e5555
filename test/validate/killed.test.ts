import { spawn } from 'node:child_process';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type GoodHost, startGoodHost } from '../support/hosts/good.ts';
import { createServiceAccount } from '../support/keycloak/service-account.ts';
import { type Front, startFront } from './keycloak-front.ts';
import { newStage, probesIn, type Stage, validateRun } from './stage.ts';

const ENTRY = fileURLToPath(new URL('../../src/entry.ts', import.meta.url));
const START = `import { main, processIo } from ${JSON.stringify(ENTRY)}; process.exitCode = await main(process.argv.slice(1), processIo());`;
const never = () => new Promise<never>(() => {});

let stage: Stage;
let host: GoodHost;
let proxy: Front;
let env: Record<string, string>;

beforeAll(async () => {
  stage = await newStage('killed');
  proxy = await startFront(inject('keycloak').url);
  stage.setup.issuer = `${proxy.url}/realms/${stage.realm.name}`;
  host = await startGoodHost(stage.setup);
  await stage.provision(host.url);
  env = { ...stage.account.env, KC_SERVER: proxy.url, KC_ISSUER: stage.setup.issuer };
});
afterAll(async () => {
  await host.stop();
  await proxy.stop();
  await stage.remove();
});

/** Starts a run as a process and ends it with a signal when the proxy has seen this many registrations succeed. */
async function endedAfter(registrations: number, signal: NodeJS.Signals): Promise<number | null> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', START, 'validate', host.url], {
    env: { PATH: process.env.PATH, ...env },
    stdio: 'ignore',
  });
  let seen = 0;
  proxy.spoil = {
    after: (request, answer) => {
      const made =
        request.method === 'POST' &&
        request.path.includes('/clients-registrations/') &&
        answer.status === 201;
      if (!made) return answer;
      seen += 1;
      if (seen === registrations) child.kill(signal);
      // Anybody who is killed never sees the answer; anybody who is only told to stop does.
      return seen === registrations && signal === 'SIGKILL' ? never() : answer;
    },
  };
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  proxy.spoil = {};
  return code;
}

/** The probes that a killed run left, once Keycloak has done what it had been sent before. */
async function probesLeft(): Promise<string[]> {
  let left = await probesIn(stage.realm);
  for (;;) {
    await new Promise((resume) => setTimeout(resume, 500));
    const now = await probesIn(stage.realm);
    if (now.length === left.length) return now;
    left = now;
  }
}

/** A later run on the same machine, from an empty folder. */
const nextRun = (more: Record<string, string> = {}) =>
  validateRun([host.url], { ...env, ...more }, (io) => {
    io.hostname = hostname();
    io.isAlive = () => false;
  });

it.each([1, 2, 3, 4, 5])(
  'a run killed after registration %i leaves what the next one removes',
  async (registrations) => {
    await endedAfter(registrations, 'SIGKILL');
    const left = await probesLeft();
    expect(left.length).toBeGreaterThanOrEqual(registrations);
    const run = await nextRun();
    expect(run.document.swept.removed.toSorted()).toEqual(left.toSorted());
    expect(await probesIn(stage.realm)).toEqual([]);
  },
);

it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s ends a run after it has removed its probes',
  async (signal) => {
    const code = await endedAfter(2, signal);
    expect(code).toBe({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal]);
    expect(await probesIn(stage.realm)).toEqual([]);
  },
);

it('names what an account that only reads can’t remove, and leaves a running neighbour’s probes alone', async () => {
  await endedAfter(2, 'SIGKILL');
  const left = await probesLeft();
  const reader = await createServiceAccount(stage.realm, 'reader', [
    'view-clients',
    'view-realm',
    'view-events',
    'view-users',
  ]);
  const weak = await nextRun({ KC_CLIENT_ID: 'reader', KC_CLIENT_SECRET: reader.secret });
  expect(weak.document.swept.left.toSorted()).toEqual(left.toSorted());
  const beside = await validateRun([host.url], env, (io) => {
    io.hostname = hostname();
    io.isAlive = () => true;
  });
  expect(beside.document.swept).toEqual({ removed: [], left: [] });
  expect((await nextRun()).document.swept.left).toEqual([]);
  expect(await probesIn(stage.realm)).toEqual([]);
});
