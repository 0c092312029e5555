import type { Context } from '../../cli/command.ts';
import type { Report } from '../../cli/report.ts';
import { McpkcError } from '../../errors.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { findClient } from '../../keycloak/read/clients.ts';
import { readRecord } from '../../keycloak/read/record.ts';
import { deedBy, deedOf, runOf, writeRecord } from '../../keycloak/write/record.ts';
import { setEnabled } from '../../keycloak/write/write-pruned.ts';
import {
  clientKeyOf,
  entriesOf,
  isSameId,
  type Kept,
  keepOf,
  type PruneStage,
  type RealmRecord,
} from '../../realm/record.ts';
import type { Client } from '../../realm/representations.ts';
import { protectReport } from './care-text.ts';

/**
 * Runs `--keep` and `--unkeep`: protects clients from pruning, or no longer. A kept client leaves its stage at once.
 */
export async function protect(
  { io, signal }: Context,
  keycloak: Keycloak,
  clientIds: readonly string[],
  keep: boolean,
  dryRun: boolean,
): Promise<Report> {
  const clients = await named(keycloak, [...new Set(clientIds)]);
  const record = await readRecord(keycloak);
  const changed = clients.filter(
    (client) => isKept(record, client) !== keep || (keep && stagesOf(record, client).length > 0),
  );
  const by = deedBy(runOf(io, `prune-clients ${keep ? '--keep' : '--unkeep'}`));
  const since = new Date(io.now()).toISOString();
  if (!dryRun && changed.length > 0) {
    signal.throwIfAborted();
    const entries = changed.map((client) => keptEntry(client, since, by));
    const stages = changed.flatMap((client) => stagesOf(record, client));
    const to = changed.map(({ clientId }) => clientId).join(', ');
    const deed = deedOf(io, keep ? 'kept' : 'no longer kept', to, by);
    if (keep) {
      for (const client of changed) {
        // Only clients that pruning disabled are enabled: one that a person disabled stays so.
        const wasDisabled = stagesOf(record, client).some(({ stage }) => stage !== 'marked');
        if (wasDisabled && client.enabled !== true) await setEnabled(keycloak, client, true);
      }
      await writeRecord(keycloak, { remember: [...entries, deed], forget: stages });
    } else {
      const all = entriesOf(record, 'kept');
      const forget = all.filter(({ key }) => entries.some((one) => isSameId(one.key, key)));
      await writeRecord(keycloak, { remember: [deed], forget });
    }
  }
  const { server, realm } = keycloak;
  const names = changed.map(({ clientId }) => clientId);
  return protectReport({
    server,
    realm,
    keep,
    clientIds: clients.map(({ clientId }) => clientId),
    changed: names,
    dryRun,
  });
}

function isKept(record: RealmRecord, client: Client): boolean {
  return keepOf(record, client).state === 'same';
}

/** A note under another content counts, too: a client that was disabled as something else was disabled by pruning. */
function stagesOf(record: RealmRecord, client: Client): PruneStage[] {
  const key = clientKeyOf(client);
  return entriesOf(record, 'stage').filter((one) => isSameId(one.key, key));
}

function keptEntry(client: Client, since: string, by: string): Kept {
  const { id, clientId } = client;
  return { kind: 'kept', client: { id, clientId }, key: clientKeyOf(client), since, by };
}

async function named(keycloak: Keycloak, clientIds: readonly string[]): Promise<Client[]> {
  const found: Client[] = [];
  const missing: string[] = [];
  for (const clientId of clientIds) {
    const client = await findClient(keycloak, clientId);
    if (client) found.push(client);
    else missing.push(clientId);
  }
  if (missing.length === 0) return found;
  throw new McpkcError(
    'CLIENT_NOT_IN_REALM',
    `Realm '${keycloak.realm}' has no client ${missing.map((id) => `'${id}'`).join(', ')}. Nothing was changed.`,
    'mcpkc prune-clients lists them all.',
  );
}
