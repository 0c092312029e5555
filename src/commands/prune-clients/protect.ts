import type { Context } from '../../cli/command.ts';
import type { Report } from '../../cli/report.ts';
import { McpkcError } from '../../errors.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { findClient } from '../../keycloak/read/clients.ts';
import { updateClient } from '../../keycloak/write/write-pruned.ts';
import { ATTRIBUTE } from '../../realm/marks.ts';

import type { Client } from '../../realm/representations.ts';
import { protectReport } from './care-text.ts';
import { PRUNE_ATTRIBUTE, readMarks } from './judge/marks.ts';

/** `--keep` and `--unkeep`: protects clients from pruning, or no longer. A kept client leaves its stage at once. */
export async function protect(
  { signal }: Context,
  keycloak: Keycloak,
  clientIds: readonly string[],
  keep: boolean,
  dryRun: boolean,
): Promise<Report> {
  const clients = await named(keycloak, [...new Set(clientIds)]);
  const changed = clients.filter((client) => isKept(client) !== keep || (keep && inStage(client)));
  for (const client of dryRun ? [] : changed) {
    signal.throwIfAborted();
    await updateClient(keycloak, client, changeFor(client, keep));
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

function isKept({ attributes }: Client): boolean {
  return (attributes[ATTRIBUTE.keep] ?? '') !== '';
}

function inStage({ attributes }: Client): boolean {
  return readMarks(attributes).stage !== undefined;
}

function changeFor({ attributes }: Client, keep: boolean) {
  const { stage } = readMarks(attributes);
  if (!keep) return { attributes: { [ATTRIBUTE.keep]: '' } };
  const kept = { [ATTRIBUTE.keep]: 'true', [PRUNE_ATTRIBUTE.stage]: '' };
  return stage?.stage === 'disabled' ? { attributes: kept, enabled: true } : { attributes: kept };
}
