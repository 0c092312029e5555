import type { Context } from '../../cli/command.ts';
import { readNamed } from '../../cli/named-files.ts';
import type { Report } from '../../cli/report.ts';
import { badInput } from '../../errors.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { findClient } from '../../keycloak/read/clients.ts';
import { isMasked } from '../../keycloak/read/masked.ts';
import { readClientScopes } from '../../keycloak/read/read.ts';
import { readRecord } from '../../keycloak/read/record.ts';
import { holderOf, withLock } from '../../keycloak/write/lock.ts';
import { deedBy, deedOf, writeRecord } from '../../keycloak/write/record.ts';
import { recreateClient } from '../../keycloak/write/write-pruned.ts';
import { clientKeyOf } from '../../realm/record.ts';
import { type Restored, restoreReport } from './care-text.ts';
import { type BackupRecord, latestRecords, parseBackup } from './judge/backup.ts';
import { Ledger } from './judge/ledger.ts';

/** `--restore`: makes deleted clients again from a backup, with the same id, secret, scopes and mappers. */
export async function restore(
  { io, signal }: Context,
  keycloak: Keycloak,
  file: string,
  clientIds: readonly string[],
  dryRun: boolean,
): Promise<Report> {
  const { records, unfinished } = parseBackup(await textOf(io, file), file);
  const wanted = latestRecords(records, clientIds);
  requireOwn(wanted, keycloak, file);
  const missing = clientIds.filter((id) => !wanted.some(({ clientId }) => clientId === id));
  if (missing.length > 0) {
    throw badInput('--restore', `${file} has no client ${missing.join(', ')}`, 'Nothing was restored.');
  }
  const scopes = new Set((await readClientScopes(keycloak)).map(({ name }) => name));
  const restored: Restored[] = [];
  for (const record of wanted) {
    signal.throwIfAborted();
    const lost = scopesOf(record).filter((name) => !scopes.has(name));
    const body = representationOf(record, lost);
    const outcome = dryRun ? 'planned' : await recreateClient(keycloak, body);
    restored.push({
      clientId: record.clientId,
      name: nameOf(record),
      outcome,
      lostScopes: lost,
      lostSecret: isMasked(record.representation.secret),
    });
  }
  const again = wanted.filter((_record, at) => restored[at]?.outcome === 'done');
  if (again.length > 0) await rememberRestored({ io, signal }, keycloak, again);
  const { server, realm } = keycloak;
  return restoreReport({ server, realm, file, restored, unfinished, dryRun });
}

async function textOf(io: Context['io'], file: string): Promise<string> {
  const text = await readNamed(io, '--restore', file);
  if (text !== undefined) return text;
  throw badInput(
    '--restore',
    `there is no file ${file}`,
    'prune-clients --apply names the backup that it wrote.',
  );
}

/** A backup of another realm or server would bring in other people's clients. */
function requireOwn(records: readonly BackupRecord[], { realm, server }: Keycloak, file: string): void {
  const foreign = records.find((record) => record.realm !== realm);
  if (foreign === undefined) return;
  throw badInput(
    '--restore',
    `${file} has a client of realm '${foreign.realm}' at ${foreign.server}, and this is '${realm}' at ${server}`,
    'Nothing was restored. Name that realm with --realm.',
  );
}

const LISTS = ['defaultClientScopes', 'optionalClientScopes'] as const;

function scopesOf({ representation }: BackupRecord): string[] {
  return LISTS.flatMap((list) =>
    Array.isArray(representation[list]) ? representation[list].map(String) : [],
  );
}

function nameOf({ representation }: BackupRecord): string | null {
  return typeof representation.name === 'string' ? representation.name : null;
}

/** Whoever brings a client back says that it lives: it is never taken for an orphan again. */
async function rememberRestored(
  { io }: Pick<Context, 'io' | 'signal'>,
  keycloak: Keycloak,
  restored: readonly BackupRecord[],
): Promise<void> {
  const holder = holderOf(io, 'prune-clients --restore');
  await withLock(keycloak, io, holder, async () => {
    const ledger = new Ledger(await readRecord(keycloak));
    for (const { clientId } of restored) {
      const client = await findClient(keycloak, clientId);
      if (!client) continue;
      ledger.setStage(clientKeyOf(client), undefined);
      ledger.sawAlive(clientKeyOf(client), io.now());
    }
    const to = restored.map(({ clientId }) => clientId).join(', ');
    const { remember = [], forget = [] } = ledger.edit();
    const deed = deedOf(io, 'restored', to, deedBy(holder));
    await writeRecord(keycloak, { remember: [...remember, deed], forget });
  });
}

/** The representation as it was, but enabled, and without what other versions of mcpkc wrote on it. */
function representationOf({ representation }: BackupRecord, lost: readonly string[]): object {
  const attributes = Object.fromEntries(
    Object.entries((representation.attributes ?? {}) as Record<string, unknown>).filter(
      ([name]) => !name.startsWith('mcpkc.'),
    ),
  );
  const lists = LISTS.flatMap((list) => {
    const names = representation[list];
    return Array.isArray(names)
      ? [[list, names.filter((name) => !lost.includes(String(name)))] as const]
      : [];
  });
  const { registrationAccessToken: _token, access: _access, secret, ...rest } = representation;
  // A mask would become the client's secret, which anybody could guess: Keycloak makes a new one.
  const kept = secret === undefined || isMasked(secret) ? {} : { secret };
  return { ...rest, ...kept, ...Object.fromEntries(lists), attributes, enabled: true };
}
