import type { Client } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import { type Attempt, statusOf } from '../connection/failures.ts';

const attempt = (clientId: string): Attempt => ({
  what: `revoke the registration access token of the client '${clientId}'`,
  role: 'manage-clients',
});

/**
 * Makes anybody who registered a client unable to read, change or delete it by its registration access token (RFC 7592): a
 * new token replaces the old one, and the answer that holds it is dropped. The client's secret and its sign-ins go on
 * (Keycloak 26.4.0 and 26.7.4). False where the client is gone.
 */
export async function withdrawRegistrationToken(
  keycloak: Keycloak,
  { id, clientId }: Pick<Client, 'id' | 'clientId'>,
): Promise<boolean> {
  try {
    await keycloak.replace(attempt(clientId), async (admin) => {
      await admin.clients.generateRegistrationAccessToken({ id });
    });
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}
