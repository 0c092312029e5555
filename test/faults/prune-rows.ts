import { setTimeout as sleep } from 'node:timers/promises';
import type { Realm } from '../support/keycloak/realm.ts';
import type { Row, Staged } from './row.ts';
import { runMcpkc } from './run.ts';
import { registerChatgpt, signInOnce, trust } from './stages.ts';

const ORPHANS = 3;

/**
 * Clients that registered and never worked, in a realm whose stored events prove it: somebody signed in before, and an
 * observation saw which events are stored.
 */
async function orphans(realm: Realm): Promise<Staged> {
  await trust(realm, ['chatgpt.com']);
  await signInOnce(realm);
  const observe = ['prune-clients', '--observe'];
  const { status, stderr } = await runMcpkc(realm.admin.access.url, observe, { realm: realm.name });
  if (status !== 0) throw new Error(stderr);
  const ids: string[] = [];
  for (let at = 0; at < ORPHANS; at++) ids.push(await registerChatgpt(realm));
  await sleep(5);
  return { words: { first: ids[0] ?? '' } };
}

/** A backup as `--apply` writes it, of a client that is gone. */
async function backup(realm: Realm): Promise<Staged> {
  await trust(realm, ['chatgpt.com']);
  const id = await registerChatgpt(realm);
  const representation = await realm.admin.get(realm.path(`clients/${id}`));
  await realm.admin.del(realm.path(`clients/${id}`));
  const at = '2026-01-01T00:00:00.000Z';
  const record = {
    mcpkc: 'prune-backup/v1',
    at,
    by: 'tester',
    server: 'http://127.0.0.1',
    realm: realm.name,
  };
  return {
    files: { 'backup.jsonl': `${JSON.stringify({ ...record, id, clientId: id, representation })}\n` },
  };
}

const row = (name: string, args: readonly string[], more: Partial<Row> = {}): Row => ({
  command: 'prune-clients',
  name,
  argv: ['prune-clients', '--older-than', '1ms', ...args],
  stage: orphans,
  // Where a source can't be read everything is kept, and the report says which and why.
  reports: 3,
  ...more,
});

/** The ways to call `prune-clients`. */
export const pruneRows: readonly Row[] = [
  row('the plan', [], { status: 1 }),
  row('--observe', ['--observe']),
  row('--apply, the first stage', ['--apply', '--max', '9'], { victim: '{first}' }),
  row('--apply --now', ['--apply', '--now', '--confirm', '{realm}', '--max', '9']),
  row('--keep', ['--keep', '{first}'], { victim: '{first}' }),
  row('--restore', ['--restore', 'backup.jsonl'], { stage: backup }),
];
