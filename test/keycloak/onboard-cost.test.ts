import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Admin, adminOf } from '../../tools/keycloak/admin.ts';
import { type Account, accountIn } from '../support/cli.ts';
import { createRealm, type Realm } from '../support/keycloak/realm.ts';
import { adoptedMark, held, register, startOnboard, storeEvents } from '../support/onboarding.ts';
import { anonymousPolicies, configure } from '../support/realm-things.ts';
import { type ReverseProxy, startReverseProxy } from '../support/reverse-proxy.ts';

const RESOURCE = 'https://cost.example.com/mcp';
const SCOPE = 'mcp-resource-cost';
const MANY = 600;
const WATCHED_S = 60;
/** How often the delay is measured: 20 for numbers to report, a few to notice a change for the worse. */
const TIMES = Number(process.env.MCPKC_MEASURE ?? 5);

let small: Stage;
let large: Stage;

interface Stage {
  realm: Realm;
  account: Account;
  proxy: ReverseProxy;
}

beforeAll(async () => {
  small = await stage('cost-small');
  large = await stage('cost-large');
  await fill(large.realm.admin, large.realm);
}, 300_000);

afterAll(async () => {
  for (const one of [small, large]) {
    await one?.proxy.stop();
    await one?.realm.remove();
  }
});

async function stage(purpose: string): Promise<Stage> {
  const server = inject('keycloak');
  const realm = await createRealm(adminOf(server).access, `${purpose}-${server.run}`);
  await storeEvents(realm);
  return { realm, account: await accountIn(realm), proxy: await startReverseProxy(server.url) };
}

async function fill(admin: Admin, realm: Realm): Promise<void> {
  for (const policy of await anonymousPolicies(realm, 'max-clients'))
    await configure(realm, policy, { 'max-clients': ['10000'] });
  for (let at = 0; at < MANY; at += 4) {
    const four = [0, 1, 2, 3].map((more) => ({ clientId: `filler-${at + more}`, publicClient: true }));
    await Promise.all(four.map((client) => admin.post(realm.path('clients'), client)));
  }
}

/** Requests to Keycloak while the window is open and nobody comes, by the run's own clock. */
async function watching({ account, proxy }: Stage): Promise<number> {
  const before = { requests: 0 };
  const { opened, done } = startOnboard([RESOURCE, '--timeout', `${WATCHED_S}s`], {
    env: { ...account.env, KC_SERVER: proxy.url },
    prepare: (io) => {
      const { sleep } = io;
      io.sleep = async (ms, signal) => {
        if (before.requests === 0 && io.err().includes('is open until'))
          before.requests = proxy.requests.length;
        await sleep(ms, signal);
      };
    },
  });
  await opened;
  const { exit } = await done;
  expect(exit).toBe(6);
  // From the first pause to the closing, which begins with a token of its own.
  const from = proxy.requests.slice(before.requests);
  const end = from.findIndex(({ path }) => path.includes('/protocol/openid-connect/token'));
  return end;
}

test('watching costs at most two requests a second, in a small realm as in a large one', async () => {
  const [few, many] = [await watching(small), await watching(large)];
  expect(few).toBe(many);
  expect(few).toBeGreaterThan(WATCHED_S / 2);
  // One look more, when the time is up.
  expect(few).toBeLessThanOrEqual(WATCHED_S * 2 + 1);
});

test('from registration to attachment it takes a second at most', { timeout: 300_000 }, async () => {
  const { realm, account } = large;
  const times: number[] = [];
  for (let round = 0; round < TIMES; round++) {
    const { opened, done } = startOnboard([RESOURCE], { env: account.env, clock: 'real' });
    await opened;
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 600));
    const clientId = await register(realm);
    const registered = Date.now();
    while ((await adoptedMark(realm, clientId)) === undefined) await new Promise((go) => setTimeout(go, 5));
    times.push(Date.now() - registered);
    expect((await done).exit).toBe(0);
    expect(await held(realm, clientId, SCOPE)).toBe('default');
  }
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)];
  process.stderr.write(`registration to attachment, ${TIMES} times: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms\n`);
  expect(at(0.5)).toBeLessThanOrEqual(1000);
});
