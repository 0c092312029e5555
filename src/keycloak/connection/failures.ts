import { McpkcError } from '../../errors.ts';
import { type AdminRole, REVOKING_ROLE } from '../../realm/roles.ts';
import { formatCommand, visible } from '../../text.ts';
import { networkCode, networkError } from './network.ts';
import { type Claims, clientRolesIn, readClaims } from './token-claims.ts';
import { tokenRefusedError } from './token-refused.ts';

export { networkCode, TLS_PROBLEMS } from './network.ts';

/** The action during which a request failed, for the sentence about it. */
export interface Attempt {
  /** In the infinitive, with its object: "read the client scopes". */
  what: string;
  /** The role of `realm-management` that this takes. */
  role: AdminRole;
  /** The role that a newer server wants beside it: anybody who holds `role` and is refused lacks this one. */
  newerRole?: AdminRole;
  /** It is about the lock itself, and so asks for no lease. */
  isOfLock?: true;
}

/** The account and the place of the action, for the sentence. */
export interface KeycloakPlace {
  server: string;
  realm: string;
  account: string;
  /** The client that holds the administrative roles: `realm-management`, or `<realm>-realm` for one in `master`. */
  roleClient: string;
  /** The proxy that requests to the server take. */
  proxy?: URL | undefined;
}

/** The status of the answer behind a failure, where there was one. */
export function statusOf(error: unknown): number | undefined {
  const status =
    error instanceof McpkcError
      ? error.details?.status
      : (error as { response?: { status?: unknown } } | undefined)?.response?.status;
  return typeof status === 'number' ? status : undefined;
}

/** The `Retry-After` of an answer in milliseconds (RFC 9110 §10.2.3), where it has a sane one. */
export function retryAfterMs(error: unknown, now: number): number | undefined {
  const headers = (error as { response?: { headers?: Headers } } | undefined)?.response?.headers;
  const value = headers?.get('retry-after');
  if (!value) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) && ms >= 0 ? ms : undefined;
}

/** Keycloak's own words in an answer: `error`, `errorMessage`, `error_description`; cut, and harmless to print. */
export function answerOf(error: unknown): string {
  const data = (error as { responseData?: unknown } | undefined)?.responseData;
  if (typeof data === 'string') return data.includes('<html') ? 'an HTML page' : visible(data).slice(0, 300);
  if (typeof data !== 'object' || data === null) return '';
  const { error: code, errorMessage, error_description: description } = data as Record<string, unknown>;
  const words = [errorMessage, description, code].filter((word): word is string => typeof word === 'string');
  return visible(words[0] ?? '').slice(0, 300);
}

/** The failure of an admin request as a sentence: what happened, why, and the next command. */
export function adminRequestError(
  error: unknown,
  attempt: Attempt,
  place: KeycloakPlace,
  token = '',
): McpkcError {
  if (error instanceof McpkcError) return error;
  const status = statusOf(error);
  if (status === undefined) {
    const code = networkCode(error);
    if (code !== undefined) return networkError(place.server, code, error, place.proxy);
    if (isUnreadable(error)) return unreadableError(attempt, place, error);
    throw error;
  }
  return statusError(status, error, attempt, place, readClaims(token));
}

/** No JSON where some was due; or, to a POST, no `Location` (the admin client's words for it). */
function isUnreadable(error: unknown): boolean {
  if (error instanceof SyntaxError) return true;
  return (
    error instanceof Error && /^(location header is not found|resourceId is not found)/.test(error.message)
  );
}

function unreadableError(attempt: Attempt, { server }: KeycloakPlace, error: unknown): McpkcError {
  const message = `Keycloak’s answer could not be read (to ${attempt.what} at ${server}).`;
  return new McpkcError('KEYCLOAK_ERROR', message, 'Is a proxy in between cutting answers short?', {
    cause: error,
  });
}

/**
 * Roles to write that include reading (Keycloak 26.7.3): an account that lacks the narrow one lacks the wide one too.
 */
