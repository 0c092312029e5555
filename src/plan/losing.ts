import type { Keycloak } from '../keycloak/connection/connect.ts';
import { type Living, readLiving } from '../keycloak/read/living.ts';
import { hasOneOf } from '../keycloak/read/role-holders.ts';
import { isSameRole, type Role, type RoleName, roleLabel } from '../realm/access.ts';
import { carriersOf } from '../realm/mcp-scope.ts';
import type { RealmSnapshot } from '../realm/snapshot.ts';
import { brief, count, visible } from '../text.ts';
import { type AccessFacts, gatesNow } from './access.ts';
import type { Reservation } from './plan.ts';

/** As many people are asked for one by one; the rest counts as losing. */
const MOST_ASKED = 200;
const NAMED = 10;

/** Whom a restriction takes the audience from, of those who are signed in. */
export interface Losing {
  people: string[];
  clients: string[];
  /** Clients with sessions that were not looked at. */
  more: number;
}

/**
 * Who is signed in with a client of the server's and won't have one of these roles: their next refresh has no audience. Nobody,
 * where no session of such a client is there.
 */
export async function readLosing(
  keycloak: Keycloak,
  carriers: readonly string[],
  gates: readonly RoleName[],
  roles: readonly Role[],
): Promise<Losing> {
  const living = await readLiving(keycloak, carriers);
  const known = roles.filter((role) => gates.some((gate) => isSameRole(gate, role)));
  const may = new Map<string, boolean>();
  for (const id of [...idsIn(living)].slice(0, MOST_ASKED))
    may.set(id, known.length > 0 && (await hasOneOf(keycloak, id, known).catch(() => false)));
  const people = new Map<string, string>();
  const clients = living.clients.filter(({ users }) => {
    const losing = [...users].filter(([id]) => may.get(id) !== true);
    for (const [id, name] of losing) people.set(id, name);
    return losing.length > 0;
  });
  return {
    people: [...people.values()].sort(),
    clients: clients.map(({ client: { clientId, name } }) =>
      name ? `${brief(name, 40)} (${visible(clientId)})` : visible(clientId),
    ),
    more: living.more,
  };
}

function idsIn({ clients }: Living): Set<string> {
  return new Set(clients.flatMap(({ users }) => [...users.keys()]));
}

/** What a restriction takes from people who are connected needs a person's word. */
export function losingReservations(
  { people, clients, more }: Losing,
  resource: string,
  gates: readonly RoleName[],
): Reservation[] {
  if (people.length === 0 && more === 0) return [];
  const listed = (all: readonly string[]) =>
    all.slice(0, NAMED).join(', ') + (all.length > NAMED ? ` and ${all.length - NAMED} more` : '');
  const who = `${count(people.length, 'person', 'people')} with ${count(clients.length, 'client')} are connected to ${visible(resource)} and have none of these roles (${gates.map((one) => visible(roleLabel(one))).join(', ') || 'none'}): ${listed(people.map((name) => visible(name)))}. Clients: ${listed(clients)}. Their next refresh has no audience.`;
  const unseen = `${count(more, 'more client')} with sessions were not looked at: their people may lose ${visible(resource)} too.`;
  return [...(people.length > 0 ? [who] : []), ...(more > 0 ? [unseen] : [])].map((message) => ({ message }));
}

/** Whom a narrower rule takes the audience from, to be agreed to; nothing is read where it becomes no narrower. */
export async function narrowingReservations(
  keycloak: Keycloak,
  { resource, scope, snapshot, facts, gates }: Narrowing,
): Promise<Reservation[]> {
  // Restoring what mcpkc set and somebody undid is no new decision.
  const before = gatesNow(facts) ?? facts.remembered?.roles.map((name) => ({ client: null, name }));
  const isNarrower =
    gates !== undefined &&
    (before === undefined || before.some((one) => !gates.some((gate) => isSameRole(gate, one))));
  const carriers = carriersOf(scope, snapshot);
  if (!isNarrower || carriers.length === 0) return [];
  const losing = await readLosing(keycloak, carriers, gates, facts.roles);
  return losingReservations(losing, resource, gates);
}

/** The server before it is narrowed, and who may use it afterwards. */
interface Narrowing {
  resource: string;
  /** The scope that clients name. */
  scope: string;
  snapshot: RealmSnapshot;
  facts: AccessFacts;
  gates: readonly RoleName[] | undefined;
}
