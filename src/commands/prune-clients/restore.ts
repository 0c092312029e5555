import { askYes } from '../../cli/ask.ts';
import type { Context } from '../../cli/command.ts';
import { readNamed } from '../../cli/named-files.ts';
import type { Report } from '../../cli/report.ts';
import { inputError, McpkcError } from '../../errors.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { clientOf, findClient, findClientById } from '../../keycloak/read/clients.ts';
import { readClientScopes, readRealmScopes } from '../../keycloak/read/read.ts';
import { readBackupKey, readRecord } from '../../keycloak/read/record.ts';
import { holderOf, withLock } from '../../keycloak/write/lock.ts';
import { deedBy, deedOf, writeRecord } from '../../keycloak/write/record.ts';
import { recreateClient } from '../../keycloak/write/write-pruned.ts';
import { latestRecords, parseBackup } from '../../plan/pruned-backup.ts';
import type { Preset } from '../../products/preset.ts';
import { clientKeyOf, type Kept } from '../../realm/record.ts';
import { count, formatCommand, listNames, typedName, visible } from '../../text.ts';
import { type Restored, restoreReport } from './care-text.ts';
import { Ledger } from './judge/ledger.ts';
import { type Revival, revivalOf } from './judge/revival.ts';

/** The request to `--restore`. */
export interface RestoreWish {
  file: string;
  /** The clients to restore: all of the backup, where none is named. */
  clientIds: readonly string[];
  dryRun: boolean;
  /** Whether lines that aren't authentic, or would not be adopted, are restored, too. */
  yes: boolean;
  presets: readonly Preset[];
}

/** Runs `--restore`: makes deleted clients again from a backup, with the same id, secret, scopes and mappers. */
export async function restore(
  context: Context,
  keycloak: Keycloak,
  { file, clientIds, dryRun, yes, presets }: RestoreWish,
): Promise<Report> {
  const { io, signal } = context;
  const { records, unfinished } = parseBackup(await textOf(io, file), file, await readBackupKey(keycloak));
  const wanted = latestRecords(records, clientIds);
  const missing = clientIds.filter((id) => !wanted.some(({ clientId }) => clientId === id));
  if (missing.length > 0) {
    throw inputError('--restore', `${file} has no client ${listNames(missing)}`, 'Nothing was restored.');
  }
  const [all, { defaults, optionals }] = await Promise.all([
    readClientScopes(keycloak),
    readRealmScopes(keycloak),
  ]);
  const scopes = { all: all.map(({ name }) => name), listed: [...defaults, ...optionals] };
  const revivals = wanted.map((record) => revivalOf(record, scopes, presets, clientOf));
  if (!dryRun && !yes) requireConsent(revivals, keycloak, { file, clientIds });
  if (!dryRun && !yes && context.settings.input) await askToRestore(context, keycloak, revivals);
  const restored: Restored[] = [];
  for (const revival of revivals) {
    signal.throwIfAborted();
    const outcome = dryRun ? 'planned' : await revive(keycloak, revival);
    restored.push({ ...revival, outcome });
  }
  const again = restored.filter(({ outcome }) => outcome === 'done');
  if (again.length > 0) await rememberRestored(io, keycloak, again);
  const { server, realm } = keycloak;
  return restoreReport({ server, realm, file, restored, unfinished, dryRun });
}

/** Asks once, at a terminal, before clients are made again. */
async function askToRestore(
  context: Context,
  { realm }: Keycloak,
  revivals: readonly Revival[],
): Promise<void> {
  if (revivals.length === 0) return;
  const names = listNames(revivals.slice(0, NAMED).map(({ clientId }) => clientId));
  const more = revivals.length > NAMED ? ` and ${revivals.length - NAMED} more` : '';
  context.voice.note(`To be made again, and kept until --unkeep: ${names}${more}.`);
  const question = `Make ${count(revivals.length, 'client')} again in realm ${visible(realm)}?`;
  if (await askYes(context, question, false)) return;
  const fix = '--dry-run shows what each would bring; --yes doesn’t ask.';
  throw new McpkcError('CONSENT_NEEDED', 'The answer was no: nothing was restored.', fix);
}

async function textOf(io: Context['io'], file: string): Promise<string> {
  const text = await readNamed(io, '--restore', file);
  if (text !== undefined) return text;
  throw inputError(
    '--restore',
    `there is no file ${file}`,
    'prune-clients --apply names the backup that it wrote.',
  );
}

/**
 * A client that somebody brings back is wanted: it is kept until `--unkeep`. That is no statement that it was ever
 * used.
 */
async function rememberRestored(
  io: Context['io'],
  keycloak: Keycloak,
  restored: readonly Restored[],
): Promise<void> {
  const holder = holderOf(io, 'prune-clients --restore');
  const by = deedBy(holder);
  const since = new Date(io.now()).toISOString();
  await withLock(keycloak, io, holder, async () => {
    const ledger = new Ledger(await readRecord(keycloak));
    const entries: Kept[] = [];
    for (const { clientId } of restored) {
      const client = await findClient(keycloak, clientId);
      if (!client) continue;
      const key = clientKeyOf(client);
      ledger.setStage(key, undefined);
      entries.push({ kind: 'kept', client: { id: client.id, clientId }, key, since, by, why: 'restored' });
    }
    const to = restored.map(({ clientId }) => clientId).join(', ');
    const { remember = [], forget = [] } = ledger.edit();
    const deed = deedOf(io, 'restored', to, by);
    await writeRecord(keycloak, { remember: [...remember, ...entries, deed], forget });
  });
}

const NAMED = 10;

/** CONSENT_NEEDED where a client would come of which nobody knows that it was this realm's connector. */
function requireConsent(
  revivals: readonly Revival[],
  { realm }: Keycloak,
  { file, clientIds }: Pick<RestoreWish, 'file' | 'clientIds'>,
): void {
  const open = revivals.filter(({ reservations }) => reservations.length > 0);
  if (open.length === 0) return;
  const line = ({ clientId, reservations }: Revival) =>
    `${listNames([clientId])}: ${visible(reservations.join('; '))}.`;
  const more = open.length > NAMED ? [`And ${open.length - NAMED} more.`] : [];
  const command = (flag: string) =>
    formatCommand(['prune-clients', ['--realm', realm], flag, ['--restore', file]], clientIds.map(typedName));
  const message = ['Nothing was restored.', ...open.slice(0, NAMED).map(line), ...more].join('\n');
  const fix = `See what each would bring:\n${command('--dry-run')}\nIf that is right:\n${command('--yes')}`;
  throw new McpkcError('CONSENT_NEEDED', message, fix, {
    details: { clients: open.map(({ clientId, reservations }) => ({ clientId, reservations })) },
  });
}

/**
 * Makes it, or tells whose its ids are where they are taken: its own or another client's. A registrant may choose the
 * ids of a deleted one.
 */
async function revive(keycloak: Keycloak, { clientId, body }: Revival): Promise<Restored['outcome']> {
  const outcome = await recreateClient(keycloak, body);
  if (outcome === 'done') return outcome;
  const wanted = clientOf(body);
  const now = (await findClient(keycloak, clientId)) ?? (await findClientById(keycloak, wanted.id));
  return now !== undefined && clientKeyOf(now) === clientKeyOf(wanted) ? 'there' : 'taken';
}
