import type { Keycloak } from '../keycloak/connection/connect.ts';
import { readAllClients } from '../keycloak/read/clients.ts';
import { readRecord } from '../keycloak/read/record.ts';
import { judgeAdoption } from '../products/adoptable.ts';
import type { Preset } from '../products/preset.ts';
import { audiencesOf } from '../realm/audiences.ts';
import { heldAs } from '../realm/lists.ts';
import type { Mode } from '../realm/marks.ts';
import { audienceScopeOf } from '../realm/mcp-scope.ts';
import { allowancesOf, NO_RECORD, type RealmRecord } from '../realm/record.ts';
import type { Client } from '../realm/representations.ts';
import { type RealmSnapshot, scopeNamed } from '../realm/snapshot.ts';
import { count } from '../text.ts';
import type { Assignment } from './desired.ts';
import { describeClient } from './named.ts';
import type { Reservation } from './plan.ts';
import { assignAudience } from './provisioned.ts';

/**
 * Whether mode adopted removes the audience from the scope that clients name: that of a standing resource, or one that
 * 0.1.0 made windowed. A client that holds the audience by it has to hold it by the audience scope first.
 */
function takesAudience(scope: string, snapshot: RealmSnapshot): boolean {
  const found = scopeNamed(snapshot, scope);
  return found !== undefined && audiencesOf(found).length > 0;
}

/**
 * Reads the clients that have the audience by the scope that clients name, where mode adopted removes it from that
 * scope. Sorts them; they are in the snapshot then. The whole realm is read for that, and only for that.
 */
export async function readMoving(
  keycloak: Keycloak,
  snapshot: RealmSnapshot,
  { scope, mode }: { scope: string; mode: Mode },
  presets: readonly Preset[],
  decided: readonly (string | undefined)[],
  onPage: (read: number) => void = () => {},
): Promise<Moving> {
  if (mode !== 'adopted' || !takesAudience(scope, snapshot)) return { kept: [], left: [] };
  const holders: Client[] = [];
  const audience = audienceScopeOf(snapshot, scope)?.name;
  const hasIt = (client: Client) => audience !== undefined && heldAs(client, audience) === 'default';
  let read = 0;
  for await (const page of readAllClients(keycloak)) {
    read += page.length;
    onPage(read);
    holders.push(...page.filter((client) => heldAs(client, scope) !== 'none' && !hasIt(client)));
  }
  for (const client of holders) {
    if (!snapshot.clients.some(({ id }) => id === client.id)) snapshot.clients.push(client);
  }
  return movingOf(holders, scope, presets, decided, await readRecord(keycloak));
}

/** Outcome for the clients that hold the audience by the scope that they name. */
export interface Moving {
  /** Adopted: they have the audience all the time. */
  kept: Client[];
  /** Without the audience afterwards. */
  left: Client[];
}

/**
 * Sorts the holders. Those are kept that a person names, that mcpkc made (`allow`), and that an adoption would accept.
 * No statement of a client about itself (attributes of 0.1.0 among them) counts.
 */
function movingOf(
  holders: readonly Client[],
  scope: string,
  presets: readonly Preset[],
  decided: readonly (string | undefined)[],
  record: RealmRecord = NO_RECORD,
): Moving {
  const moving: Moving = { kept: [], left: [] };
  for (const client of holders) {
    if (heldAs(client, scope) === 'none' || decided.includes(client.clientId)) continue;
    const isMade = allowancesOf(record, client).length > 0;
    (isMade || judgeAdoption(client, presets).adoptable ? moving.kept : moving.left).push(client);
  }
  return moving;
}

/** The assignments of the clients that are kept. */
export function keepAdopted({ kept }: Moving, audienceScope: string): Assignment[] {
  const why = 'since it is a client of a product that has the audience now, and keeps it';
  return kept.map((client) => assignAudience(client, audienceScope, why));
}

const LISTED = 20;

/** Losses of clients by a move, which need a person's word. */
export function movingReservations({ left }: Moving, resource: string): Reservation[] {
  if (left.length === 0) return [];
  const lines = left.slice(0, LISTED).map((client) => `  ${describeClient(client)}`);
  const more = left.length > LISTED ? `\n  and ${left.length - LISTED} more` : '';
  const message = `${count(left.length, 'client')} can get the audience ${resource} today and would not any more (--client <id> keeps one):\n${lines.join('\n')}${more}`;
  return [{ message }];
}