const INCLUDED_IN: Partial<Record<AdminRole, AdminRole>> = {
  'view-clients': 'manage-clients',
  'view-realm': 'manage-realm',
};

function statusError(
  status: number,
  error: unknown,
  attempt: Attempt,
  place: KeycloakPlace,
  claims: Claims | undefined,
): McpkcError {
  const { what } = attempt;
  const { server, realm } = place;
  const answer = answerOf(error);
  const options = { cause: error, details: { status, ...(answer === '' ? {} : { answer }) } };
  if (status === 401) return tokenRefusedError(what, place, claims, error);
  if (status === 403) return roleMissingError(attempt, place, claims, options);
  if (status === 429) {
    return new McpkcError(
      'KEYCLOAK_BUSY',
      `Keycloak or a proxy in front of it refuses more requests (429), to ${what}.`,
      'Try again later.',
      options,
    );
  }
  if (status >= 300 && status < 400) {
    const message = `${server} redirects a request (${status}), to ${what}; mcpkc sends no token after it.`;
    const fix = 'Name the base URL that answers without a redirect (KC_SERVER).';
    return new McpkcError('KEYCLOAK_ERROR', message, fix, options);
  }
  const said = answer === '' ? '' : `: ${answer}`;
  if (status === 404 && answer.startsWith('Realm not found')) return realmNotFoundError(server, realm, error);
  const fix =
    status >= 500 ? 'Keycloak’s log shows more; the command can be run again.' : 'Keycloak’s log shows more.';
  return new McpkcError('KEYCLOAK_ERROR', `Keycloak answered ${status} to ${what}${said}.`, fix, options);
}

/** The account lacks a role. A newer server may want another one than that which the token shows the account to hold. */
export function roleMissingError(
  { what, role, newerRole }: Attempt,
  { server, realm, account, roleClient }: KeycloakPlace,
  claims: Claims | undefined,
  options: { cause: unknown; details: Record<string, unknown> },
): McpkcError {
  const held = clientRolesIn(claims, roleClient);
  const lacked = newerRole !== undefined && held?.includes(role) === true ? newerRole : role;
  const wider = INCLUDED_IN[lacked];
  const unsure = newerRole !== undefined && held === undefined ? ` or '${newerRole}'` : '';
  const named = wider === undefined ? `'${lacked}'${unsure}` : `'${wider}' (or, to read only, '${lacked}')`;
  const message = `The account '${account}' may not ${what} in realm '${realm}': it lacks the role ${named} of the client '${roleClient}'.`;
  const fix = `To grant what is missing, signing in once as an administrator:\n${formatCommand(['init', ['--server', server], ['--realm', realm], ...(lacked === REVOKING_ROLE ? ['--revoke'] : [])])}`;
  return new McpkcError('ROLE_MISSING', message, fix, {
    cause: options.cause,
    details: { ...options.details, role: lacked, ...(wider === undefined ? {} : { orRole: wider }) },
  });
}

/**
 * The result of a request; where the account lacks the role for it, that of `instead`, or undefined. For what a command
 * does without: a part that it reads, or something that it writes.
 */
export async function ifAllowed<T, Else = undefined>(
  request: () => Promise<T>,
  instead?: (refusal: McpkcError) => Else,
): Promise<T | Else> {
  try {
    return await request();
  } catch (error) {
    if (!(error instanceof McpkcError) || error.code !== 'ROLE_MISSING') throw error;
    return instead?.(error) as Else;
  }
}

/** The realm isn't there: exit status 2, since KC_REALM or --realm is wrong. */
export function realmNotFoundError(server: string, realm: string, error?: unknown): McpkcError {
  const message = `There is no realm '${realm}' at ${server} (KC_REALM or --realm).`;
  return new McpkcError(
    'REALM_NOT_FOUND',
    message,
    'Realm names are case-sensitive; the admin console lists them.',
    {
      cause: error,
      details: { status: 404 },
    },
  );
}
