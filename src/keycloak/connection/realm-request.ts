import type { Keycloak } from './connect.ts';
import { type Attempt, adminRequestError } from './failures.ts';
import { withRetries } from './retry.ts';

/** The answer of an endpoint of the realm that anybody may ask, any status. */
export interface RealmAnswer {
  status: number;
  location: string | null;
  text: string;
  /** The body, where it is a JSON object; else empty. */
  json: Record<string, unknown>;
  /** The number of times that the request was sent: an answer before this one was lost. */
  sent: number;
}

/**
 * Asks an endpoint below `/realms/<realm>/`, without the account's token. Every answer is given, redirects too; repeated
 * after a lost one, POSTs as well: anybody who sends one must be able to bear it twice. Throws KEYCLOAK_UNREACHABLE.
 */
export async function askRealm(
  { server, realm, options, waiting, place }: Keycloak,
  attempt: Attempt,
  path: string,
  init: RequestInit,
): Promise<RealmAnswer> {
  let sent = 0;
  const url = `${server}/realms/${encodeURIComponent(realm)}/${path}`;
  return withRetries(
    'read',
    async () => {
      sent += 1;
      // biome-ignore lint/style/noRestrictedGlobals: keycloak/ sends requests.
      const response = await fetch(url, {
        ...options,
        ...init,
        headers: { ...options.headers, ...(init.headers as Record<string, string> | undefined) },
      });
      const text = await response.text();
      const { status } = response;
      return { status, location: response.headers.get('location'), text, json: recordOf(text), sent };
    },
    waiting,
  ).catch((error) => {
    throw adminRequestError(error, attempt, place);
  });
}

function recordOf(text: string): Record<string, unknown> {
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
