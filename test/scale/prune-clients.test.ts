import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type PruneRealm, pruneRealm } from '../keycloak/prune-realm.ts';
import { startProgram } from '../support/keycloak/own-process.ts';

const CLIENTS = Number(process.env.SCALE_CLIENTS ?? 10_000);
const USERS = 200;
/** Four of ten are consented to by a user. */
const CONSENTED = Math.round(CLIENTS * 0.4);
const ORPHANS = CLIENTS - CONSENTED;

let realm: PruneRealm;
let folder: string;
let orphans: string[];
let living: string[];

const say = (what: string) => process.stderr.write(`  ${what}\n`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcpkc-scale-'));
  realm = await pruneRealm();
  const start = performance.now();
  const all: string[] = [];
  let begun = 0;
  const worker = async () => {
    while (begun++ < CLIENTS) all.push(await register());
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  say(`${CLIENTS} registrations: ${Math.round((performance.now() - start) / 1000)} s`);
  living = all.slice(0, CONSENTED);
  orphans = all.slice(CONSENTED, CLIENTS);
  const users = Array.from({ length: USERS }, (_, index) => ({
    username: `consenting-${index}`,
    enabled: true,
    clientConsents: living
      .filter((_id, at) => at % USERS === index)
      .map((clientId) => ({ clientId, grantedClientScopes: ['profile'] })),
  }));
  const importing = performance.now();
  // One import is one transaction, which grows slower with each user and ends after five minutes (26.7.3).
  for (let at = 0; at < USERS; at += 4) {
    const some = users.slice(at, at + 4);
    await realm.admin.post(realm.path('partialImport'), { ifResourceExists: 'FAIL', users: some });
  }
  say(`${CONSENTED} consents: ${Math.round((performance.now() - importing) / 1000)} s`);
  await new Promise((resolve) => setTimeout(resolve, 1200));
});

/** What a failed setup of ChatGPT leaves behind. */
async function register(): Promise<string> {
  const response = await fetch(`${realm.issuer}/clients-registrations/openid-connect`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'ChatGPT',
      redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
    }),
  });
  if (response.status !== 201) throw new Error(`registration answered ${response.status}`);
  return String(((await response.json()) as { client_id: unknown }).client_id);
}

afterAll(async () => {
  // A server that the run started goes with its realms.
  if (inject('keycloak').logFile === undefined) await realm?.remove();
  await rm(folder, { recursive: true, force: true });
});

function start(args: readonly string[]) {
  const env = {
    KC_SERVER: realm.admin.access.url,
    KC_REALM: realm.name,
    KC_CLIENT_ID: realm.account.clientId,
    KC_CLIENT_SECRET: realm.account.secret,
    SAY_MEMORY: '1',
    // What has to be enough, however many clients there are to delete.
    NODE_OPTIONS: '--max-old-space-size=128',
  };
  return startProgram(['prune-clients', '--older-than', '1s', ...args], { env, cwd: folder });
}

const memoryOf = (err: string) => Number(/memory (\d+)/.exec(err)?.[1]);

it('plans, is killed in the middle of applying, and finishes the rest', async () => {
  const plan = await start(['--json', '--max', String(ORPHANS)]).ended;
  expect(plan.status).toBe(1);
  const { summary } = JSON.parse(plan.out);
  expect(summary).toMatchObject({ mark: ORPHANS, worked: CONSENTED + 1, limit: { exceeded: false } });
  say(`plan: ${plan.seconds.toFixed(1)} s, ${memoryOf(plan.err)} MB`);

  const backup = join(folder, 'backup.jsonl');
  const apply = [
    '--apply',
    '--now',
    '--confirm',
    realm.name,
    '--max',
    String(ORPHANS),
    '--quiet',
    '--backup',
    backup,
  ];
  const first = start(apply);
  const half = async () => (await readFile(backup, 'utf8').catch(() => '')).length > ORPHANS * 0.3 * 1500;
  while (!(await half()) && first.child.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 200));
  first.child.kill('SIGKILL');
  expect((await first.ended).signal).toBe('SIGKILL');
  const between = new Set(await realm.clientIds());
  const gone = orphans.filter((id) => !between.has(id)).length;
  expect(gone).toBeGreaterThan(0);
  expect(gone).toBeLessThan(ORPHANS);

  const second = await start(apply).ended;
  say(
    `apply, after ${gone} of ${ORPHANS} when killed: ${second.seconds.toFixed(1)} s, ${memoryOf(second.err)} MB`,
  );
  say(second.out.trim());
  expect({ status: second.status, err: second.err }).toMatchObject({
    status: 0,
    err: expect.stringMatching(/^memory \d+\n$/),
  });
  expect(second.out.trim().split('\n')).toHaveLength(1);

  const left = new Set(await realm.clientIds());
  expect(orphans.filter((id) => left.has(id))).toEqual([]);
  expect(living.filter((id) => !left.has(id))).toEqual([]);
  const saved = new Set<string>();
  for (const line of (await readFile(backup, 'utf8')).split('\n')) {
    const id = /"clientId":"([^"]+)"/.exec(line)?.[1];
    if (id) saved.add(id);
  }
  expect(orphans.filter((id) => !saved.has(id))).toEqual([]);
  expect(memoryOf(plan.err)).toBeLessThan(400);
});
