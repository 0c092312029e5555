import { hostname } from 'node:os';
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { LOCK_ROLE } from '../../src/keycloak/write/lock.ts';
import { OWN_POLICY, patternsOf } from '../../src/realm/own-policies.ts';
import { hostOfExpression } from '../../src/realm/redirect-patterns.ts';
import type { ClientProfile } from '../../src/realm/representations.ts';
import { type Account, accountIn, expectCli, runCli, spawnCli, until } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { anonymousPolicies, configure, hostsIn } from '../support/realm-things.ts';
import { startReverseProxy } from '../support/reverse-proxy.ts';

const ROUNDS = Number(process.env.MCPKC_RACE_ROUNDS ?? 1);
const realm = await useRealm('lock');
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm, ['view-clients', 'manage-clients', 'manage-realm']);
});

const role = () => realm.admin.request('GET', realm.path(`roles/${LOCK_ROLE}`));
afterEach(async () => {
  await realm.admin.request('DELETE', realm.path(`roles/${LOCK_ROLE}`));
});

/** Takes the lock as another run would. */
async function holdLock(holder: { host: string; pid: number; until: number }): Promise<void> {
  const entries = Object.entries({ by: 'ann', command: 'onboard', nonce: 'theirs', ...holder });
  const attributes = Object.fromEntries(entries.map(([key, value]) => [`mcpkc.${key}`, [String(value)]]));
  // 409 where it is there: then it is renewed.
  await realm.admin.request('POST', realm.path('roles'), { name: LOCK_ROLE });
  await realm.admin.put(realm.path(`roles/${LOCK_ROLE}`), { name: LOCK_ROLE, attributes });
}

const add = (host: string) => ['trusted-hosts', '--add', host];

async function setHosts(hosts: string[]): Promise<void> {
  const [policy] = await anonymousPolicies(realm, 'trusted-hosts');
  if (policy) await configure(realm, policy, { 'trusted-hosts': hosts });
}

/** The hosts whose redirect URIs may be registered, whole. */
async function patternHosts(): Promise<(string | undefined)[]> {
  const path = realm.path('client-policies/profiles');
  const { profiles } = await realm.admin.get<{ profiles: ClientProfile[] }>(path);
  const own = profiles.find(({ name }) => name === OWN_POLICY.registrations);
  return (patternsOf(own) ?? []).map(hostOfExpression);
}

describe('ten processes at once', () => {
  it(`lose nothing, foreign entries neither (${ROUNDS} rounds)`, async () => {
    const wanted = Array.from({ length: 10 }, (_, index) => `h${index}.example.com`);
    for (let round = 1; round <= ROUNDS; round += 1) {
      await setHosts(['foreign.example.org', '*.foreign.example.net']);
      const runs = wanted.map((host) => spawnCli(add(host), account.env).done);
      const ended = await Promise.all(runs);
      expect(
        ended.map(({ exit, err }) => (exit === 0 ? '0' : `${exit}${err}`)),
        `round ${round}`,
      ).toEqual(wanted.map(() => '0'));
      expect(await hostsIn(realm), `round ${round}`).toEqual(
        ['*.foreign.example.net', 'foreign.example.org', ...wanted].toSorted(),
      );
      // A policy that one run writes keeps the patterns that another wrote meanwhile.
      expect(await patternHosts(), `round ${round}`).toEqual(expect.arrayContaining(wanted));
      expect((await role()).status).toBe(404);
    }
  }, 600_000);
});

