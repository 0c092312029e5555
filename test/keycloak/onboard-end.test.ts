import { hostname } from 'node:os';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import type { Signal } from '../../src/cli/io.ts';
import { type Account, accountIn, expectCli, runCli, spawnCli, until } from '../support/cli.ts';
import { grantRoles, revokeRoles } from '../support/keycloak/service-account.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import type { MemoryIo } from '../support/memory-io.ts';
import {
  audience,
  audienceScope,
  expectAdoptedMode,
  register,
  remembered,
  startOnboard,
  storeEvents,
} from '../support/onboarding.ts';
import { startReverseProxy } from '../support/reverse-proxy.ts';

const realm = await useRealm('onboard-end');
const RESOURCE = 'https://end.example.com/mcp';
const SCOPE = 'mcp-resource-end';
const ARGS = ['onboard', RESOURCE, '--preset', 'chatgpt', '--until', 'connected'];
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
  await storeEvents(realm);
});

const isAdopted = async (clientId: string) => (await audience(realm, clientId, SCOPE)) === 'adopted';
const start = (...args: string[]) =>
  startOnboard([RESOURCE, '--preset', 'chatgpt', '--until', 'connected', ...args], { env: account.env });

/** Nobody holds the audience for the time being, and a client that was given it holds it no longer. */
async function expectNothingOpen(clientId: string): Promise<void> {
  expect(await isAdopted(clientId)).toBe(false);
  await expectAdoptedMode(realm, account, SCOPE);
}

describe('a signal while a newcomer holds the audience for the time being', () => {
  test.each<[Signal, number, string]>([
    ['SIGINT', 130, 'Ctrl-C'],
    ['SIGTERM', 143, 'SIGTERM'],
    ['SIGHUP', 129, 'SIGHUP'],
  ])('%s: withdrawn, exit %i, and the last line says what became of it', async (signal, exit, name) => {
    const child = spawnCli(ARGS, account.env);
    await until('the run waits', () => child.stderr().includes('Waiting for a connector'), 30_000);
    const clientId = await register(realm);
    await until('it holds the audience', () => isAdopted(clientId));
    expect((await remembered(account)).provisional).toEqual([clientId]);
    child.kill(signal);
    const done = await child.done;
    expect({ exit: done.exit, err: done.err }).toEqual({ exit, err: done.err });
    expect(done.err).toContain(`Stopped (${name}). No client was adopted; nothing stays open.`);
    await expectNothingOpen(clientId);
  });

  const WRITING: readonly (readonly string[])[] = [
    ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE],
    ['prune-clients', '--apply'],
    ['init'],
  ];
  test.each(WRITING)('killed: the next command that writes withdraws it: %s', async (...words) => {
    const child = spawnCli(ARGS, account.env);
    await until('the run waits', () => child.stderr().includes('Waiting for a connector'), 30_000);
    const clientId = await register(realm);
    await until('it holds the audience', () => isAdopted(clientId));
    child.kill('SIGKILL');
    await child.done;
    expect(await isAdopted(clientId)).toBe(true);
    const { adminUser, adminPassword } = inject('keycloak');
    const administrator = {
      KC_BOOTSTRAP_ADMIN_USERNAME: adminUser,
      KC_BOOTSTRAP_ADMIN_PASSWORD: adminPassword,
    };
    const env = {
      ...account.env,
      HOME: '/home',
      ...(words[0] === 'init' && { ...administrator, KC_CLIENT_ID: 'another' }),
    };
    // On this machine, where the killed process is seen to be gone.
    const prepare = (io: MemoryIo) => void Object.assign(io, { hostname: hostname() });
    const next = await expectCli(0, words, { env, prepare });
    expect(next.err.replace(/\s+/g, ' ')).toContain('It was revoked.');
    await expectNothingOpen(clientId);
  });

  test('that runs elsewhere and may still go on is left alone', async () => {
    const begun = start('--timeout', '1h');
    await begun.opened;
    const clientId = await register(realm);
    await until('it holds the audience', () => isAdopted(clientId));
    await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE], {
      env: account.env,
      prepare: (io) => Object.assign(io, { hostname: 'elsewhere', now: () => Date.now() }),
    });
    expect(await isAdopted(clientId)).toBe(true);
    begun.io.send('SIGINT');
    expect((await begun.done).exit).toBe(130);
    await expectNothingOpen(clientId);
  });

  test('while it asks which one, at a terminal: none adopted', async () => {
    const ids: string[] = [];
    const begun = startOnboard([RESOURCE, '--preset', 'chatgpt', '--until', 'registered'], {
      env: account.env,
      terminal: true,
      prepare: (io) => {
        const { sleep } = io;
        io.sleep = async (ms, signal) => {
          if (ids.length === 0 && io.err().includes('Waiting for a connector'))
            ids.push(await register(realm), await register(realm));
          await sleep(ms, signal);
        };
        io.prompt = (question, { signal } = {}) =>
          question.startsWith('Make ')
            ? Promise.resolve('y')
            : new Promise((_resolve, reject) => {
                signal?.addEventListener('abort', () => reject(signal.reason));
                queueMicrotask(() => io.send('SIGINT'));
              });
      },
    });
    const { exit, err } = await begun.done;
    expect(exit, err).toBe(130);
    for (const id of ids) await expectNothingOpen(id);
  });
});

