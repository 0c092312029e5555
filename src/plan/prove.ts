import { McpkcError } from '../errors.ts';
import type { Keycloak } from '../keycloak/connection/connect.ts';
import { audienceOf, findExampleUser, readExampleClaims } from '../keycloak/read/example-token.ts';
import { findHolder, readRoleTree } from '../keycloak/read/role-holders.ts';
import type { Role, RoleName } from '../realm/access.ts';
import type { Client } from '../realm/representations.ts';
import { formatCommand } from '../text.ts';

/**
 * A person who may use the server: with one of its roles, where it is bound to some (`gateRoles`: those of them that
 * are there). Undefined where nobody has one.
 */
export async function findProvingUser({
  keycloak,
  gates,
  gateRoles,
}: {
  keycloak: Keycloak;
  gates: readonly RoleName[] | undefined;
  gateRoles: readonly Role[];
}): Promise<string | undefined> {
  if (gates === undefined) return findExampleUser(keycloak);
  if (gateRoles.length === 0) return undefined;
  const found = await findHolder(keycloak, gateRoles, await readRoleTree(keycloak));
  return found === 'unknown' ? undefined : found?.id;
}

/**
 * The audience of the token that this client would get, by Keycloak's own example (claims without a signature).
 * Throws CHANGE_NOT_KEPT where the resource isn't in it; undefined where nobody is there to make one for.
 */
export async function proveAudience(
  { keycloak, resource }: { keycloak: Keycloak; resource: string },
  client: Pick<Client, 'id' | 'clientId'>,
  userId: string | undefined,
): Promise<string[] | undefined> {
  if (userId === undefined) return undefined;
  const audience = audienceOf(await readExampleClaims(keycloak, client.id, userId));
  if (audience.includes(resource)) return audience;
  const message = `A token of '${client.clientId}' would not name ${resource} in aud (it has: ${audience.join(', ') || 'none'}).`;
  throw new McpkcError(
    'CHANGE_NOT_KEPT',
    message,
    `Why:\n${formatCommand(['status', ['--resource', resource]])}`,
  );
}
