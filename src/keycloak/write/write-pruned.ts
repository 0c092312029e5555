import { isKeycloakId } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import { type Attempt, statusOf } from '../connection/failures.ts';
import { unsafeIdError } from '../connection/guarded-ids.ts';
import { isMasked, secretMaskedError } from '../read/masked.ts';

const attempt = (what: string): Attempt => ({ what, role: 'manage-clients' });

/** Whether the client was still there. */
export type Written = 'done' | 'gone';

/** A client that is deleted at this very moment may give 500 or 409 instead of 404 (26.7.3): then it is looked for. */
async function unlessGone(keycloak: Keycloak, id: string, write: Promise<unknown>): Promise<Written> {
  try {
    await write;
    return 'done';
  } catch (error) {
    if (statusOf(error) === 404) return 'gone';
    const status = statusOf(error);
    if ((status === 409 || status === 500) && (await wholeClient(keycloak, id)) === undefined) return 'gone';
    throw error;
  }
}

/** Enables or disables a client; all else stays, its secret included (a PUT merges; 26.7.4). */
export function setEnabled(
  keycloak: Keycloak,
  { id, clientId }: { id: string; clientId: string },
  enabled: boolean,
): Promise<Written> {
  const what = attempt(`${enabled ? 'enable' : 'disable'} the client '${clientId}'`);
  const update = keycloak.replace(what, (admin) => admin.clients.update({ id }, { clientId, enabled }));
  return unlessGone(keycloak, id, update);
}

/** Deletes a client by its internal id. */
export async function deleteClient(
  keycloak: Keycloak,
  { id, clientId }: { id: string; clientId: string },
): Promise<Written> {
  // biome-ignore lint/style/noRestrictedImports: keycloak/ talks to the admin API.
  const { fetchWithError } = await import('@keycloak/keycloak-admin-client');
  const url = `${keycloak.server}/admin/realms/${encodeURIComponent(keycloak.realm)}/clients/${encodeURIComponent(id)}`;
  const what = attempt(`delete the client '${clientId}'`);
  if (!isKeycloakId(id)) throw unsafeIdError(id, clientId);
  const deletion = keycloak.replace(what, async (admin) => {
    const authorization = `Bearer ${await admin.getAccessToken()}`;
    // The admin client's own way sends '{}' along: Keycloak 26.7.3 then closes the connection each time.
    await fetchWithError(url, {
      ...keycloak.options,
      method: 'DELETE',
      headers: { ...keycloak.options.headers, authorization },
    });
  });
  return unlessGone(keycloak, id, deletion);
}

/** A client's whole representation, secret, scopes and mappers included; undefined where it is gone. Never shown. */
export async function wholeClient(keycloak: Keycloak, id: string): Promise<object | undefined> {
  const found: unknown = await keycloak.read({ what: 'read a client', role: 'view-clients' }, (admin) =>
    admin.clients.findOne({ id }, { catchNotFound: true }),
  );
  // The admin client gives null for a 404 that it was told to catch.
  return typeof found === 'object' && found !== null ? found : undefined;
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
