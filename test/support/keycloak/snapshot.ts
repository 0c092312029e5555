import { mapSome } from '../../../src/keycloak/connection/lists.ts';
import type { Admin } from '../../../tools/keycloak/admin.ts';

/** What Keycloak says of one thing. */
export type Representation = Record<string, unknown>;

/** A realm as plain JSON: keys sorted, lists without an order of their own sorted, ids and all other fields kept. */
export interface RealmSnapshot {
  realm: Representation;
  clientScopes: Representation[];
  defaultScopes: string[];
  optionalScopes: string[];
  components: Representation[];
  /** As stored: their order counts. */
  clientPolicies: Representation;
  clientProfiles: Representation;
  clients: Representation[];
  realmRoles: Representation[];
  /** By clientId. */
  clientRoles: Record<string, Representation[]>;
  /** The roles of each service account, by clientId. */
  serviceAccountRoles: Record<string, Representation>;
  eventsConfig: Representation;
}

type Path = (rest?: string) => string;

const PAGE = 100;

/** Reads everything that mcpkc, or a slip of it, could change in a realm. */
export async function snapshotOf(admin: Admin, path: Path): Promise<RealmSnapshot> {
  const get = <T>(rest: string) => admin.get<T>(path(rest));
  const clients = await allClients(admin, path);
  const [realm, clientScopes, defaults, optionals, components, policies, profiles, roles, events] =
    await Promise.all([
      admin.get<Representation>(path()),
      get<Representation[]>('client-scopes'),
      get<Representation[]>('default-default-client-scopes'),
      get<Representation[]>('default-optional-client-scopes'),
      get<Representation[]>('components'),
      get<Representation>('client-policies/policies'),
      get<Representation>('client-policies/profiles'),
      get<Representation[]>('roles?briefRepresentation=false&max=10000'),
      get<Representation>('events/config'),
    ]);
  const ofClient = await mapSome(clients, async (client) => {
    const own = `clients/${client.id}`;
    const clientRoles = await get<Representation[]>(`${own}/roles?briefRepresentation=false`);
    if (client.serviceAccountsEnabled !== true) return { clientRoles };
    const user = await get<Representation>(`${own}/service-account-user`);
    return { clientRoles, account: await get<Representation>(`users/${user.id}/role-mappings`) };
  });
  const byClient = <T>(pick: (of: (typeof ofClient)[number]) => T | undefined) =>
    Object.fromEntries(
      clients.flatMap((client, at) => {
        const of = ofClient[at];
        const value = of && pick(of);
        return value === undefined ? [] : [[String(client.clientId), value] as const];
      }),
    );
  const snapshot = {
    realm,
    clientScopes,
    defaultScopes: defaults.map((scope) => String(scope.name)),
    optionalScopes: optionals.map((scope) => String(scope.name)),
    components,
    clients,
    realmRoles: roles,
    clientRoles: byClient(({ clientRoles }) => (clientRoles.length > 0 ? clientRoles : undefined)),
    serviceAccountRoles: byClient(({ account }) => account),
    eventsConfig: events,
  };
  return {
    ...(sorted(snapshot, true) as typeof snapshot),
    clientPolicies: sorted(policies, false) as Representation,
    clientProfiles: sorted(profiles, false) as Representation,
  };
}

async function allClients(admin: Admin, path: Path): Promise<Representation[]> {
  const all: Representation[] = [];
  for (let first = 0; ; first += PAGE) {
    const page = await admin.get<Representation[]>(path(`clients?first=${first}&max=${PAGE}`));
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}

/** Sorts keys; with `lists`, also lists of plain values and lists of things that have an id or a name. */
export function sorted(value: unknown, lists: boolean): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => sorted(item, lists));
    return lists ? items.sort((a, b) => compare(sortKey(a), sortKey(b))) : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => compare(a, b));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner, lists)]));
}

function sortKey(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const { clientId, name, id } = value as Representation;
  return [clientId, name, id].map((part) => String(part ?? '')).join(' ');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
