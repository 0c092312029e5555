import { findExampleUser } from '../keycloak/read/example-token.ts';
import { findHolder, findHolderNamed, hasOneOf, readRoleTree } from '../keycloak/read/role-holders.ts';
import { roleLabel } from '../realm/access.ts';
import { formatCommand, listNames, visible } from '../text.ts';
import type { Inside } from './inside.ts';

/** The user for whom example tokens are made. */
export interface ProvingUser {
  id: string | undefined;
  /** The username, where the server is bound to roles, or where it was named (`--user`). */
  username: string | undefined;
  /** Whether the user has one of the server's roles, or everybody may use it. */
  may: boolean;
  /** The reason why there is nobody, and the way out. */
  message: string;
  fix: string;
}

/** Somebody who may not use the server: the counter-proof. */
export interface Barred {
  id: string;
  username: string;
}

/**
 * A user who may use the server: the one who was named, else one who is found. Where it is bound to roles, one who has
 * one of them.
 */
export async function chooseProvingUser(
  { keycloak, server }: Inside,
  named: string | undefined,
): Promise<ProvingUser> {
  const { roles: { gates } = {}, resource: mcp } = server;
  const given = named === undefined ? undefined : (await findHolderNamed(keycloak, 'user', named))?.id;
  if (gates === undefined) {
    const id = named === undefined ? await findExampleUser(keycloak) : given;
    const message = 'There is no user to ask for.';
    return { id, username: named, may: true, message, fix: 'Name one: --user <name>' };
  }
  const roles = listNames(gates.map(roleLabel)) || 'none';
  const fix = `To see who may use it:\n${formatCommand(['access', mcp])}`;
  if (named !== undefined) {
    const may = given !== undefined && (await hasOneOf(keycloak, given, gates));
    const message = `${visible(named)} may not use this server: that takes the role ${roles}.`;
    return { id: given, username: named, may, message, fix };
  }
  const found =
    gates.length === 0 ? undefined : await findHolder(keycloak, gates, await readRoleTree(keycloak));
  const person = found === 'unknown' ? undefined : found;
  return {
    id: person?.id,
    username: person?.username,
    may: person !== undefined,
    message: `Nobody was found who may use this server (role ${roles}).`,
    fix,
  };
}

/** The number of users who are asked for their roles to find one without. */
const MOST_ASKED = 20;

/** A user without the server's roles: the account's own, where it has none of them, else one of the realm. */
export async function findBarredUser({ keycloak, server }: Inside): Promise<Barred | undefined> {
  const gates = server.roles?.gates;
  if (gates === undefined) return undefined;
  const own = await findExampleUser(keycloak);
  const isBarred = async (id: string) => gates.length === 0 || !(await hasOneOf(keycloak, id, gates));
  if (own !== undefined && (await isBarred(own)))
    return { id: own, username: `the account '${keycloak.place.account}'` };
  const users = await keycloak.read({ what: 'find a user without the role', role: 'view-users' }, (admin) =>
    admin.users.find({ max: MOST_ASKED, briefRepresentation: true }),
  );
  for (const { id, username } of users)
    if (id !== undefined && (await isBarred(id))) return { id, username: visible(username ?? id) };
  return undefined;
}
