import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type Account, accountIn, runCli } from '../support/cli.ts';
import { createRealm, type Realm } from '../support/keycloak/realm.ts';
import { storeEvents } from '../support/onboarding.ts';
import { anonymousPolicies, CHATGPT_BODY, configure, registerAnonymously } from '../support/realm-things.ts';
import { type ReverseProxy, startReverseProxy } from '../support/reverse-proxy.ts';

const CLIENTS = Number(process.env.SCALE_CLIENTS ?? 10_000);
const USERS = Number(process.env.SCALE_USERS ?? 1_000);
const RESOURCE = 'https://requests.example.com/mcp';

interface Stage {
  realm: Realm;
  account: Account;
  proxy: ReverseProxy;
}
let small: Stage;
let large: Stage;

const say = (what: string) => process.stderr.write(`  ${what}\n`);

/** Does something so often, four at a time. */
async function times(count: number, work: (number: number) => Promise<unknown>): Promise<void> {
  const numbers = Array.from({ length: count }, (_, number) => number).values();
  const worker = async () => {
    for (const number of numbers) await work(number);
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
}

async function stage(purpose: string, clients: number): Promise<Stage> {
  const server = inject('keycloak');
  const realm = await createRealm(server, `${purpose}-${server.run}`);
  const account = await accountIn(realm);
  await storeEvents(realm);
  for (const policy of await anonymousPolicies(realm, 'max-clients'))
    await configure(realm, policy, { 'max-clients': ['1000000'] });
  const made = await runCli(
    ['onboard', RESOURCE, '--preset', 'chatgpt', '--until', 'registered', '--timeout', '1s'],
    {
      env: account.env,
      clock: 'virtual',
    },
  );
  expect(made.exit, made.err).toBe(6);
  const { status } = await registerAnonymously(realm, CHATGPT_BODY);
  expect(status).toBe(201);
  const redirectUris = CHATGPT_BODY.redirect_uris;
  await times(clients, (number) =>
    realm.admin.post(realm.path('clients'), {
      clientId: `filler-${number}`,
      name: 'ChatGPT',
      redirectUris,
      consentRequired: true,
      fullScopeAllowed: false,
    }),
  );
  await times(USERS, (number) =>
    realm.admin.post(realm.path('users'), { username: `user-${number}`, enabled: true }),
  );
  return { realm, account, proxy: await startReverseProxy(server.url) };
}

beforeAll(async () => {
  const start = performance.now();
  small = await stage('requests-small', 0);
  large = await stage('requests-large', CLIENTS);
  say(`two realms, ${CLIENTS} clients in one: ${Math.round((performance.now() - start) / 1000)} s`);
});

afterAll(async () => {
  for (const one of [small, large]) {
    await one?.proxy.stop();
    // A server that the run started goes with its realms: Keycloak takes minutes to delete 10,000 clients (26.7.4).
    if (inject('keycloak').logFile === undefined) await one?.realm.remove();
  }
});

interface Cost {
  requests: number;
  seconds: number;
}

async function cost(
  { account, proxy }: Stage,
  exits: readonly number[],
  args: readonly string[],
): Promise<Cost> {
  const before = proxy.requests.length;
  const start = performance.now();
  const clock = args[0] === 'onboard' ? 'virtual' : 'real';
  const ran = await runCli(args, { env: { ...account.env, KC_SERVER: proxy.url }, clock });
  expect(exits, `${args.join(' ')} ended with ${ran.exit}\n${ran.err}`).toContain(ran.exit);
  return { requests: proxy.requests.length - before, seconds: (performance.now() - start) / 1000 };
}

async function both(exits: readonly number[], args: readonly string[]): Promise<[Cost, Cost]> {
  const few = await cost(small, exits, args);
  const many = await cost(large, exits, args);
  const text = ({ requests, seconds }: Cost) => `${requests} requests in ${seconds.toFixed(1)} s`;
  say(`${args.join(' ')}: ${text(few)} with few clients, ${text(many)} with ${CLIENTS}`);
  return [few, many];
}

it.each([
  { args: ['status', '--resource', RESOURCE, '--json'], exits: [0, 1] },
  {
    args: ['onboard', RESOURCE, '--preset', 'chatgpt', '--until', 'registered', '--timeout', '1s'],
    exits: [6],
  },
  { args: ['create-scope', '--resource', RESOURCE, '--no-existing', '--json'], exits: [0] },
  { args: ['trusted-hosts', '--json'], exits: [0] },
  { args: ['connections', '--json'], exits: [0] },
])('$args.0 takes as many requests, however many clients there are', async ({ args, exits }) => {
  const [few, many] = await both(exits, args);
  expect(many.requests).toBe(few.requests);
});

it.each([
  { args: ['status', '--resource', RESOURCE, '--clients', '--json'], exits: [0, 1] },
  { args: ['prune-clients', '--older-than', '1d', '--max', '1000000', '--json'], exits: [0, 1, 5] },
])('$args.0 reads the clients by the hundred, once', async ({ args, exits }) => {
  const [few, many] = await both(exits, args);
  // Four pages are read at a time, past the end too, and a long reading takes new tokens.
  expect(many.requests - few.requests).toBeLessThanOrEqual(CLIENTS / 100 + 8);
});

it('connections takes at most 1.5 times as long as its bare requests', async () => {
  const { account, proxy, realm } = large;
  const rounds: { command: number; bare: number }[] = [];
  for (let round = 0; round < 3; round++) {
    const before = proxy.requests.length;
    const { seconds: command } = await cost(large, [0], ['connections', '--json']);
    const asked = proxy.requests.slice(before);
    const { authorization } = asked.at(-1)?.headers ?? {};
    expect(authorization).toBeDefined();
    const start = performance.now();
    await times(asked.length, async (number) => {
      const { method, path, body } = asked[number] ?? { method: 'GET', path: '', body: '' };
      const response = await fetch(new URL(path, proxy.url), {
        method,
        headers: {
          authorization: String(authorization),
          'content-type': 'application/x-www-form-urlencoded',
        },
        ...(method === 'GET' ? {} : { body }),
      });
      await response.arrayBuffer();
    });
    rounds.push({ command, bare: (performance.now() - start) / 1000 });
  }
  const share = Math.min(...rounds.map(({ command, bare }) => command / bare));
  say(
    `connections of ${realm.name}, account ${account.clientId}: ${JSON.stringify(rounds)}, ${share.toFixed(2)} ×`,
  );
  expect(share).toBeLessThanOrEqual(1.5);
});
