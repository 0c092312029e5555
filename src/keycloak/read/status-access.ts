import { distinctRoles, gatesOf, isNobodyRole, type Role, type ScopeAccess } from '../../realm/access.ts';
import { isAudienceScope, nameScopeOf } from '../../realm/mcp-scope.ts';
import { entriesOf, type RealmRecord } from '../../realm/record.ts';
import type { ClientScope } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import { mapSome } from '../connection/lists.ts';
import { readAccess, readRealmRoles } from './access.ts';
import { findHolder, isHeld, readRoleTree } from './role-holders.ts';

/** The access to MCP servers, as `status` reads it. */
export interface SeenAccess {
  /** The roles that the scopes of MCP servers map. */
  mapped: ScopeAccess[];
  /** Every realm role; none where no server is restricted, nor was. */
  roles: Role[];
}

/** The holders of the roles that servers are bound to, by internal id of the role. */
export interface SeenHolders {
  /** Gates that everybody has, since a default role is one or contains it. */
  defaults: string[];
  /** Gates that nobody has. */
  unused: string[];
  /** Roles that nobody may have, and somebody or something does. */
  held: string[];
}

/**
 * Reads the roles that the scopes of MCP servers map: a request for each, and the realm's roles where one is
 * restricted, or was.
 */
export async function readSeenAccess(
  keycloak: Keycloak,
  scopes: readonly ClientScope[],
  record: RealmRecord | undefined,
): Promise<SeenAccess> {
  const names = scopes
    .filter((scope) => isAudienceScope(scope) || nameScopeOf(scope) !== undefined)
    .map(({ name }) => name);
  const mapped = await readAccess(keycloak, { scopes: [...scopes] }, names);
  const isRestricted = mapped.some(({ roles }) => roles.length > 0);
  const was = record !== undefined && entriesOf(record, 'access').length > 0;
  return { mapped, roles: isRestricted || was ? await readRealmRoles(keycloak) : [] };
}

/** Reads whether anybody has the roles of restricted servers; nothing where none is restricted. */
export async function readSeenHolders(
  keycloak: Keycloak,
  { mapped, roles }: SeenAccess,
): Promise<SeenHolders> {
  const all = distinctRoles(mapped.flatMap((one) => one.roles));
  if (all.length === 0) return { defaults: [], unused: [], held: [] };
  const tree = await readRoleTree(keycloak, roles);
  const gates = gatesOf(all);
  const defaults = gates.filter(
    ({ id }) => id === tree.defaultRole || tree.containersOf(id).some((one) => one.id === tree.defaultRole),
  );
  const found = await mapSome(
    gates.filter((gate) => !defaults.includes(gate)),
    async (gate) => ((await findHolder(keycloak, [gate], tree)) === undefined ? [gate.id] : []),
  );
  const held = await mapSome(all.filter(isNobodyRole), async (role) =>
    (await isHeld(keycloak, role, tree)) ? [role.id] : [],
  );
  return { defaults: defaults.map(({ id }) => id), unused: found.flat(), held: held.flat() };
}
