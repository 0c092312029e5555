/**
 * The access to an MCP server, as far as the issuer decides it: roles mapped on the scopes that carry its audience.
 * With roles mapped, Keycloak puts a scope's audience only into tokens of users who have one of them; without any, into
 * everybody's (26.4.0, 26.5.6, 26.7.4). So each restricted scope also maps a role that nobody holds: a gate role that
 * is deleted then shuts the server instead of opening it.
 */

/** A role as an operator names it; `client` is the client id of a client role, null for a realm role. */
export interface RoleName {
  client: string | null;
  name: string;
}

/** A role as Keycloak has it. */
export interface Role extends RoleName {
  id: string;
  /** It contains other roles. Mapped on a scope it lets in anybody who has one of them. */
  composite: boolean;
  /** Internal id of the client of a client role. */
  clientUuid?: string;
}

/** The roles that a client scope maps. */
export interface ScopeAccess {
  scope: string;
  roles: Role[];
}

/** The role that nobody holds. Where it can't be trusted any more, one of the same name with an ending takes its place. */
export const NOBODY_ROLE = 'mcpkc-nobody';
const NOBODY = /^mcpkc-nobody(?:-[0-9a-f]{8})?$/;
/** Realm roles that mcpkc keeps for itself: no person is granted one, and no server is bound to one. */
const RESERVED = /^mcpkc-/;

/** A fresh name for the role that nobody holds. */
export function newNobodyRole(): string {
  return `${NOBODY_ROLE}-${crypto.randomUUID().slice(0, 8)}`;
}

/** Whether a role is one that nobody holds. */
export function isNobodyRole({ client, name }: RoleName): boolean {
  return client === null && NOBODY.test(name);
}

/** Whether a realm role's name is one of mcpkc's own. */
export function isReservedRole(name: string): boolean {
  return RESERVED.test(name);
}

/** A role in one word: `finance`, or `tools/admin` for the role of a client. */
export function roleLabel({ client, name }: RoleName): string {
  return client === null ? name : `${client}/${name}`;
}

/** Whether two names mean one role. */
export function isSameRole(a: RoleName, b: RoleName): boolean {
  return a.client === b.client && a.name === b.name;
}

/** Roles, each once. */
export function distinctRoles<R extends RoleName>(roles: readonly R[]): R[] {
  return roles.filter((role, at) => roles.findIndex((other) => isSameRole(role, other)) === at);
}

/** The roles that let people in: all that are mapped but the role that nobody holds. */
export function gatesOf<R extends RoleName>(roles: readonly R[]): R[] {
  return roles.filter((role) => !isNobodyRole(role));
}

/** The roles that a scope maps; none where it wasn't read or lets everybody in. */
export function rolesOf(access: readonly ScopeAccess[], scope: string): Role[] {
  return access.find((one) => one.scope === scope)?.roles ?? [];
}

/** The roles that any of these scopes maps, each once. */
export function rolesOn(access: readonly ScopeAccess[], scopes: readonly string[]): Role[] {
  return distinctRoles(scopes.flatMap((scope) => rolesOf(access, scope)));
}

/** The role among many that a person named: a realm role, or `<client id>/<role>` of one that is there. */
export function roleLabelled<R extends RoleName>(roles: readonly R[], label: string): R | undefined {
  return (
    roles.find((role) => role.client === null && role.name === label) ??
    roles.find((role) => roleLabel(role) === label)
  );
}
