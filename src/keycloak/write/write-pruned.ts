import type { Keycloak } from '../connection/connect.ts';
import { type Attempt, statusOf } from '../connection/failures.ts';
import { isMasked, secretMaskedError } from '../read/masked.ts';
import { ignoreIfGone, type WriteResult } from './write-clients.ts';

const attempt = (what: string): Attempt => ({ what, role: 'manage-clients' });

/** Enables or disables a client; all else stays, its secret included (a PUT merges; 26.7.4). */
export function setEnabled(
  keycloak: Keycloak,
  { id, clientId }: { id: string; clientId: string },
  enabled: boolean,
): Promise<WriteResult> {
  const what = attempt(`${enabled ? 'enable' : 'disable'} the client '${clientId}'`);
  const update = keycloak.replace(what, (admin) => admin.clients.update({ id }, { clientId, enabled }));
  return ignoreIfGone(keycloak, id, update);
}

/**
 * The same with the secret itself where Keycloak masks it in representations (26.8.0). Throws SECRET_MASKED where the
 * account may not see it: a client is not deleted whose backup would hold no secret.
 */
export async function withSecret<T extends object>(keycloak: Keycloak, whole: T): Promise<T> {
  const { id, clientId, secret } = whole as { id?: unknown; clientId?: unknown; secret?: unknown };
  if (!isMasked(secret)) return whole;
  const what = `the secret of '${String(clientId)}'`;
  const { value } = await keycloak.read({ what: `read ${what}`, role: 'manage-clients' }, (admin) =>
    admin.clients.getClientSecret({ id: String(id) }),
  );
  if (value === undefined || isMasked(value)) throw secretMaskedError(what, keycloak.place.account);
  return { ...whole, secret: value };
}

/** Makes a client from a whole representation, with its id and secret; `there` where its id or client id is taken. */
export async function recreateClient(keycloak: Keycloak, representation: object): Promise<'done' | 'there'> {
  const { clientId } = representation as { clientId?: unknown };
  try {
    await keycloak.create(attempt(`restore the client '${String(clientId)}'`), (admin) =>
      admin.clients.create(representation),
    );
    return 'done';
  } catch (error) {
    if (statusOf(error) === 409) return 'there';
    throw error;
  }
}
