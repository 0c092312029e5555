import type { Context } from '../../cli/command.ts';
import { readAllClients } from '../../keycloak/read/clients.ts';
import type { Assignment } from '../../plan/desired.ts';
import { describeClient } from '../../plan/named.ts';
import { assignAudience } from '../../plan/provisioned.ts';
import { judgeAdoption } from '../../products/adoptable.ts';
import { judgeOrigin, presetOf } from '../../products/dynamic.ts';
import type { Preset } from '../../products/preset.ts';
import { realmListOf } from '../../realm/lists.ts';
import { digestOf, type LookedThrough, lookedThroughIn, type RealmRecord } from '../../realm/record.ts';
import type { Client } from '../../realm/representations.ts';
import { type RealmSnapshot, scopeNamed } from '../../realm/snapshot.ts';
import { count, visible } from '../../text.ts';
import type { WantedServer } from './wanted-server.ts';

/** The products' clients that are there already, each to hold the scope (`--existing`). Reads all clients for it. */
export async function findExistingHolders(
  context: Context,
  mcpServer: WantedServer,
  wanted: boolean,
): Promise<Assignment[]> {
  const { keycloak, presets, carrier, snapshot } = mcpServer;
  if (!wanted) return [];
  const assignments: Assignment[] = [];
  const left: { client: Client; reason: string }[] = [];
  let read = 0;
  for await (const page of readAllClients(keycloak)) {
    read += page.length;
    context.voice.progress(`${count(read, 'client')} read`);
    for (const client of page) {
      const isProducts = judgeOrigin(client).kind !== 'other' && presetOf(client, presets) !== undefined;
      if (!isProducts) continue;
      const why = 'since it is a client of the product that registered before (--no-existing leaves it)';
      const verdict = judgeAdoption(client, presets);
      if (verdict.adoptable) assignments.push(assignAudience(client, carrier, why));
      else left.push({ client, reason: verdict.reason });
      snapshot.clients.push(client);
    }
  }
  context.voice.progress(undefined);
  if (left.length > 0) context.voice.warn(leftText(left));
  return assignments;
}

/** A digest of the signs of a product's clients: where they change, all clients are looked through again. */
function signs({ clientNames, clientNamePrefixes, redirectUris }: Preset): string {
  return digestOf([clientNames, clientNamePrefixes ?? [], redirectUris]);
}

/**
 * Whether an earlier run looked through the realm for these products, and every client since then inherits the scope:
 * it is the same scope, and still a realm default.
 */
export function isLookedThrough(
  {
    resource,
    carrier,
    presets,
    snapshot,
  }: Pick<WantedServer, 'resource' | 'carrier' | 'presets' | 'snapshot'>,
  record: RealmRecord,
): boolean {
  const scope = scopeNamed(snapshot, carrier);
  if (scope === undefined || realmListOf(snapshot, carrier) !== 'default') return false;
  const looked = lookedThroughIn(record, resource, scope.id)?.products ?? {};
  return presets.every((preset) => looked[preset.name] === signs(preset));
}

/** The entry for a look that is over; none where those who come later don't inherit the scope. */
export function rememberLookThrough(
  { resource, carrier, presets, keycloak, record }: WantedServer,
  now: RealmSnapshot,
): LookedThrough[] {
  const scope = scopeNamed(now, carrier);
  if (scope === undefined || realmListOf(now, carrier) !== 'default') return [];
  const before = lookedThroughIn(record, resource, scope.id)?.products ?? {};
  const products = { ...before, ...Object.fromEntries(presets.map((one) => [one.name, signs(one)])) };
  const since = new Date(keycloak.serverNow()).toISOString();
  return [{ kind: 'looked-through', resource, scope: scope.id, products, since }];
}

const NAMED = 10;

/** The products' clients that an adoption would not accept: named, with the reason, and left as they are. */
function leftText(left: readonly { client: Client; reason: string }[]): string {
  const lines = left
    .slice(0, NAMED)
    .map(({ client, reason }) => `  ${describeClient(client)}: ${visible(reason)}`);
  const more = left.length > NAMED ? `\n  and ${left.length - NAMED} more` : '';
  return `${count(left.length, 'client')} of the products stay without the audience (--client <id> names one):\n${lines.join('\n')}${more}`;
}
