import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, it } from 'vitest';
import { LOCK_ROLE } from '../../src/keycloak/write/lock.ts';
import { accountIn, spawnCli, until } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { hostsIn } from '../support/realm-things.ts';
import { startReverseProxy } from '../support/reverse-proxy.ts';

const realm = await useRealm('lock-suspended');

it('a process that was stopped while it held the lock writes nothing when it goes on', async () => {
  const account = await accountIn(realm, ['view-clients', 'manage-clients', 'manage-realm']);
  const role = realm.path(`roles/${LOCK_ROLE}`);
  let stopped = false;
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const proxy = await startReverseProxy(inject('keycloak').url, {
    // It has the lock, and reads the list that it is about to write.
    after: async ({ method, path }, answer) => {
      if (stopped || method !== 'GET' || !path.includes('/components')) return answer;
      if ((await realm.admin.request('GET', role)).status !== 200) return answer;
      stopped = true;
      child.kill('SIGSTOP');
      await held;
      return answer;
    },
  });
  const child = spawnCli(['trusted-hosts', '--add', 'stopped.example.com', '--request-timeout', '5m'], {
    ...account.env,
    KC_SERVER: proxy.url,
  });
  await until('it is stopped', () => stopped);
  // Longer than a lease; meanwhile the other waits until the lock is over, and edits the same list.
  const other = await spawnCli(['trusted-hosts', '--add', 'other.example.com'], account.env).done;
  expect(other).toMatchObject({ exit: 0 });
  await sleep(1000);
  release();
  child.kill('SIGCONT');
  const done = await child.done;
  expect(done.exit, done.err).toBe(5);
  expect(done.err).toMatch(/held up for/);
  const hosts = await hostsIn(realm);
  expect(hosts).toContain('other.example.com');
  expect(hosts).not.toContain('stopped.example.com');
}, 240_000);
