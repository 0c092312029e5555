import type { Keycloak } from '../connection/connect.ts';
import { findClient } from './clients.ts';

const TOKEN = { what: 'generate an example token', role: 'view-users' } as const;
const ACCOUNT = { what: 'read the service account’s user', role: 'view-clients' } as const;

/**
 * The user for whom example tokens are generated: the service account's own, or, where the account lives in `master`,
 * any user of the realm. Undefined where the realm has none.
 */
export async function findExampleUser(keycloak: Keycloak): Promise<string | undefined> {
  if (keycloak.accountRealm === keycloak.realm) {
    const own = await findClient(keycloak, keycloak.place.account);
    if (own) {
      const user = await keycloak.read(ACCOUNT, (admin) =>
        admin.clients.getServiceAccountUser({ id: own.id }),
      );
      if (typeof user.id === 'string') return user.id;
    }
  }
  const users = await keycloak.read({ ...TOKEN, what: 'find a user for example tokens' }, (admin) =>
    admin.users.find({ max: 1 }),
  );
  return users[0]?.id;
}

/** The claims that a token of this client would have for a user: evidence only, it carries no signature. */
export async function readExampleClaims(
  keycloak: Keycloak,
  id: string,
  userId: string,
  scope = 'openid',
): Promise<Record<string, unknown>> {
  const claims: unknown = await keycloak.read(TOKEN, (admin) =>
    // The admin client names the parameter, whatever its declaration of this call shows.
    admin.clients.evaluateGenerateAccessToken({ id, userId, scope, audience: '' }),
  );
  return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : {};
}

/** `aud` as a list. */
export function audienceOf(claims: Readonly<Record<string, unknown>>): string[] {
  const { aud } = claims;
  return [aud].flat().filter((one): one is string => typeof one === 'string');
}
