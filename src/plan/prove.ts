import { McpkcError } from '../errors.ts';
import type { Keycloak } from '../keycloak/connection/connect.ts';
import { audienceOf, exampleClaims } from '../keycloak/read/example-token.ts';
import type { Client } from '../realm/representations.ts';
import { formatCommand } from '../text.ts';

/**
 * The audience of the token that this client would get, by Keycloak's own example (claims without a signature).
 * Throws CHANGE_NOT_KEPT where the resource isn't in it; undefined where the realm has no user to make one for.
 */
export async function proveAudience(
  { keycloak, resource }: { keycloak: Keycloak; resource: string },
  client: Pick<Client, 'id' | 'clientId'>,
  userId: string | undefined,
): Promise<string[] | undefined> {
  if (userId === undefined) return undefined;
  const audience = audienceOf(await exampleClaims(keycloak, client.id, userId));
  if (audience.includes(resource)) return audience;
  const message = `A token of '${client.clientId}' would not name ${resource} in aud (it has: ${audience.join(', ') || 'none'}).`;
  throw new McpkcError(
    'CHANGE_NOT_KEPT',
    message,
    `Why:\n${formatCommand(['status', ['--resource', resource]])}`,
  );
}
