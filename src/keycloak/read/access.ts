import { McpkcError } from '../../errors.ts';
import type { Role, ScopeAccess } from '../../realm/access.ts';
import { isKeycloakId } from '../../realm/representations.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import type { Keycloak } from '../connection/connect.ts';
import { type Attempt, statusOf } from '../connection/failures.ts';
import { getPath } from '../connection/get.ts';
import { listOf, mapSome } from '../connection/lists.ts';
import { canAccountSee } from '../connection/own-roles.ts';

const MAPPINGS: Attempt = { what: 'read the roles that a client scope maps', role: 'view-clients' };
const ROLES: Attempt = { what: 'read the realm roles', role: 'view-realm' };

/** Answers to a path that isn't there, or not for this account. */
const NOT_TOLD: readonly number[] = [403, 404, 405];

/** Roles of a page; the list is sorted by name (26.7.4). */
const PAGE = 100;

type Raw = Record<string, unknown>;

const text = (value: unknown) => (typeof value === 'string' ? value : '');

function roleOf(raw: Raw, client: string | null, clientUuid?: string): Role {
  return {
    client,
    name: text(raw.name),
    id: text(raw.id),
    composite: raw.composite === true,
    ...(clientUuid === undefined ? {} : { clientUuid }),
  };
}

/**
 * The roles that a client scope maps, of the realm and of clients; 404 means that the scope is gone. Keycloak lists all of
 * them only by a look at every client (26.7.4: 1 s at 50,000, and its cache is full of them afterwards). So those of
 * clients are asked for client by client, where the admin console's own list names any.
 */
export async function readScopeRoles(keycloak: Keycloak, id: string): Promise<Role[]> {
  const [ofRealm, clients] = await Promise.all([
    keycloak.read(MAPPINGS, (admin) => admin.clientScopes.listRealmScopeMappings({ id })),
    clientsOfMappedRoles(keycloak, id),
  ]);
  if (clients === undefined) return readAllScopeRoles(keycloak, id);
  const ofClients = await mapSome([...clients], async ([uuid, client]) => {
    const mappings = await keycloak.read(MAPPINGS, (admin) =>
      admin.clientScopes.listClientScopeMappings({ id, client: uuid }),
    );
    return listOf(mappings, MAPPINGS).map((raw) => roleOf(raw as Raw, client, uuid));
  });
  return [...listOf(ofRealm, MAPPINGS).map((raw) => roleOf(raw as Raw, null)), ...ofClients.flat()];
}

/** The same by one request that looks at every client. */
async function readAllScopeRoles(keycloak: Keycloak, id: string): Promise<Role[]> {
  const found = (await keycloak.read(MAPPINGS, (admin) => admin.clientScopes.listScopeMappings({ id }))) as {
    realmMappings?: Raw[];
    clientMappings?: Record<string, { id?: unknown; client?: unknown; mappings?: Raw[] }>;
  };
  const ofRealm = (found.realmMappings ?? []).map((raw) => roleOf(raw, null));
  const ofClients = Object.values(found.clientMappings ?? {}).flatMap(({ id: uuid, client, mappings = [] }) =>
    mappings.map((raw) => roleOf(raw, text(client), text(uuid))),
  );
  return [...ofRealm, ...ofClients];
}

/**
 * The clients of the client roles that a scope maps, themselves or in composites: internal id → client id. Undefined where
 * the server doesn't tell: the path is the admin console's own (26.4.0 to 26.7.4), no documented one.
 */
async function clientsOfMappedRoles(
  keycloak: Keycloak,
  id: string,
): Promise<ReadonlyMap<string, string> | undefined> {
  let found: unknown;
  try {
    found = await getPath(
      keycloak,
      MAPPINGS,
      `ui-ext/effective-roles/clientScopes/${encodeURIComponent(id)}`,
    );
  } catch (error) {
    if (NOT_TOLD.includes(statusOf(error) ?? 0)) return undefined;
    throw error;
  }
  if (!Array.isArray(found)) return undefined;
  const clients = new Map<string, string>();
  for (const { clientId: uuid, client } of found as Raw[]) {
    if (!isKeycloakId(text(uuid))) return undefined;
    clients.set(text(uuid), text(client));
  }
  return clients;
}