describe('a lock', () => {
  it('of a run that was killed on this machine is taken over at once', async () => {
    let reached = false;
    const proxy = await startReverseProxy(inject('keycloak').url, {
      before: ({ method, path }) => {
        if (method !== 'PUT' || !path.includes('/components/')) return undefined;
        reached = true;
        return 'hang';
      },
    });
    const child = spawnCli(add('killed.example.com'), { ...account.env, KC_SERVER: proxy.url });
    await until('it is about to write', () => reached);
    child.kill('SIGKILL');
    expect((await child.done).exit).toBe(137);
    const left = (await role()).json as { attributes: Record<string, string[]> };
    expect(left.attributes).toMatchObject({
      'mcpkc.pid': [String(child.pid)],
      'mcpkc.host': [hostname()],
      'mcpkc.command': ['trusted-hosts'],
    });
    const began = Date.now();
    const next = await spawnCli(add('next.example.com'), account.env).done;
    expect(next).toMatchObject({ exit: 0 });
    expect(Date.now() - began).toBeLessThan(10_000);
    expect(await hostsIn(realm)).toContain('next.example.com');
    expect((await role()).status).toBe(404);
  });

  it('of a living run is waited for, then its holder is named', async () => {
    const end = Date.now() + 3_600_000;
    const renewed = (round: number) => holdLock({ host: 'build-7', pid: 4242, until: end + round });
    await renewed(0);
    const ran = await runCli([...add('held.example.com'), '--json'], {
      env: account.env,
      clock: 'virtual',
      prepare: (io) => {
        const { sleep } = io;
        const begun = io.now();
        let round = 0;
        io.sleep = async (ms, signal) => {
          await sleep(ms, signal);
          const now = Math.floor((io.now() - begun) / 20_000);
          if (now > round) await renewed(now);
          round = now;
        };
      },
    });
    expect(ran.exit).toBe(5);
    expect(ran.json).toMatchObject({
      code: 'LOCK_HELD',
      message: `Another run edits this realm: ann on build-7 (process 4242, mcpkc onboard), until ${new Date(end + 3).toISOString()} at the latest.`,
      fix: 'Try again when it is done. A lock that is not renewed for a minute is taken over.',
      details: { holder: { by: 'ann', host: 'build-7', pid: 4242, command: 'onboard' } },
    });
    const waited = ran.io.slept.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeGreaterThan(75_000);
    expect(waited).toBeLessThan(90_000);
    expect(await hostsIn(realm)).not.toContain('held.example.com');
    expect((await role()).status).toBe(200);
  });

  it('that is given back meanwhile is taken', async () => {
    await holdLock({ host: 'build-7', pid: 4242, until: Date.now() + 3_600_000 });
    const ran = runCli(add('freed.example.com'), { env: account.env });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await hostsIn(realm)).not.toContain('freed.example.com');
    await realm.admin.del(realm.path(`roles/${LOCK_ROLE}`));
    expect((await ran).exit).toBe(0);
    expect(await hostsIn(realm)).toContain('freed.example.com');
  });

  it('whose time is long up is taken over, wherever its holder was', async () => {
    await holdLock({ host: 'build-7', pid: 4242, until: Date.now() - 3_600_000 });
    await expectCli(0, add('expired.example.com'), { env: account.env });
    expect(await hostsIn(realm)).toContain('expired.example.com');
    expect((await role()).status).toBe(404);
  });

  it('of this machine’s living process is not taken over, whatever the name of the holder is', async () => {
    await holdLock({ host: 'test-host', pid: 77, until: Date.now() + 3_600_000 });
    const ran = await runCli(add('alive.example.com'), { env: account.env, clock: 'virtual', alive: [77] });
    // Only once nobody renewed it for a minute.
    expect(ran.io.slept.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(60_000);
    await holdLock({ host: 'test-host', pid: 77, until: Date.now() + 3_600_000 });
    const dead = await expectCli(0, add('dead.example.com'), {
      env: account.env,
      clock: 'virtual',
      alive: [],
    });
    expect(dead.io.slept.filter((ms) => ms < 2000)).toEqual([]);
  });

  it('is judged by the server’s clock: a machine that is hours ahead does not take over a living one', async () => {
    await holdLock({ host: 'build-7', pid: 4242, until: Date.now() + 3_600_000 });
    let slept = 0;
    const ahead = { env: account.env, clock: 'virtual', now: Date.now() + 7_200_000 } as const;
    const ran = await runCli([...add('ahead.example.com'), '--json'], {
      ...ahead,
      prepare: (io) => {
        // By its own clock the lock's time is long up; nobody renews it for a minute all the same.
        io.sleep = async (ms) => {
          slept += ms;
          io.setNow(io.now() + ms);
        };
      },
    });
    expect(ran.exit).toBe(0);
    expect(slept).toBeGreaterThan(60_000 - 1000);
  });

  it('is written by the server’s clock, too: one that is hours behind holds it no shorter', async () => {
    let until = 0;
    const proxy = await startReverseProxy(inject('keycloak').url, {
      before: ({ method, path, body }) => {
        if (method !== 'POST' || !path.endsWith('/roles')) return undefined;
        const { attributes } = JSON.parse(body) as { attributes: Record<string, string[]> };
        until = Number(attributes['mcpkc.until']?.[0]);
        return undefined;
      },
    });
    const env = { ...account.env, KC_SERVER: proxy.url };
    await expectCli(0, add('behind.example.com'), { env, clock: 'virtual', now: Date.now() - 7_200_000 });
    expect(Math.abs(until - Date.now() - 60_000)).toBeLessThan(10_000);
  });

  it('that somebody made by hand, without our attributes, does not block for ever', async () => {
    await realm.admin.post(realm.path('roles'), { name: LOCK_ROLE });
    await expectCli(0, add('by-hand.example.com'), { env: account.env });
  });

  it('is given back when the edit fails', async () => {
    const proxy = await startReverseProxy(inject('keycloak').url, {
      before: ({ method, path }) =>
        method === 'PUT' && path.includes('/components/')
          ? { status: 400, body: '{"error":"no"}' }
          : undefined,
    });
    const env = { ...account.env, KC_SERVER: proxy.url };
    const ran = await expectCli(3, [...add('fails.example.com'), '--json'], { env });
    expect(ran.json).toMatchObject({ code: 'KEYCLOAK_ERROR', message: expect.stringContaining('400') });
    expect((await role()).status).toBe(404);
  });

  it('is given back when a signal comes before its own creation is answered', async () => {
    let interrupt = () => {};
    const proxy = await startReverseProxy(inject('keycloak').url, {
      after: ({ method, path }, answer) => {
        if (method === 'POST' && path.endsWith('/roles')) interrupt();
        return answer;
      },
    });
    const ran = await runCli(add('early.example.com'), {
      env: { ...account.env, KC_SERVER: proxy.url },
      prepare: (io) => {
        interrupt = () => void io.send('SIGTERM');
      },
    });
    expect(ran.exit).toBe(143);
    expect((await role()).status).toBe(404);
  });

  it('that is said to be there and never shown ends the wait', async () => {
    const proxy = await startReverseProxy(inject('keycloak').url, {
      before: ({ method, path }) =>
        method === 'POST' && path.endsWith('/roles')
          ? { status: 409, body: '{"errorMessage":"there"}' }
          : undefined,
    });
    const env = { ...account.env, KC_SERVER: proxy.url };
    const ran = await runCli([...add('unseen.example.com'), '--json'], { env, clock: 'virtual' });
    expect(ran.exit).toBe(3);
    expect(ran.json).toMatchObject({
      code: 'KEYCLOAK_ERROR',
      message: expect.stringContaining('mcpkc-lock'),
    });
  });
});

