import type { Keycloak } from '../keycloak/connection/connect.ts';
import { readConnections } from '../keycloak/read/connections.ts';
import { readReach, readRoleTree } from '../keycloak/read/role-holders.ts';
import { isSameRole, type Role, type RoleName, roleLabel } from '../realm/access.ts';
import { heldOf } from '../realm/mcp-scope.ts';
import type { NamedServer } from '../realm/mcp-server.ts';
import { brief, count, visible } from '../text.ts';
import type { AccessFacts } from './access.ts';
import type { Reservation } from './plan.ts';

const NAMED = 10;
/** In a realm with more users their consents are not read for this: each takes a request. */
const MOST_USERS = 1_000;

/**
 * The connected people from whom a restriction revokes the audience; connected by a session, offline ones too, or a
 * consent.
 */
interface Losing {
  people: string[];
  clients: string[];
  /** Parts that could not be counted, as sentences. */
  hidden: string[];
}

/**
 * The people who are connected by a client of the server and won't have one of these roles: their next refresh has no
 * audience.
 */
async function readLosing(
  keycloak: Keycloak,
  carriers: readonly string[],
  gates: readonly RoleName[],
  roles: readonly Role[],
): Promise<Losing> {
  const wish = { user: undefined, client: undefined, mostUsers: MOST_USERS, withoutEvents: true };
  const seen = await readConnections(keycloak, wish, () => {});
  const known = roles.filter((role) => gates.some((gate) => isSameRole(gate, role)));
  const reach =
    known.length === 0 ? undefined : await readReach(keycloak, known, await readRoleTree(keycloak, roles));
  const may = (id: string) => reach !== undefined && (reach.everybody || reach.people.has(id));
  const people = new Map<string, string>();
  const clients = seen.clients.filter((client) => {
    if (heldOf(client, carriers) === 'none') return false;
    const sessions = seen.sessions.filter((one) => one.client === client.id);
    const consents = seen.consents.filter((one) => one.clientId === client.clientId);
    const losing = [...sessions, ...consents].filter(({ userId }) => !may(userId));
    for (const { userId, username } of losing) people.set(userId, username);
    return losing.length > 0;
  });
  const called = clients.map(({ clientId, name }) =>
    name ? `${brief(name, 40)} (${visible(clientId)})` : visible(clientId),
  );
  return {
    people: [...people.values()].sort(),
    clients: called,
    hidden: [...seen.hidden, ...(reach?.hidden ?? [])],
  };
}

/** Losses of connected people by a restriction, which need a person's word. */
function losingReservations(
  { people, clients, hidden }: Losing,
  resource: string,
  gates: readonly RoleName[],
): Reservation[] {
  if (people.length === 0) return [];
  const listed = (all: readonly string[]) =>
    all.slice(0, NAMED).join(', ') + (all.length > NAMED ? ` and ${all.length - NAMED} more` : '');
  const roles = gates.map((one) => visible(roleLabel(one))).join(', ') || 'none';
  const unseen = hidden.map((one) => ` ${one}`).join('');
  const message = `${count(people.length, 'person', 'people')} (with ${count(clients.length, 'client')}) ${people.length === 1 ? 'is connected to' : 'are connected to'} ${visible(resource)} and ${people.length === 1 ? 'has' : 'have'} none of these roles (${roles}): ${listed(people.map((name) => visible(name)))}. Clients: ${listed(clients)}. Their next refresh has no audience.${unseen}`;
  return [{ message }];
}

/** Losses by a narrower rule, to be agreed to; nothing is read where it becomes no narrower. */
export async function collectNarrowingReservations(
  keycloak: Keycloak,
  { server: { resource, carriers, roles }, facts, gates }: Narrowing,
): Promise<Reservation[]> {
  // Restoring what mcpkc set and somebody undid is no new decision.
  const before = roles?.gates ?? facts.remembered?.roles.map((name) => ({ client: null, name }));
  const isNarrower =
    gates !== undefined &&
    (before === undefined || before.some((one) => !gates.some((gate) => isSameRole(gate, one))));
  if (!isNarrower || carriers.length === 0) return [];
  return losingReservations(await readLosing(keycloak, carriers, gates, facts.roles), resource, gates);
}

/** The server before it is narrowed, and who may use it afterwards. */
interface Narrowing {
  server: NamedServer;
  facts: AccessFacts;
  gates: readonly RoleName[] | undefined;
}
