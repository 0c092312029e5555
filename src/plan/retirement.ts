import type { Keycloak } from '../keycloak/connection/connect.ts';
import { readAllClients } from '../keycloak/read/clients.ts';
import { readSessionStats, type SessionCount } from '../keycloak/read/sessions.ts';
import { deedBy, deedOf, writeRecord } from '../keycloak/write/record.ts';
import type { Preset } from '../products/preset.ts';
import { heldOf } from '../realm/mcp-scope.ts';
import type { NamedServer } from '../realm/mcp-server.ts';
import { type Access, allowedIn, entriesOf, type RealmRecord } from '../realm/record.ts';
import type { Client } from '../realm/representations.ts';
import { isOwnResourceClient, RESOURCE_CLIENT } from '../realm/resource-client.ts';
import { type RealmSnapshot, scopeNamed } from '../realm/snapshot.ts';
import { count, visible } from '../text.ts';
import { sortRetiredRoles } from './access.ts';
import { type Applying, applyAndVerify } from './apply.ts';
import type { Desired } from './desired.ts';
import { requireEditablePolicies } from './editable-policies.ts';
import { planFor } from './kinds/index.ts';
import type { Plan, RealmPlan, Reservation } from './plan.ts';
import { commonReservations } from './reservations.ts';
import { withoutServer } from './retired.ts';

/** A server that is to be retired, and the realm that it is in. */
export interface Retiring {
  /** Clients that are touched are added to it. */
  snapshot: RealmSnapshot;
  server: NamedServer;
  record: RealmRecord;
  /** Every known product. */
  products: readonly Preset[];
}

/** The plan of a server's retirement. */
export interface PlannedRetirement {
  resource: string;
  record: RealmRecord;
  desired: Desired;
  plan: RealmPlan;
  /** Clients that lose the audience. */
  holders: readonly Client[];
  /** Parts of it that need a person's word. */
  reservations: Reservation[];
  /** Roles that mcpkc made and that somebody has: they stay. */
  kept: readonly string[];
  /** The record's entry about who may use the server: to be forgotten. */
  remembered: Access | undefined;
}

/** Plans a server's retirement: all clients are read once, those that lose the audience are counted with their sign-ins. */
export async function planRetirement(
  keycloak: Keycloak,
  { snapshot, server, record, products }: Retiring,
): Promise<PlannedRetirement> {
  const { scope, carriers, resource } = server;
  const own = snapshot.clients.filter((client) => isOwnResourceClient(client, resource, record));
  const read = scopeNamed(snapshot, scope) ? await touchedBy(keycloak, carriers, record) : [];
  const touched = [...own, ...read.filter(({ id }) => !own.some((one) => one.id === id))];
  const holders = touched.filter((client) => heldOf(client, carriers) !== 'none');
  snapshot.clients.push(...touched.filter((client) => !snapshot.clients.some(({ id }) => id === client.id)));
  const retirement = { scope, resource, products, record, clients: touched };
  const scopes = [...new Set([scope, ...carriers])];
  const roles = await sortRetiredRoles(keycloak, snapshot, scopes, { resource, record });
  // Scopes first, roles last: a scope whose roles were removed before it would be open to everybody.
  const desired = { ...withoutServer(retirement, snapshot), ...roles.desired };
  const plan = planFor(desired, snapshot);
  await requireEditablePolicies(keycloak, plan, snapshot);
  const stats = plan.length === 0 || holders.length === 0 ? new Map() : await readSessionStats(keycloak);
  const reservations = [
    ...commonReservations(keycloak.realm, plan),
    ...loss(scope, holders, stats),
    ...opening(plan),
  ];
  const { kept, remembered } = roles;
  return { resource, record, desired, plan, holders, reservations, kept, remembered };
}

/** Carries a retirement out; the record's entries about the server are forgotten with it. */
export async function applyRetirement(
  keycloak: Keycloak,
  { resource, record, desired, plan, remembered }: PlannedRetirement,
  snapshot: RealmSnapshot,
  applying: Applying,
): Promise<void> {
  if (plan.length > 0) {
    await applyAndVerify(keycloak, plan, desired, snapshot, { ...applying, back: true });
    await forgetServer(keycloak, applying, resource, record);
    await writeRecord(keycloak, { forget: allowedIn(record, resource) });
  }
  if (remembered) await writeRecord(keycloak, { forget: [remembered] });
}

/** The clients that hold the audience, and those on which mcpkc wrote something. */
async function touchedBy(
  keycloak: Keycloak,
  carriers: readonly string[],
  record: RealmRecord,
): Promise<Client[]> {
  const written = entriesOf(record, 'before').flatMap(({ what, of }) => (what === 'client' ? [of] : []));
  if (carriers.length === 0 && written.length === 0) return [];
  const names = new Set(written);
  const touched: Client[] = [];
  for await (const page of readAllClients(keycloak)) {
    touched.push(
      ...page.filter((client) => heldOf(client, carriers) !== 'none' || names.has(client.clientId)),
    );
  }
  return touched;
}

function loss(
  scope: string,
  holders: readonly Client[],
  stats: ReadonlyMap<string, SessionCount>,
): Reservation[] {
  if (holders.length === 0) return [];
  const lost = `${count(holders.length, 'client')} will lose '${scope}' and with it the MCP server: ${clientsText(holders)}.`;
  return [{ message: `${lost} ${sessionsSentence(holders, stats)}` }];
}

/** A Trusted Hosts policy that mcpkc made is removed again: registration is then as open as it was. */
function opening(plan: Plan): Reservation[] {
  if (!plan.some(({ kind, action }) => kind === 'trusted-hosts' && action === 'delete')) return [];
  return [
    {
      message:
        'The Trusted Hosts policy goes, which mcpkc made: anybody may register a client again, as before.',
    },
  ];
}

/** The record's entries about the server are forgotten with it. */
async function forgetServer(
  keycloak: Keycloak,
  { io, holder }: Applying,
  resource: string,
  record: RealmRecord,
): Promise<void> {
  const forget = record.entries.filter(
    (entry) =>
      (['wanted', 'adopted', 'looked-through'].includes(entry.kind) &&
        'resource' in entry &&
        entry.resource === resource) ||
      (entry.kind === 'wrote' && entry.what === RESOURCE_CLIENT && entry.of === resource),
  );
  const by = deedBy(holder);
  await writeRecord(keycloak, { remember: [deedOf(io, 'retired', resource, by)], forget });
}

/** Clients in a sentence, by id and name. */
export function clientsText(clients: readonly Client[]): string {
  const names = clients
    .slice(0, 20)
    .map(({ clientId, name }) => visible(name ? `${clientId} (${name})` : clientId));
  return names.join(', ') + (clients.length > 20 ? ` and ${clients.length - 20} more` : '');
}

/**
 * The number of sign-ins with clients that are about to lose something: each is somebody who uses the client, or did
 * lately.
 */
export function sessionsSentence(
  clients: readonly Client[],
  stats: ReadonlyMap<string, SessionCount>,
): string {
  const found = clients.flatMap(({ id }) => stats.get(id) ?? []);
  const online = found.reduce((sum, { active }) => sum + active, 0);
  const offline = found.reduce((sum, { offline: more }) => sum + more, 0);
  if (online + offline === 0) return 'Nobody is signed in with them now.';
  return `People are signed in with ${count(found.length, 'client')} of these: ${count(online, 'session')} and ${count(offline, 'offline session')}.`;
}
