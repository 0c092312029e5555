import { McpkcError } from '../../errors.ts';
import { AUDIENCE_MAPPER } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import { type Attempt, statusOf } from '../connection/failures.ts';

const attempt = (what: string): Attempt => ({ what, role: 'manage-clients' });

/** Does something that takes `manage-clients`; false where the account lacks the role, or the client is gone. */
async function ifAllowed(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    const gone = statusOf(error) === 404;
    if (gone || (error instanceof McpkcError && error.code === 'ROLE_MISSING')) return false;
    throw error;
  }
}

/** Removes a probe; false where the account may not. One that is gone already counts as removed. */
export async function removeClient(keycloak: Keycloak, id: string): Promise<boolean> {
  try {
    await keycloak.replace(attempt('remove a probe client'), (admin) => admin.clients.del({ id }));
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return true;
    if (error instanceof McpkcError && error.code === 'ROLE_MISSING') return false;
    throw error;
  }
}

/** Gives a probe the audience scope for the moment; false where the account may not. */
export function lendScope(keycloak: Keycloak, id: string, clientScopeId: string): Promise<boolean> {
  return ifAllowed(
    keycloak.replace(attempt('lend the scope to a probe client'), (admin) =>
      admin.clients.addDefaultClientScope({ id, clientScopeId }),
    ),
  );
}

/** Lets a probe's tokens name another audience; false where the account may not. */
export function lendAudience(keycloak: Keycloak, id: string, audience: string): Promise<boolean> {
  const mapper = {
    name: 'mcpkc-probe-audience',
    protocol: 'openid-connect',
    protocolMapper: AUDIENCE_MAPPER,
    config: { 'included.custom.audience': audience, 'access.token.claim': 'true', 'id.token.claim': 'false' },
  };
  return ifAllowed(
    keycloak.create(attempt('give a probe client another audience'), (admin) =>
      admin.clients.addProtocolMapper({ id }, mapper),
    ),
  );
}

/** Lets a probe use another redirect URI, beside its own; false where the account may not. */
export function lendRedirect(keycloak: Keycloak, id: string, redirectUris: string[]): Promise<boolean> {
  return ifAllowed(
    keycloak.replace(attempt('give a probe client a redirect URI'), (admin) =>
      admin.clients.update({ id }, { redirectUris }),
    ),
  );
}

/** The id of the user of this name, or undefined. */
export async function userNamed(keycloak: Keycloak, username: string): Promise<string | undefined> {
  const found = await keycloak.read({ what: 'find the user of --user', role: 'view-users' }, (admin) =>
    admin.users.find({ username, exact: true, max: 1 }),
  );
  return found[0]?.id;
}
