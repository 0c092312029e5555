import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { LOCK_ROLE } from '../../src/keycloak/write/lock.ts';
import { type Account, accountIn, expectCli, runCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import type { MemoryIo } from '../support/memory-io.ts';
import { hostsIn } from '../support/realm-things.ts';
import { type Passing, startReverseProxy } from '../support/reverse-proxy.ts';

const realm = await useRealm('attack-m7');
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm, ['view-clients', 'manage-clients', 'manage-realm']);
});

const rolePath = () => realm.path(`roles/${LOCK_ROLE}`);
afterEach(async () => {
  await realm.admin.request('DELETE', rolePath());
});

type Role = { attributes: Record<string, string[]> };

/** The lock as it is, with another end. */
async function setUntil(until: string): Promise<void> {
  const { attributes } = await realm.admin.get<Role>(rolePath());
  await realm.admin.put(rolePath(), {
    name: LOCK_ROLE,
    attributes: { ...attributes, 'mcpkc.until': [until] },
  });
}

const add = (host: string) => ['trusted-hosts', '--add', host];

/** Runs a command that is suspended at one of its requests until its lease is over and another run is done. */
async function suspended(host: string, other: string, at: (request: Passing) => boolean) {
  let io: MemoryIo | undefined;
  let woken = false;
  let asleep = Promise.resolve();
  const proxy = await startReverseProxy(inject('keycloak').url, {
    before: async (request) => {
      if (woken || !at(request) || (await realm.admin.request('GET', rolePath())).status !== 200)
        return undefined;
      // Another of its requests may have come this far meanwhile.
      if (woken) return undefined;
      woken = true;
      io?.setNow(io.now() + 70_000);
      await setUntil(String(Date.now() - 1000));
      const run = expectCli(0, add(other), { env: account.env });
      // A suspended process renews no lock meanwhile.
      asleep = run.then(() => {});
      await run;
      return undefined;
    },
  });
  const ran = await runCli([...add(host), '--json'], {
    env: { ...account.env, KC_SERVER: proxy.url },
    clock: 'virtual',
    prepare: (memory) => {
      io = memory;
      const { sleep } = memory;
      Object.assign(memory, {
        sleep: async (...args: Parameters<typeof sleep>) => {
          await asleep;
          return sleep(...args);
        },
      });
    },
  });
  expect(woken).toBe(true);
  return ran;
}

describe('a run that is suspended while it holds the lock', () => {
  it('writes nothing when it wakes between reading and writing, and leaves the other’s entry', async () => {
    const reads = ({ method, path }: Passing) => method === 'GET' && path.includes('/components');
    const ran = await suspended('woken.example.com', 'meanwhile.example.com', reads);
    expect(await hostsIn(realm), ran.out).toContain('meanwhile.example.com');
    expect(ran, ran.err).toMatchObject({ exit: 5, json: { code: 'LOCK_LOST' } });
    expect(await hostsIn(realm)).not.toContain('woken.example.com');
    await expectCli(0, add('woken.example.com'), { env: account.env });
    expect(await hostsIn(realm)).toEqual(
      expect.arrayContaining(['meanwhile.example.com', 'woken.example.com']),
    );
  });

  it('says so when it was stopped on the way to Keycloak, after its last look at the clock', async () => {
    const writes = ({ method, path }: Passing) => method === 'PUT' && path.includes('/components/');
    const ran = await suspended('late.example.com', 'lost.example.com', writes);
    expect(ran).toMatchObject({ exit: 5, json: { code: 'LOCK_LOST' } });
    expect(ran.json.message).toMatch(/another run may (edit the realm meanwhile|have edited the realm)/);
    expect((await realm.admin.request('GET', rolePath())).status).toBe(404);
  });
});

describe('a lock that never ends', () => {
  it.each(['Infinity', '8640000000000001'])(
    'with the end %s is taken over once nobody renewed it for a minute',
    async (until) => {
      const entries = Object.entries({ by: 'eve', host: 'nowhere', pid: 1, command: 'x', nonce: 'n', until });
      const attributes = Object.fromEntries(entries.map(([key, value]) => [`mcpkc.${key}`, [String(value)]]));
      await realm.admin.post(realm.path('roles'), { name: LOCK_ROLE });
      await realm.admin.put(rolePath(), { name: LOCK_ROLE, attributes });
      const ran = await runCli(add(`n${until.toLowerCase()}.example.com`), {
        env: account.env,
        clock: 'virtual',
      });
      expect(ran.exit, ran.err).toBe(0);
      // The pauses while it waits; a lock that is held is renewed every 20 s.
      const waited = ran.io.slept.filter((ms) => ms < 2000).reduce((sum, ms) => sum + ms, 0);
      expect(waited).toBeGreaterThan(60_000);
      expect(waited).toBeLessThan(75_000);
    },
  );
});
