import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startProgram } from '../support/keycloak/own-process.ts';
import { type PruneRealm, pruneRealm } from './prune-realm.ts';

let realm: PruneRealm;
let folder: string;

beforeAll(async () => {
  realm = await pruneRealm();
  folder = await mkdtemp(join(tmpdir(), 'mcpkc-killed-'));
});

afterAll(async () => {
  await realm?.remove();
  await rm(folder, { recursive: true, force: true });
});

/** The real program in a process of its own, by the real clock. */
function start(args: readonly string[]) {
  const env = {
    KC_SERVER: realm.admin.access.url,
    KC_REALM: realm.name,
    KC_CLIENT_ID: realm.account.clientId,
    KC_CLIENT_SECRET: realm.account.secret,
    XDG_STATE_HOME: folder,
  };
  return startProgram(['prune-clients', '--older-than', '1s', ...args], { env, cwd: folder });
}

async function lines(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').filter(Boolean);
}

it('a run that is killed in the middle leaves a backup of all that is gone; the next one does the rest', async () => {
  const orphans: string[] = [];
  for (let batch = 0; batch < 50; batch++) {
    orphans.push(...(await Promise.all([realm.orphan(), realm.orphan(), realm.orphan(), realm.orphan()])));
  }
  await new Promise((resolve) => setTimeout(resolve, 1200));
  const backup = join(folder, 'killed.jsonl');
  const args = ['--apply', '--now', '--confirm', realm.name, '--max', '500', '--quiet', '--backup', backup];
  const { child: killed, ended: end } = start(args);
  // A batch of 32 is in the backup before any of it goes: with more lines the first batch is gone.
  while ((await lines(backup)).length < 40 && killed.exitCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  killed.kill('SIGKILL');
  expect((await end).signal).toBe('SIGKILL');
  const left = new Set(await realm.clientIds());
  const gone = orphans.filter((id) => !left.has(id));
  expect(gone.length).toBeGreaterThan(0);
  expect(gone.length).toBeLessThan(orphans.length);
  const saved = await lines(backup);
  expect(gone.filter((id) => !saved.some((line) => line.includes(id)))).toEqual([]);

  // Its lock is still there; the process is not, and so the next run takes it over.
  const rest = await start([...args, '--json']).ended;
  expect({ status: rest.status, err: rest.err }).toEqual({ status: 0, err: '' });
  expect(JSON.parse(rest.out).summary.delete).toBe(orphans.length - gone.length);
  const after = await realm.clientIds();
  expect(orphans.filter((id) => after.includes(id))).toEqual([]);
  expect(after).toContain(realm.alive.client?.clientId);
  const all = await lines(backup);
  expect(orphans.filter((id) => !all.some((line) => line.includes(`"clientId":"${id}"`)))).toEqual([]);
  expect((await stat(backup)).mode & 0o777).toBe(0o600);
});

it('an interrupted run says what is done and what is not, gives the lock back, and ends with 130', async () => {
  for (let batch = 0; batch < 25; batch++) {
    await Promise.all([realm.orphan(), realm.orphan(), realm.orphan(), realm.orphan()]);
  }
  await new Promise((resolve) => setTimeout(resolve, 1200));
  const backup = join(folder, 'mcpkc');
  const { child, ended: end } = start([
    '--apply',
    '--now',
    '--confirm',
    realm.name,
    '--max',
    '500',
    '--quiet',
  ]);
  const file = async () => {
    const [name] = await readdir(backup).catch(() => [] as string[]);
    return name === undefined ? [] : lines(join(backup, name));
  };
  while ((await file()).length < 10 && child.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 2));
  child.kill('SIGINT');
  const { status, err } = await end;
  expect(status).toBe(130);
  expect(err).toMatch(/Stopped \(Ctrl-C\)/);
  expect(err.replace(/\s+/g, ' ')).toMatch(/Done: \d+ of \d+\. Not done: .*The same command does the rest/);
  expect((await realm.admin.request('GET', realm.path('roles/mcpkc-lock'))).status).toBe(404);
  const rest = await start(['--apply', '--now', '--confirm', realm.name, '--max', '500', '--quiet']).ended;
  expect(rest.status).toBe(0);
  expect(rest.out).toMatch(/; \d+ deleted; /);
});