/** The roles that scopes map; a scope that isn't there maps none. Two requests for each scope that is. */
export async function readAccess(
  keycloak: Keycloak,
  snapshot: Pick<RealmSnapshot, 'scopes'>,
  names: readonly string[],
): Promise<ScopeAccess[]> {
  const there = snapshot.scopes.filter(({ name }) => names.includes(name));
  return mapSome(there, async ({ name, id }) => ({ scope: name, roles: await readScopeRoles(keycloak, id) }));
}

const EXPORT: Attempt = { what: 'read what all client scopes map', role: 'manage-realm' };

/** The roles that client scopes map, by the realm's export. */
type Mappings = { scopeMappings?: Raw[]; clientScopeMappings?: Record<string, Raw[]> };

/**
 * The roles that all scopes map, in one request, where that is worth it and the account may export the realm
 * (`manage-realm`; neither clients nor roles are in the export, and secrets are masked, 26.7.4).
 */
export async function readMappings(
  keycloak: Keycloak,
  scopes: readonly unknown[],
): Promise<Mappings | undefined> {
  if (scopes.length < 2 || !(await canAccountSee(keycloak, 'manage-realm'))) return undefined;
  return exportedMappings(keycloak);
}

/**
 * The roles that scopes map, read at once where the realm can be exported, else a request for each scope that is there.
 * `roles` are the realm's; `mappings` were read already. Roles of clients are read scope by scope: the export names them
 * without their ids.
 */
export async function readAllAccess(
  keycloak: Keycloak,
  snapshot: Pick<RealmSnapshot, 'scopes'>,
  names: readonly string[],
  roles: readonly Role[],
  mappings?: Mappings,
): Promise<ScopeAccess[]> {
  const there = snapshot.scopes.filter(({ name }) => names.includes(name));
  const found = mappings ?? (await readMappings(keycloak, there));
  if (found === undefined) return readAccess(keycloak, snapshot, names);
  const ofRealm = (name: string) =>
    (found.scopeMappings ?? []).filter((one) => one.clientScope === name).flatMap((one) => listed(one.roles));
  const ofClients = Object.values(found.clientScopeMappings ?? {}).flat();
  // A role that was made since the roles were read, and any of a client, is asked for.
  const isPlain = (name: string) =>
    !ofClients.some((one) => one.clientScope === name) &&
    ofRealm(name).every((role) => roles.some((one) => one.name === role));
  const asked = await readAccess(
    keycloak,
    { scopes: there },
    there.map(({ name }) => name).filter((name) => !isPlain(name)),
  );
  return there.map(
    ({ name }) =>
      asked.find(({ scope }) => scope === name) ?? {
        scope: name,
        roles: ofRealm(name).flatMap((role) => roles.filter((one) => one.name === role)),
      },
  );
}

/** The mappings in the realm's export; undefined where it is refused, also by a proxy in between: then each scope is asked. */
async function exportedMappings(keycloak: Keycloak): Promise<Mappings | undefined> {
  const { realm } = keycloak;
  try {
    return (await keycloak.read(EXPORT, (admin) =>
      admin.realms.export({ realm, exportClients: false, exportGroupsAndRoles: false }),
    )) as Mappings;
  } catch (error) {
    if (error instanceof McpkcError && error.exitStatus === 4) return undefined;
    throw error;
  }
}

const listed = (value: unknown): string[] => (Array.isArray(value) ? value.map(text) : []);

/** Every role of the realm, without those of clients; a hundred a request. */
export async function readRealmRoles(keycloak: Keycloak): Promise<Role[]> {
  const roles: Role[] = [];
  for (let first = 0; ; first += PAGE) {
    const page = listOf(
      await keycloak.read(ROLES, (admin) =>
        admin.roles.find({ first, max: PAGE, briefRepresentation: true }),
      ),
      ROLES,
    );
    roles.push(...page.map((raw) => roleOf(raw as Raw, null)));
    if (page.length < PAGE) return roles;
  }
}

/** The realm role with this name as it is now; undefined where there is none. */
export async function findRealmRole(keycloak: Keycloak, name: string): Promise<Role | undefined> {
  const found: unknown = await keycloak.read({ ...ROLES, what: `read the realm role '${name}'` }, (admin) =>
    admin.roles.findOneByName({ name }),
  );
  return typeof found === 'object' && found !== null ? roleOf(found as Raw, null) : undefined;
}
