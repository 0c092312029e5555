import { beforeAll, describe, expect, inject, it } from 'vitest';
import { LOCK_ROLE } from '../../src/keycloak/write/lock.ts';
import { type Account, accountIn, expectCli, runCli, spawnCli, until } from '../support/cli.ts';
import { sorted } from '../support/keycloak/snapshot.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { addClient, anonymousPolicies, clientIn, listOf, scopeIn } from '../support/realm-things.ts';
import { type Passing, startReverseProxy } from '../support/reverse-proxy.ts';

const RESOURCE = 'https://svc.example.com/mcp';
/** Without the hardening, whose rehearsal writes as much again; test/keycloak/hardening-proved.test.ts interrupts that. */
const ARGS = [
  'create-scope',
  '--preset',
  'chatgpt',
  '--resource',
  RESOURCE,
  '--client',
  'one,two',
  '--no-harden',
];

const isWrite = ({ method, path }: Passing) => method !== 'GET' && !path.includes('/protocol/');
const realm = await useRealm('create-scope-interrupted');
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm, ['manage-clients', 'manage-realm']);
  for (const id of ['one', 'two']) await addClient(realm, id);
});

const lockStatus = async () => (await realm.admin.request('GET', realm.path(`roles/${LOCK_ROLE}`))).status;
const run = (exit: number, ...args: string[]) => expectCli(exit, [...ARGS, ...args], { env: account.env });
const remove = () =>
  expectCli(0, ['create-scope', '--resource', RESOURCE, '--remove', '--yes'], { env: account.env });

/** How the realm is after a run, without ids: what another run must end with, too. */
async function shape(): Promise<string> {
  const get = (path: string) => realm.admin.get(realm.path(path));
  const all = await Promise.all([
    scopeIn(realm, 'mcp-resource-svc'),
    listOf(realm, 'mcp-resource-svc'),
    anonymousPolicies(realm, 'trusted-hosts'),
    anonymousPolicies(realm, 'allowed-client-templates'),
    get('client-policies/policies'),
    get('client-policies/profiles'),
    ...['one', 'two'].map((id) => clientIn(realm, id)),
  ]);
  return JSON.stringify(sorted(all, true), undefined, 1).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID');
}

describe('a run that ends in the middle, and the run after it', () => {
  let writes = 0;
  let good = '';

  beforeAll(async () => {
    // What --remove leaves (the product's hosts, openid) is there from now on.
    await run(0);
    await remove();
    const proxy = await startReverseProxy(inject('keycloak').url);
    await expectCli(0, ARGS, { env: { ...account.env, KC_SERVER: proxy.url } });
    writes = proxy.requests.filter(isWrite).length;
    good = await shape();
    await proxy.stop();
    await remove();
  });

  it('has so many writes, the lock’s two included', () => {
    expect(writes).toBe(15);
  });

  it('a signal at each write: the lock is given back, the same command does the rest', async () => {
    const exits: number[] = [];
    for (let at = 0; at < writes; at += 1) {
      let seen = 0;
      let interrupt = () => {};
      const proxy = await startReverseProxy(inject('keycloak').url, {
        after: (request, answer) => {
          if (isWrite(request) && seen++ === at) interrupt();
          return answer;
        },
      });
      const ran = await runCli(ARGS, {
        env: { ...account.env, KC_SERVER: proxy.url },
        prepare: (io) => {
          interrupt = () => void io.send('SIGINT');
        },
      });
      exits.push(ran.exit);
      expect(await lockStatus(), `the lock after write ${at}`).toBe(404);
      await run(0);
      expect(await shape(), `write ${at}`).toBe(good);
      await remove();
      await proxy.stop();
    }
    // The last one gives the lock back, when everything is written and may have been read back already.
    expect([0, 130]).toContain(exits.pop());
    expect(exits).toEqual(exits.map(() => 130));
  }, 240_000);

  it('each write’s answer lost once: the run fixes it itself', async () => {
    for (let at = 0; at < writes; at += 1) {
      let seen = 0;
      const proxy = await startReverseProxy(inject('keycloak').url, {
        before: (request) => (isWrite(request) && seen++ === at ? 'cut after' : undefined),
      });
      await expectCli(0, ARGS, { env: { ...account.env, KC_SERVER: proxy.url } });
      expect(await shape(), `write ${at}`).toBe(good);
      expect(await lockStatus()).toBe(404);
      await remove();
      await proxy.stop();
    }
  }, 240_000);
});

describe('a child process', () => {
  it.each([
    ['SIGINT', 130, 'INTERRUPTED'],
    ['SIGTERM', 143, 'TERMINATED'],
    ['SIGHUP', 129, 'HUNG_UP'],
  ] as const)('%s between two changes ends with %i, lock released', async (signal, exit, code) => {
    await remove();
    let reached = false;
    let goOn = () => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const proxy = await startReverseProxy(inject('keycloak').url, {
      before: async ({ method, path }) => {
        if (method !== 'PUT' || !path.includes('/components/')) return undefined;
        reached = true;
        await held;
        return undefined;
      },
    });
    const child = spawnCli([...ARGS.filter((one) => one !== '--no-harden'), '--json'], {
      ...account.env,
      KC_SERVER: proxy.url,
    });
    await until('the policy is about to be written', () => reached);
    expect(await lockStatus()).toBe(200);
    child.kill(signal);
    const ran = await child.done;
    goOn();
    expect(ran.exit).toBe(exit);
    expect(ran.json).toMatchObject({ schema: 'mcpkc/error/v1', code, exitStatus: exit, ok: false });
    expect((ran.json.details as { open: string[] }).open).toContain(`attach default-scope mcp-resource-svc`);
    expect(await lockStatus()).toBe(404);
    expect(await listOf(realm, 'mcp-resource-svc')).toBe('none');
    await run(0);
    expect(await listOf(realm, 'mcp-resource-svc')).toBe('default');
  });
});
