import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { expectCli, runCli, spawnCli } from '../support/cli.ts';
import type {} from '../support/keycloak/global-setup.ts';
import {
  expectNamed,
  expectProvisioned,
  here,
  NAMED,
  partOf,
  positions,
  RESOURCE,
  type Stage,
  setStage,
} from '../support/kill.ts';
import { register, startOnboard } from '../support/onboarding.ts';
import { type Passing, type ReverseProxy, startReverseProxy } from '../support/reverse-proxy.ts';

const EXIT = { SIGINT: 130, SIGTERM: 143, SIGKILL: 137 } as const;
type Killer = keyof typeof EXIT;
const EVERY = 12;
const LONG = 3_600_000;
const ARGS = ['onboard', RESOURCE, '--preset', 'chatgpt', '--until', 'registered', '--timeout', '30s'];

let stage: Stage;

beforeAll(async () => {
  const server = inject('keycloak');
  stage = await setStage(server, `kill-${server.run}`);
});
beforeEach(() => stage.reset());
afterAll(() => stage?.realm.remove());

function through(proxy: ReverseProxy): Record<string, string> {
  return { ...stage.account.env, KC_SERVER: proxy.url };
}

/** How many requests an undisturbed run takes. */
async function undisturbed(): Promise<number> {
  const after = async (request: Passing, answer: never) => {
    await stage.onAnswered(request);
    return answer;
  };
  const proxy = await startReverseProxy(stage.realm.admin.access.url, { after });
  const { exit, err } = await spawnCli(ARGS, through(proxy)).done;
  expect(exit, err).toBe(0);
  await stage.expectAsPlanned();
  await proxy.stop();
  return proxy.requests.length;
}

/** Whether a request may have changed who holds what: after each of them a watcher from outside looks. */
const writes = ({ method }: Passing) => method !== 'GET';

/** What an operator does next, one way or the other; after it everything is as planned. */
async function rerun(n: number): Promise<void> {
  const { realm } = stage;
  if (n % 2 === 0) {
    await expectCli(0, ['onboard', RESOURCE, '--close'], here(stage));
    await stage.expectAsPlanned();
    await expectCli(0, ['onboard', RESOURCE, NAMED], here(stage));
    await stage.expectAsPlanned();
    // A named client leaves registration as it is, open or not.
    return expectNamed(stage);
  }
  const again = startOnboard([RESOURCE, '--preset', 'chatgpt', '--until', 'registered'], here(stage));
  await again.opened;
  await register(realm);
  expect((await again.done).exit).toBe(0);
  await stage.expectAsPlanned();
  await expectProvisioned(stage);
}

/**
 * Sends the signal right after Keycloak did what the n-th request asked for, before its answer is told. False where the
 * run had ended before: how often it looks for newcomers is not the same each time.
 */
async function killedAfter(n: number, signal: Killer): Promise<boolean> {
  await stage.reset();
  let hit = false;
  const child: { run?: ReturnType<typeof spawnCli> } = {};
  const proxy = await startReverseProxy(stage.realm.admin.access.url, {
    after: async (request, answer) => {
      await stage.onAnswered(request);
      if (writes(request)) await stage.expectJudged();
      if (request.index + 1 !== n) return answer;
      hit = true;
      child.run?.kill(signal);
      if (signal === 'SIGKILL') await child.run?.done;
      else await new Promise((resolve) => setTimeout(resolve, 50));
      return answer;
    },
  });
  child.run = spawnCli(ARGS, through(proxy));
  const { exit, err } = await child.run.done;
  expect(exit, err).toBe(hit ? EXIT[signal] : 0);
  await stage.expectJudged();
  if (signal !== 'SIGKILL') await stage.expectAsPlanned();
  await rerun(n);
  await proxy.stop();
  return hit;
}

/** Keycloak goes away at the n-th request, for so many requests, and is back for the rerun at the latest. */
async function awayAt(n: number, requests: number): Promise<number> {
  await stage.reset();
  let healed = false;
  const proxy = await startReverseProxy(stage.realm.admin.access.url, {
    before: ({ index }) => {
      if (healed || index + 1 < n || index + 1 >= n + requests) return undefined;
      return index + 1 === n ? 'cut after' : 'cut';
    },
    after: async (request, answer) => {
      await stage.onAnswered(request);
      return answer;
    },
  });
  const ran = await runCli(ARGS, { ...here(stage), env: through(proxy) });
  healed = true;
  if (ran.exit === 0) await stage.expectAsPlanned();
  else {
    // Held up while it had the lock it stops at its next write (5); policies that can't be tried are put back (5).
    expect([3, 5], ran.err).toContain(ran.exit);
    expect(ran.err).toMatch(/NOT_WITHDRAWN|KEYCLOAK_UNREACHABLE|LOCK_LOST|POLICIES_PUT_BACK/);
    // Who says nothing of holders has left none.
    if (!ran.err.includes('NOT_WITHDRAWN')) await stage.expectAsPlanned();
    else expect(ran.err).toContain(`mcpkc onboard ${RESOURCE} --close`);
  }
  await rerun(n);
  await proxy.stop();
  return ran.exit;
}

/** Tries all, so that one failure doesn't hide the others. */
async function tryAll<T>(whole: readonly T[], name: (one: T) => string, work: (one: T) => Promise<void>) {
  const failures: string[] = [];
  const cases = partOf(whole);
  for (const one of cases) {
    await work(one).catch((error: Error) => {
      failures.push(`${name(one)}: ${error.message}`);
      process.stderr.write(`${failures.at(-1)}\n`);
    });
  }
  process.stderr.write(`${cases.length} tried, ${failures.length} failed\n`);
  expect(failures).toEqual([]);
  await stage.reset();
  await stage.expectForeignUntouched();
}

describe('whatever ends an onboarding, a rerun leaves the realm as planned', () => {
  test('signals after each request', { timeout: LONG }, async () => {
    const count = await undisturbed();
    const all: Killer[] = ['SIGKILL', 'SIGINT', 'SIGTERM'];
    const tried = positions(count, EVERY);
    const cases = tried.flatMap((n, index) => {
      const signals = tried.length === count ? all : [all[index % 3] ?? 'SIGKILL'];
      return signals.map((signal) => ({ n, signal }));
    });
    let missed = 0;
    await tryAll(
      cases,
      ({ n, signal }) => `${signal} after request ${n} of ${count}`,
      async ({ n, signal }) => {
        if (!(await killedAfter(n, signal))) missed += 1;
      },
    );
    process.stderr.write(`${missed} runs had ended before\n`);
    expect(missed).toBeLessThan(Math.max(2, cases.length / 10));
  });

  test.each([
    ['for a while', 7],
    ['for ever', Number.POSITIVE_INFINITY],
  ])('Keycloak away %s, from each request on', { timeout: LONG }, async (what, requests) => {
    const count = await undisturbed();
    const exits: number[] = [];
    await tryAll(
      positions(count, 2 * EVERY),
      (n) => `away ${what} from request ${n} of ${count}`,
      async (n) => {
        exits.push(await awayAt(n, requests));
      },
    );
    if (requests === Number.POSITIVE_INFINITY)
      expect(exits.filter((exit) => exit !== 3 && exit !== 5)).toEqual([]);
    else expect(exits).toContain(0);
  });
});