describe('an edit made elsewhere in the middle of ours', () => {
  it('survives, and ours is there too', async () => {
    await setHosts(['foreign.example.org']);
    let done = false;
    const proxy = await startReverseProxy(inject('keycloak').url, {
      after: async ({ method, path }, answer) => {
        // Right behind our write somebody saves what the console showed before it.
        if (method === 'PUT' && path.includes('/components/') && !done) {
          done = true;
          await setHosts(['foreign.example.org', 'console.example.org']);
        }
        return answer;
      },
    });
    const env = { ...account.env, KC_SERVER: proxy.url };
    await expectCli(0, add('ours.example.com'), { env });
    expect(await hostsIn(realm)).toEqual(['console.example.org', 'foreign.example.org', 'ours.example.com']);
  });

  it('a 500 of two writes at once is tried again', async () => {
    let left = 2;
    const proxy = await startReverseProxy(inject('keycloak').url, {
      before: ({ method, path }) =>
        method === 'PUT' && path.includes('/components/') && left-- > 0
          ? {
              status: 500,
              headers: { 'content-type': 'application/json' },
              body: '{"error":"unknown_error"}',
            }
          : undefined,
    });
    const env = { ...account.env, KC_SERVER: proxy.url };
    await expectCli(0, add('again.example.com'), { env });
    expect(await hostsIn(realm)).toContain('again.example.com');
  });

  it('somebody who undoes every write is found out', async () => {
    const proxy = await startReverseProxy(inject('keycloak').url, {
      after: async ({ method, path }, answer) => {
        if (method === 'PUT' && path.includes('/components/')) await setHosts(['foreign.example.org']);
        return answer;
      },
    });
    const env = { ...account.env, KC_SERVER: proxy.url };
    const ran = await expectCli(3, [...add('undone.example.com'), '--json'], { env });
    expect(ran.json).toMatchObject({ code: 'CHANGE_NOT_KEPT' });
  });
});