describe('Keycloak goes away while a newcomer holds the audience', () => {
  async function through(back: (refused: number) => boolean, ...args: string[]) {
    let away = false;
    let refused = 0;
    const proxy = await startReverseProxy(realm.admin.access.url, {
      before: () => {
        if (!away || back(refused)) return undefined;
        refused += 1;
        return 'cut';
      },
    });
    const begun = startOnboard([RESOURCE, '--preset', 'chatgpt', '--until', 'connected', ...args], {
      env: { ...account.env, KC_SERVER: proxy.url },
    });
    await begun.opened;
    const clientId = await register(realm);
    await until('it holds the audience', () => isAdopted(clientId));
    away = true;
    return { ...begun, clientId };
  }

  test('and comes back only when the time is up: withdrawn then', async () => {
    const { done, clientId } = await through((refused) => refused >= 40, '--timeout', '20s');
    const { exit, err } = await done;
    expect(exit, err).toBe(6);
    expect(err.replace(/\s+/g, ' ')).toContain('is revoked as soon as that has passed');
    await expectNothingOpen(clientId);
  });

  test('and never comes back: exit 3, who still holds it, and the command that withdraws it', async () => {
    const { done, clientId } = await through(() => false, '--timeout', '20s', '--json');
    const { exit, json } = await done;
    expect(exit).toBe(3);
    expect(json).toMatchObject({
      code: 'NOT_WITHDRAWN',
      message: expect.stringContaining(clientId),
      fix: expect.stringContaining(`mcpkc onboard ${RESOURCE} --close`),
      details: { clients: [clientId] },
    });
    expect(await isAdopted(clientId)).toBe(true);
    await expectCli(0, ['onboard', RESOURCE, '--close'], { env: account.env });
    await expectNothingOpen(clientId);
  });

  test('after it was interrupted: exit 3 all the same, since something is left', async () => {
    const { done, io, clientId } = await through(() => false);
    io.send('SIGINT');
    const { exit, err } = await done;
    expect(exit).toBe(3);
    expect(err).toContain('NOT_WITHDRAWN');
    await expectCli(0, ['onboard', RESOURCE, '--close'], { env: account.env });
    await expectNothingOpen(clientId);
  });
});

test('a role that is removed in the middle is named, and so is who holds the audience', async () => {
  const { opened, done } = start('--json', '--timeout', '1m');
  await opened;
  const clientId = await register(realm);
  await until('it holds the audience', () => isAdopted(clientId));
  await revokeRoles(realm, account.userId, ['manage-clients']);
  try {
    const { exit, json } = await done;
    expect(exit).toBe(3);
    expect(json).toMatchObject({ code: 'NOT_WITHDRAWN', details: { reason: 'ROLE_MISSING' } });
    expect(json.message).toContain('manage-clients');
  } finally {
    await grantRoles(realm, account.userId, ['manage-clients']);
  }
  await expectCli(0, ['onboard', RESOURCE, '--close'], { env: account.env });
  await expectNothingOpen(clientId);
});

test('an attachment that is carried out late is not missed', async () => {
  let release = () => {};
  const late = new Promise<void>((resolve) => {
    release = resolve;
  });
  let onItsWay = false;
  const proxy = await startReverseProxy(realm.admin.access.url, {
    before: async ({ method, path }) => {
      if (method !== 'PUT' || !/clients\/[^/]+\/default-client-scopes\//.test(path) || onItsWay)
        return undefined;
      onItsWay = true;
      await late;
      return undefined;
    },
  });
  const { io, opened, done } = startOnboard([RESOURCE, '--preset', 'chatgpt', '--until', 'connected'], {
    env: { ...account.env, KC_SERVER: proxy.url },
  });
  await opened;
  const clientId = await register(realm);
  await until('the attachment is on its way', () => onItsWay);
  io.send('SIGINT');
  await new Promise((resolve) => setTimeout(resolve, 300));
  release();
  expect((await done).exit).toBe(130);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await expectNothingOpen(clientId);
});

test('who changes itself before its token is withdrawn is judged as it is then, and gets nothing', async () => {
  let clientId = '';
  let changed = false;
  const proxy = await startReverseProxy(realm.admin.access.url, {
    before: async ({ method, path }) => {
      if (method !== 'POST' || !path.endsWith('/registration-access-token') || changed) return undefined;
      changed = true;
      // As its registrant could, at the last moment.
      await realm.admin.put(realm.path(`clients/${clientId}`), { redirectUris: ['http://localhost/*'] });
      return undefined;
    },
  });
  const { opened, done } = startOnboard(
    [RESOURCE, '--preset', 'chatgpt', '--until', 'connected', '--timeout', '20s', '--json'],
    {
      env: { ...account.env, KC_SERVER: proxy.url },
    },
  );
  await opened;
  clientId = await register(realm);
  const { exit, json } = await done;
  expect({ exit, changed }).toEqual({ exit: 6, changed: true });
  expect(json.details).toMatchObject({ others: [{ clientId, reason: expect.stringContaining('wildcard') }] });
  expect(proxy.requests.filter(({ path }) => path.includes('/default-client-scopes/'))).toEqual([]);
  await expectNothingOpen(clientId);
});

test('the audience scope goes while somebody is waited for: said, and nothing is left', async () => {
  const { opened, done } = start('--timeout', '1m', '--json');
  await opened;
  const hidden = await audienceScope(realm, SCOPE);
  await realm.admin.del(realm.path(`client-scopes/${hidden?.id}`));
  const clientId = await register(realm);
  const { exit, json } = await done;
  expect(exit).toBe(6);
  expect(json.details).toMatchObject({ others: [{ clientId, reason: expect.stringContaining('is gone') }] });
  expect((await remembered(account)).provisional).toEqual([]);
  await runCli(['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE], { env: account.env });
  await expectNothingOpen(clientId);
});
