import { beforeAll, describe, expect, test } from 'vitest';
import type { Signal } from '../../src/cli/io.ts';
import { type Account, accountIn, expectCli, runCli, spawnCli, until } from '../support/cli.ts';
import { grantRoles, revokeRoles } from '../support/keycloak/service-account.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { expectClosed, held, register, startOnboard, storeEvents } from '../support/onboarding.ts';
import { listOf } from '../support/realm-things.ts';
import { startReverseProxy } from '../support/reverse-proxy.ts';

const realm = await useRealm('onboard-end');
const RESOURCE = 'https://end.example.com/mcp';
const SCOPE = 'mcp-resource-end';
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
  await storeEvents(realm);
});

const foreign = () =>
  register(realm, { redirect_uris: ['https://chatgpt.com/else'], token_endpoint_auth_method: 'none' });

describe('a signal while the window is open', () => {
  test.each<[Signal, number]>([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])('%s: closed, foreign newcomers included, exit %i', async (signal, exit) => {
    const child = spawnCli(['onboard', RESOURCE], account.env);
    await until('the window opens', () => child.stderr().includes('is open until'), 30_000);
    expect(await listOf(realm, SCOPE)).toBe('default');
    const other = await foreign();
    child.kill(signal);
    const done = await child.done;
    expect({ exit: done.exit, err: done.err }).toEqual({ exit, err: done.err });
    expect(done.err).toContain(`Interrupted by ${signal}`);
    await expectClosed(realm, SCOPE);
    expect(await held(realm, other, SCOPE)).toBe('none');
  });

  test('while it asks which one, at a terminal: closed, none adopted', async () => {
    const begun = startOnboard([RESOURCE], {
      env: account.env,
      terminal: true,
      prepare: (io) => {
        const { sleep } = io;
        let came = false;
        io.sleep = async (ms, signal) => {
          if (!came && io.err().includes('is open until')) {
            came = true;
            await register(realm);
            await register(realm);
          }
          await sleep(ms, signal);
        };
        io.prompt = (_question, { signal } = {}) =>
          new Promise((_resolve, reject) => {
            signal?.addEventListener('abort', () => reject(signal.reason));
            queueMicrotask(() => io.send('SIGINT'));
          });
      },
    });
    const { exit } = await begun.done;
    expect(exit).toBe(130);
    await expectClosed(realm, SCOPE);
  });

  test('and nobody answers while the window’s time lasts: closed, exit 5', async () => {
    const begun = startOnboard([RESOURCE, '--timeout', '1s'], {
      env: account.env,
      terminal: true,
      prepare: (io) => {
        const { sleep } = io;
        let came = false;
        io.sleep = async (ms, signal) => {
          if (!came && io.err().includes('is open until')) {
            came = true;
            await register(realm);
            await register(realm);
          }
          await sleep(ms, signal);
        };
        io.prompt = (_question, { signal } = {}) =>
          new Promise((_resolve, reject) => {
            signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
          });
      },
    });
    const { exit, err } = await begun.done;
    expect(exit, err).toBe(5);
    expect(err).toContain('SEVERAL_NEWCOMERS');
    await expectClosed(realm, SCOPE);
  });
});

test('a window that could not be opened: what kept it from that is said, and nothing is left', async () => {
  const proxy = await startReverseProxy(realm.admin.access.url, {
    before: ({ method, body }) =>
      method === 'PUT' && body.includes('mcpkc.window')
        ? { status: 500, headers: { 'content-type': 'application/json' }, body: '{"error":"unknown_error"}' }
        : undefined,
  });
  const env = { ...account.env, KC_SERVER: proxy.url };
  const ran = await runCli(['onboard', RESOURCE, '--json'], { env });
  await proxy.stop();
  expect(ran.json).toMatchObject({
    code: 'KEYCLOAK_ERROR',
    exitStatus: 3,
    message: expect.stringContaining('500'),
  });
  await expectClosed(realm, SCOPE);
});

