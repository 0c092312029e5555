import { randomUUID } from 'node:crypto';
import type { Realm } from '../support/keycloak/realm.ts';
import type { Row, Staged } from './row.ts';
import { CHATGPT_CALLBACK, dynamicClient } from './stages.ts';

// Keycloak wants a client's id to be the only one on the whole server, in whatever realm.
const ORPHANS = [randomUUID(), randomUUID(), randomUUID()] as const;

/** Three clients that registered long ago and never worked. */
async function orphans(realm: Realm): Promise<void> {
  for (const id of ORPHANS) await dynamicClient(realm, id, 'ChatGPT', CHATGPT_CALLBACK);
}

/** A backup as `--apply` writes it, of a client that is gone. */
async function backup(realm: Realm): Promise<Staged> {
  const [id] = ORPHANS;
  await dynamicClient(realm, id, 'ChatGPT', CHATGPT_CALLBACK);
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
  argv: ['prune-clients', ...args],
  stage: orphans,
  ...more,
});

/** The ways to call `prune-clients`. */
export const pruneRows: readonly Row[] = [
  row('the plan', [], { status: 1 }),
  row('--observe', ['--observe']),
  row('--apply, the first stage', ['--apply', '--max', '9'], { victim: ORPHANS[0] }),
  row('--apply --now', ['--apply', '--now', '--confirm', '{realm}', '--max', '9']),
  row('--keep', ['--keep', ORPHANS[0]], { victim: ORPHANS[0] }),
  row('--restore', ['--restore', 'backup.jsonl'], { stage: backup }),
];
