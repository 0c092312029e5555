import { McpkcError } from '../../errors.ts';
import type { Change } from '../../plan/plan.ts';
import { isSameRole, type Role, type RoleName, roleLabel } from '../../realm/access.ts';
import { visible } from '../../text.ts';
import type { Keycloak } from '../connection/connect.ts';
import { type Attempt, statusOf } from '../connection/failures.ts';
import { findRealmRole, readScopeRoles } from '../read/access.ts';
import { findHolderNamed } from '../read/role-holders.ts';
import type { ScopeIds } from './write-scopes.ts';

/** From 26.7 on writing a realm role takes `manage-realm` beside it (26.4.0, 26.5.6: `manage-clients` alone). */
const role = (what: string): Attempt => ({ what, role: 'manage-clients', newerRole: 'manage-realm' });
const mapping = (what: string): Attempt => ({ what, role: 'manage-clients' });

/** ROLE_COMPOSITE: a role that contains others lets in anybody who has one of them. */
export function compositeRoleError(name: string): McpkcError {
  const message = `The realm role '${visible(name)}' contains other roles. Keycloak would let in anybody who has one of those.`;
  const fix =
    'Name a role that contains none (one that isn’t there yet is made), and put that one into the composite: anybody who has the composite has it then.';
  return new McpkcError('ROLE_COMPOSITE', message, fix, { details: { role: name } });
}

/** Makes a realm role, or deletes one. */
export async function writeRealmRole(
  keycloak: Keycloak,
  { action, key: name, after }: Change<'realm-role'>,
): Promise<void> {
  if (action === 'delete') {
    await keycloak
      .replace(role(`delete the realm role '${name}'`), (admin) => admin.roles.delByName({ name }))
      .catch(ignoreGone);
    return;
  }
  const description = after?.description ?? '';
  try {
    await keycloak.replace(role(`make the realm role '${name}'`), (admin) =>
      admin.roles.create({ name, description }),
    );
  } catch (error) {
    // Another run made it meanwhile, or the answer to this request was lost. Its content is looked at when it is
    // mapped.
    if (statusOf(error) !== 409) throw error;
  }
}

/**
 * Maps roles on a scope and removes others from it. Additions come first, in one request for the realm's roles.
 * Removals go after them, the realm's last. At no moment does the scope map nothing, unless that was asked for.
 */
export async function writeScopeAccess(
  keycloak: Keycloak,
  ids: ScopeIds,
  change: Change<'scope-access'>,
): Promise<void> {
  const { key: scope } = change;
  const wanted = change.after?.roles ?? [];
  const id = await ids.of(scope);
  const now = await readScopeRoles(keycloak, id);
  const missing = wanted.filter((one) => !now.some((other) => isSameRole(one, other)));
  const found = await Promise.all(missing.map((one) => roleNow(keycloak, one)));
  for (const one of found) if (one.composite) throw compositeRoleError(roleLabel(one));
  const what = mapping(`change who may use the scope '${scope}'`);
  await add(keycloak, id, found, what);
  // Roles that somebody else mapped since the plan was made stay; reading back then names them.
  const planned = change.before?.roles ?? [];
  const gone = now.filter(
    (one) =>
      planned.some((other) => isSameRole(one, other)) && !wanted.some((other) => isSameRole(one, other)),
  );
  await takeOff(keycloak, id, gone, what);
}

async function add(keycloak: Keycloak, id: string, roles: readonly Role[], what: Attempt): Promise<void> {
  const { realm, clients } = byClient(roles);
  if (realm.length > 0)
    await keycloak.replace(what, (admin) => admin.clientScopes.addRealmScopeMappings({ id }, realm));
  for (const [client, some] of clients)
    await keycloak.replace(what, (admin) => admin.clientScopes.addClientScopeMappings({ id, client }, some));
}

async function takeOff(keycloak: Keycloak, id: string, roles: readonly Role[], what: Attempt): Promise<void> {
  const { realm, clients } = byClient(roles);
  for (const [client, some] of clients)
    await keycloak
      .replace(what, (admin) => admin.clientScopes.delClientScopeMappings({ id, client }, some))
      .catch(ignoreGone);
  // Never without a body: Keycloak then removes every role (26.4.0, 26.7.4).
  if (realm.length > 0)
    await keycloak
      .replace(what, (admin) => admin.clientScopes.delRealmScopeMappings({ id }, realm))
      .catch(ignoreGone);
}

/** Roles as Keycloak wants them (id and name: the name alone is 500), those of each client apart. */
function byClient(roles: readonly Role[]) {
  const body = ({ id, name }: Role) => ({ id, name });
  const clients = new Map<string, ReturnType<typeof body>[]>();
  for (const one of roles.filter(({ client }) => client !== null)) {
    const uuid = one.clientUuid ?? '';
    clients.set(uuid, [...(clients.get(uuid) ?? []), body(one)]);
  }
  return { realm: roles.filter(({ client }) => client === null).map(body), clients };
}

/** The role as it is now: its state when the plan was made decides nothing. */
async function roleNow(keycloak: Keycloak, wanted: RoleName): Promise<Role> {
  const found =
    wanted.client === null ? await findRealmRole(keycloak, wanted.name) : await clientRole(keycloak, wanted);
  if (found) return found;
  const message = `The role '${visible(roleLabel(wanted))}' is gone from realm '${keycloak.realm}'.`;
  throw new McpkcError('CHANGE_NOT_KEPT', message, 'Somebody deleted it meanwhile; run the command again.');
}

async function clientRole(keycloak: Keycloak, { client, name }: RoleName): Promise<Role | undefined> {
  const what: Attempt = { what: `read the role '${name}' of the client '${client}'`, role: 'view-clients' };
  const [owner] = await keycloak.read(what, (admin) => admin.clients.find({ clientId: client ?? '' }));
  const id = owner?.id;
  if (id === undefined) return undefined;
  const found: unknown = await keycloak.read(what, (admin) => admin.clients.findRole({ id, roleName: name }));
  if (typeof found !== 'object' || found === null) return undefined;
  const { id: roleId, composite } = found as { id?: unknown; composite?: unknown };
  return { client, name, id: String(roleId), composite: composite === true, clientUuid: id };
}

/** Grants a role to a group or a user. It takes `manage-users`, which `init` doesn't grant. */
export async function writeRoleHolder(keycloak: Keycloak, { after }: Change<'role-holder'>): Promise<void> {
  if (after === null) return;
  const { kind, name } = after;
  const found = await findHolderNamed(keycloak, kind, name);
  const granted = await roleNow(keycloak, { client: null, name: after.role });
  if (granted.composite) throw compositeRoleError(granted.name);
  if (!found) {
    const message = `The ${kind} '${visible(name)}' is gone from realm '${keycloak.realm}'.`;
    throw new McpkcError('CHANGE_NOT_KEPT', message, 'Somebody deleted it meanwhile; run the command again.');
  }
  const { id } = found;
  const roles = [{ id: granted.id, name: granted.name }];
  const what: Attempt = {
    what: `grant the role '${granted.name}' to the ${kind} '${name}'`,
    role: 'manage-users',
  };
  await keycloak.replace(what, (admin) =>
    kind === 'user'
      ? admin.users.addRealmRoleMappings({ id, roles })
      : admin.groups.addRealmRoleMappings({ id, roles }),
  );
}

function ignoreGone(error: unknown): void {
  if (statusOf(error) !== 404) throw error;
}
