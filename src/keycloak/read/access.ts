import { McpkcError } from '../../errors.ts';
import type { Role, ScopeAccess } from '../../realm/access.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import type { Keycloak } from '../connection/connect.ts';
import type { Attempt } from '../connection/failures.ts';
import { listOf, mapSome } from '../connection/lists.ts';
import { accountSees } from '../connection/own-roles.ts';

const MAPPINGS: Attempt = { what: 'read the roles that a client scope maps', role: 'view-clients' };
const ROLES: Attempt = { what: 'read the realm roles', role: 'view-realm' };

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

/** The roles that a client scope maps, of the realm and of clients. One request; 404 means that the scope is gone. */
export async function readScopeRoles(keycloak: Keycloak, id: string): Promise<Role[]> {
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

/** The roles that scopes map; a scope that isn't there maps none. A request for each scope that is. */
export async function readAccess(
  keycloak: Keycloak,
  snapshot: Pick<RealmSnapshot, 'scopes'>,
  names: readonly string[],
): Promise<ScopeAccess[]> {
  const there = snapshot.scopes.filter(({ name }) => names.includes(name));
  return mapSome(there, async ({ name, id }) => ({ scope: name, roles: await readScopeRoles(keycloak, id) }));
}

const EXPORT: Attempt = { what: 'read what all client scopes map', role: 'manage-realm' };

/**
 * The roles that scopes map, read at once: one request for the whole realm where the account may export it (`manage-realm`; neither
 * clients nor roles are in the export, and secrets are masked, 26.7.4), else one for each scope that is there. `roles` are
 * the realm's. Roles of clients are read scope by scope: the export names them without their ids.
 */
export async function readAllAccess(
  keycloak: Keycloak,
  snapshot: Pick<RealmSnapshot, 'scopes'>,
  names: readonly string[],
  roles: readonly Role[],
): Promise<ScopeAccess[]> {
  const there = snapshot.scopes.filter(({ name }) => names.includes(name));
  if (there.length < 2 || !(await accountSees(keycloak, 'manage-realm')))
    return readAccess(keycloak, snapshot, names);
  const found = await exportedMappings(keycloak);
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
async function exportedMappings(
  keycloak: Keycloak,
): Promise<{ scopeMappings?: Raw[]; clientScopeMappings?: Record<string, Raw[]> } | undefined> {
  const { realm } = keycloak;
  try {
    return (await keycloak.read(EXPORT, (admin) =>
      admin.realms.export({ realm, exportClients: false, exportGroupsAndRoles: false }),
    )) as { scopeMappings?: Raw[]; clientScopeMappings?: Record<string, Raw[]> };
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
