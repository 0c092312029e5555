import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readRecord } from '../../src/keycloak/read/record.ts';
import { writeRecord } from '../../src/keycloak/write/record.ts';
import type { Entry } from '../../src/realm/record.ts';
import { type Account, accountIn, expectCli, runCli, spawnCli } from '../support/cli.ts';
import { connected } from '../support/keycloak/connection.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { leaveProbe } from '../support/left-probe.ts';
import { addClient, clientIn } from '../support/realm-things.ts';
import { type Passing, startReverseProxy } from '../support/reverse-proxy.ts';

const server = inject('keycloak');
const realm = await useRealm('left-probes');
const folder = mkdtempSync(join(tmpdir(), 'mcpkc-left-'));
const FILE = join(folder, 'mcpkc.yaml');
const RESOURCE = 'https://svc.example.com/mcp';
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
  writeFileSync(
    FILE,
    `realms: [{ servers: [{ resource: ${RESOURCE}, access: anybody, products: [chatgpt] }] }]`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Client ids of the realm's clients that carry the mark of a probe. */
async function probes(): Promise<string[]> {
  const all = await realm.admin.get<{ clientId: string; attributes?: Record<string, string> }[]>(
    realm.path('clients?max=100'),
  );
  return all
    .filter(({ attributes = {} }) => attributes.tosUri?.startsWith('https://mcpkc.invalid/probe/'))
    .map(({ clientId }) => clientId);
}

/** Rehearsals that the record holds. */
async function rehearsals(): Promise<Entry[]> {
  const { entries } = await readRecord(await connected(account));
  return entries.filter(({ kind }) => kind === 'rehearsal');
}

/** Without what hardens, so that the next run rehearses again. */
async function soften(): Promise<void> {
  await realm.admin.put(realm.path('client-policies/policies'), { policies: [] });
  await realm.admin.put(realm.path('client-policies/profiles'), { profiles: [] });
}

const isRegistered = ({ method, path }: Passing) =>
  method === 'POST' && path.endsWith('/clients-registrations/openid-connect');
const isMade = ({ method, path, body }: Passing) =>
  method === 'POST' && path.endsWith('/clients/') && body.includes('"mcpkc-probe-');

describe('a run that is killed in its rehearsal', () => {
  it.each([
    ['the client that registered', isRegistered],
    ['the client that the admin API made', isMade],
  ] as const)(
    'leaves %s, which the next apply removes though nothing is to be changed',
    async (_what, isIt) => {
      await soften();
      let kill = () => {};
      const proxy = await startReverseProxy(server.url, {
        after: (request, answer) => {
          if (isIt(request)) kill();
          return answer;
        },
      });
      const run = spawnCli(['apply', '-f', FILE], { ...account.env, KC_SERVER: proxy.url });
      kill = () => run.kill('SIGKILL');
      expect((await run.done).exit).not.toBe(0);
      expect(await probes()).toHaveLength(1);
      expect(await rehearsals()).toHaveLength(1);
      const plan = await spawnCli(['plan', '-f', FILE], account.env).done;
      expect([plan.exit, await probes()], plan.err).toEqual([0, [expect.any(String)]]);
      const next = await spawnCli(['apply', '-f', FILE], account.env).done;
      expect(next.exit, next.err).toBe(0);
      expect(next.err).toContain('1 probe client of mcpkc, left by a run that was killed: removed.');
      expect(await probes()).toEqual([]);
      expect(await rehearsals()).toEqual([]);
    },
    120_000,
  );

  it('a client whose answer was lost on its way is looked for by the next run', async () => {
    await soften();
    let lost = 0;
    const proxy = await startReverseProxy(server.url, {
      after: (request, answer) =>
        isRegistered(request) && lost++ === 0 ? { status: 504, body: '' } : answer,
    });
    const run = await spawnCli(['apply', '-f', FILE], { ...account.env, KC_SERVER: proxy.url }).done;
    expect([run.exit, lost], run.err).toEqual([0, 2]);
    expect(await probes()).toHaveLength(1);
    expect(await rehearsals()).toEqual([expect.not.objectContaining({ untried: expect.anything() })]);
    const next = await spawnCli(['apply', '-f', FILE], account.env).done;
    expect(next.exit, next.err).toBe(0);
    expect([await probes(), await rehearsals()]).toEqual([[], []]);
  }, 120_000);

  it('an undisturbed one leaves nothing, and the next reads no page of clients for it', async () => {
    await soften();
    const proxy = await startReverseProxy(server.url);
    const env = { ...account.env, KC_SERVER: proxy.url };
    const run = await spawnCli(['apply', '-f', FILE], env).done;
    expect(run.exit, run.err).toBe(0);
    expect([await probes(), await rehearsals()]).toEqual([[], []]);
    proxy.requests.length = 0;
    const next = await spawnCli(['apply', '-f', FILE], env).done;
    expect(next.exit, next.err).toBe(0);
    expect(proxy.requests.filter(({ path }) => /clients\?(.*&)?(first|max|search)=/.test(path))).toEqual([]);
  }, 120_000);
});

/** A probe as the admin API makes it, of a run that began then on another machine, and the run's entry of the record. */
async function leave(begun: number): Promise<string> {
  const clientId = `mcpkc-probe-${crypto.randomUUID()}`;
  await leaveProbe(realm, await connected(account), clientId, begun);
  return clientId;
}

describe('a probe that a killed run left', () => {
  const hours = (number: number) => Date.now() - number * 3_600_000;
  const COMMANDS: Record<string, string[]> = {
    'create-scope': ['create-scope', RESOURCE],
    'create-scope without hardening': ['create-scope', RESOURCE, '--no-harden'],
    'create-scope --remove': ['create-scope', 'https://gone.example.com/mcp', '--remove', '--yes'],
    'trusted-hosts': ['trusted-hosts', '--add', 'more.example.com'],
    onboard: ['onboard', RESOURCE, 'named'],
    allow: ['allow', RESOURCE, '--preset', 'chatgpt', '--by', 'client'],
    'allow --remove': ['allow', RESOURCE, '--preset', 'chatgpt', '--remove', '--yes'],
    access: ['access', RESOURCE, '--role', 'finance', '--yes'],
    connections: ['connections', RESOURCE, '--revoke', '--yes'],
    'prune-clients': ['prune-clients', '--apply', '--backup', '/here/backup.jsonl'],
  };

  beforeAll(async () => {
    await addClient(realm, 'named', {
      redirectUris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
    });
    await expectCli(0, ['create-scope', 'https://gone.example.com/mcp'], { env: account.env });
  });

  it.each(Object.keys(COMMANDS))(
    'goes with the next %s; one that may be alive, and a stranger’s, stay',
    async (name) => {
      const [left, alive, named] = [await leave(hours(1)), await leave(Date.now()), 'mcpkc-probe-theirs'];
      if (!(await clientIn(realm, named))) await addClient(realm, named);
      const ran = await runCli(COMMANDS[name] ?? [], { env: { ...account.env, HOME: '/here' } });
      expect(ran.exit, ran.err).toBe(0);
      expect(await clientIn(realm, left), ran.err).toBeUndefined();
      expect(await clientIn(realm, alive)).toBeDefined();
      expect(await clientIn(realm, named)).toBeDefined();
      expect(await rehearsals()).toHaveLength(1);
      await writeRecord(await connected(account), { forget: await rehearsals() });
      await realm.admin.del(realm.path(`clients/${(await clientIn(realm, alive))?.id}`));
    },
  );

  it.each([['again'], ['--remove', '--yes']])('goes with init %s', async (...given) => {
    const more = given.filter((one) => one !== 'again');
    const env = {
      KC_BOOTSTRAP_ADMIN_USERNAME: server.adminUser,
      KC_BOOTSTRAP_ADMIN_PASSWORD: server.adminPassword,
    };
    const left = await leave(hours(1));
    const ran = await runCli(['init', '--server', server.url, '--realm', realm.name, ...more], { env });
    expect(ran.exit, ran.err).toBe(0);
    expect(await clientIn(realm, left)).toBeUndefined();
  });
});
