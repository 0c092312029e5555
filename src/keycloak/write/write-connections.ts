import type { Change } from '../../plan/plan.ts';
import type { Keycloak } from '../connection/connect.ts';
import { type Attempt, statusOf } from '../connection/failures.ts';

const end = (what: string): Attempt => ({ what, role: 'manage-users' });

/**
 * Ends a person's connection with one client: the consent, the client's part of ordinary sessions, and offline tokens;
 * others' go on. Keycloak does all three at once; 404 means that there was neither consent nor offline token (26.4.0,
 * 26.7.4).
 */
export async function endConnection(
  keycloak: Keycloak,
  { key, before }: Change<'connection'>,
): Promise<void> {
  if (before === null) return;
  const { userId, clientId } = before;
  await keycloak
    .replace(end(`end the connection '${key}'`), (admin) =>
      admin.users.revokeConsent({ id: userId, clientId }),
    )
    .catch(ignoreGone);
}

/** Ends a person's whole session, with all clients: the only way where a client asks for no consent. */
export async function endSession(keycloak: Keycloak, { key, before }: Change<'session'>): Promise<void> {
  if (before === null) return;
  const { realm } = keycloak;
  const { sessionId } = before;
  await keycloak
    .replace(end(`end the session '${key}'`), (admin) =>
      admin.realms.deleteSession({ realm, session: sessionId, isOffline: false }),
    )
    .catch(ignoreGone);
}

/** Switches a client off: nobody signs in with it or refreshes any more. */
export async function disableClient(keycloak: Keycloak, { key, before }: Change<'client'>): Promise<void> {
  const id = String(before?.id);
  const what: Attempt = { what: `disable the client '${key}'`, role: 'manage-clients' };
  await keycloak
    .replace(what, (admin) => admin.clients.update({ id }, { clientId: key, enabled: false }))
    .catch(ignoreGone);
}

function ignoreGone(error: unknown): void {
  if (statusOf(error) !== 404) throw error;
}