describe('Keycloak goes away while the window is open', () => {
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
    const begun = startOnboard([RESOURCE, ...args], { env: { ...account.env, KC_SERVER: proxy.url } });
    await begun.opened;
    const other = await foreign();
    away = true;
    return { ...begun, other };
  }

  test('and comes back: it is waited for, and the connector is adopted', async () => {
    const { done, io } = await through((refused) => refused >= 12);
    await until('that is said', () => io.err().includes('Waiting for it'));
    await until('it is back', () => io.err().includes('answers again'), 30_000);
    await register(realm);
    expect((await done).exit).toBe(0);
    await expectClosed(realm, SCOPE);
  });

  test('and comes back only when the time is up: the window is closed then', async () => {
    const { done, other } = await through((refused) => refused >= 40, '--timeout', '20s');
    const { exit, err } = await done;
    expect(exit, err).toBe(6);
    expect(err).toContain('is closed as soon as that has passed');
    await expectClosed(realm, SCOPE);
    expect(await held(realm, other, SCOPE)).toBe('none');
  });

  test('and never comes back: exit 3, what is left, and the command that mends it', async () => {
    const { done, other } = await through(() => false, '--timeout', '20s', '--json');
    const { exit, json } = await done;
    expect(exit).toBe(3);
    expect(json).toMatchObject({
      code: 'WINDOW_NOT_CLOSED',
      message: expect.stringContaining(`'${SCOPE}' may be a realm default still`),
      hint: `As soon as Keycloak answers:\nmcpkc onboard ${RESOURCE} --close`,
      details: { left: 'list', scope: SCOPE },
    });
    expect(await listOf(realm, SCOPE)).toBe('default');
    expect(await held(realm, other, SCOPE)).toBe('default');
    await expectCli(0, ['onboard', RESOURCE, '--close', '--yes'], { env: account.env });
    await expectClosed(realm, SCOPE);
    expect(await held(realm, other, SCOPE)).toBe('none');
  });

  test('after it was interrupted: exit 3 all the same, since a window is left', async () => {
    const { done, io } = await through(() => false);
    io.send('SIGINT');
    const { exit, err } = await done;
    expect(exit).toBe(3);
    expect(err).toContain('WINDOW_NOT_CLOSED');
    await expectCli(0, ['onboard', RESOURCE, '--close', '--yes'], { env: account.env });
  });

  test('when only the mark is left to be erased, it says that no client has too much', async () => {
    let erasing = false;
    const proxy = await startReverseProxy(realm.admin.access.url, {
      before: ({ method, path, body }) => {
        const unmarks =
          method === 'PUT' && /client-scopes\/[^/]+$/.test(path) && body.includes('"mcpkc.window":null');
        erasing ||= unmarks && !path.includes('default');
        return erasing ? 'cut' : undefined;
      },
    });
    const env = { ...account.env, KC_SERVER: proxy.url };
    const { opened, done } = startOnboard([RESOURCE, '--timeout', '1s'], { env });
    await opened;
    const { exit, err } = await done;
    expect(exit).toBe(3);
    expect(err).toContain('What is left is its mark');
    await expectCli(0, ['onboard', RESOURCE, '--close', '--yes'], { env: account.env });
    await expectClosed(realm, SCOPE);
  });
});

test('a role that is taken away in the middle is named, and so is what is left', async () => {
  const { opened, done } = startOnboard([RESOURCE, '--json', '--timeout', '1m'], { env: account.env });
  await opened;
  await revokeRoles(realm, account.userId, ['manage-clients']);
  try {
    const { exit, json } = await done;
    expect(exit).toBe(3);
    expect(json).toMatchObject({ code: 'WINDOW_NOT_CLOSED', details: { reason: 'ROLE_MISSING' } });
    expect(json.message).toContain('manage-clients');
  } finally {
    await grantRoles(realm, account.userId, ['manage-clients']);
  }
  await expectCli(0, ['onboard', RESOURCE, '--close', '--yes'], { env: account.env });
  await expectClosed(realm, SCOPE);
});

test('a window’s write that is carried out late is not missed', async () => {
  let release = () => {};
  const late = new Promise<void>((resolve) => {
    release = resolve;
  });
  let onItsWay = false;
  const proxy = await startReverseProxy(realm.admin.access.url, {
    before: async ({ method, path }) => {
      if (method !== 'PUT' || !path.includes('/default-default-client-scopes/') || onItsWay) return undefined;
      onItsWay = true;
      await late;
      return undefined;
    },
  });
  const env = { ...account.env, KC_SERVER: proxy.url };
  const { io, done } = startOnboard([RESOURCE], { env });
  await until('the write is on its way', () => onItsWay);
  io.send('SIGINT');
  await new Promise((resolve) => setTimeout(resolve, 300));
  release();
  expect((await done).exit).toBe(130);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await expectClosed(realm, SCOPE);
});

test('who registers while the window is being closed inherits nothing', async () => {
  let readings = 0;
  let late = '';
  const proxy = await startReverseProxy(realm.admin.access.url, {
    after: async ({ path }, answer) => {
      readings += path.includes('/clients?first=0') || path.includes('/clients/?first=0') ? 1 : 0;
      // Once when the window opens, then again to find who inherited the scope.
      if (readings === 2 && late === '') {
        late = 'coming';
        late = await foreign();
      }
      return answer;
    },
  });
  const env = { ...account.env, KC_SERVER: proxy.url };
  const { done } = startOnboard([RESOURCE, '--timeout', '1s'], { env });
  expect((await done).exit).toBe(6);
  expect(late).toMatch(/^[0-9a-f-]{36}$/);
  expect(await held(realm, late, SCOPE)).toBe('none');
});
