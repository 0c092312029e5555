import { McpkcError } from '../../errors.ts';
import { visible } from '../../text.ts';
import { realmNotFoundError } from './failures.ts';
import type { RequestOptions } from './http.ts';
import { networkCode, networkError } from './network.ts';
import { type Waiting, withRetries } from './retry.ts';
import type { TokenAnswer, TokenGrant } from './token.ts';

/** An address, and the realm whose page and token endpoint are asked there. */
type Where = Pick<TokenGrant, 'server' | 'realm' | 'proxy'>;

/**
 * Asks for a realm’s page, without a secret, and throws what a token request at the address would fail with: nothing
 * listens there, a proxy has no server behind it (502 to 504), a redirect, the wrong relative path, no such realm. Where
 * a page is hidden and no Keycloak is found next to it, the sign-in itself has to show.
 */
export async function requireKeycloakThere(
  where: Where,
  options: RequestOptions,
  waiting: Waiting,
): Promise<void> {
  const { server, realm, proxy } = where;
  const ask = async (): Promise<TokenAnswer> => {
    // biome-ignore lint/style/noRestrictedGlobals: keycloak/ sends requests.
    const response = await fetch(`${server}/realms/${encodeURIComponent(realm)}`, options);
    if (response.status === 429 || (response.status >= 502 && response.status <= 504)) {
      throw Object.assign(new Error('busy'), { response });
    }
    const location = response.headers.get('location') ?? undefined;
    return { status: response.status, location, text: await response.text() };
  };
  let answer: TokenAnswer;
  try {
    answer = await withRetries('read', ask, waiting);
  } catch (error) {
    throw tokenFailure(error, server, proxy);
  }
  const { status, location, text } = answer;
  if (status >= 300 && status < 400) throw redirectedError(where, status, location);
  if (isTlsWanted(server, status, text)) throw wantsTlsError(server);
  if (status !== 404 && status !== 405) return;
  const failure = await wrongPlaceError(where, options, oauthError(text).description);
  if (failure.code !== 'KEYCLOAK_ERROR') throw failure;
}

/** The failure of a token request that got no answer of Keycloak's, after all retries. */
export function tokenFailure(error: unknown, server: string, proxy?: URL): unknown {
  if (error instanceof McpkcError) return error;
  const { response } = error as { response?: Response };
  if (response?.status === 429) {
    const message = `Keycloak or a proxy in front of it refuses more requests (429), to sign in at ${server}.`;
    return new McpkcError('KEYCLOAK_BUSY', message, 'Try again later.', { cause: error });
  }
  if (response) {
    const message = `${server} answers ${response.status}: Keycloak is still starting, or its proxy has no server behind it.`;
    return new McpkcError('KEYCLOAK_STARTING', message, '--wait 60s waits for it.', { cause: error });
  }
  const code = networkCode(error);
  return code === undefined ? error : networkError(server, code, error, proxy);
}

/** The failure of a token request that was refused. Wordings and codes are those of Keycloak 26.7.3. */
export async function explainTokenRefusal(
  { status, location, text }: TokenAnswer,
  grant: TokenGrant,
  options: RequestOptions,
): Promise<McpkcError> {
  const { server, realm, clientId, user } = grant;
  const { code, description } = oauthError(text);
  if (status >= 300 && status < 400) return redirectedError(grant, status, location);
  if (isTlsWanted(server, status, text)) throw wantsTlsError(server);
  // 405 is a web server's answer to a POST where it has a page: no Keycloak there either.
  if (status === 404 || status === 405) return wrongPlaceError(grant, options, description);
  if (user && (code === 'invalid_grant' || status === 401))
    return userRefusedError(grant, user.name, description);
  const binding = /DPoP proof is missing/.test(description)
    ? 'DPoP'
    : /Client Certification missing/.test(description)
      ? 'a certificate (mutual TLS)'
      : undefined;
  if (binding !== undefined) {
    const message = `Keycloak gives the client '${clientId}' tokens only when they are bound to ${binding} (${description}).`;
    const fix = `mcpkc sends plain bearer tokens. Turn the demand for ${binding} off for this client (Clients, ${visible(clientId)}, Settings), or exempt it from the client policy that makes it.`;
    return new McpkcError('NOT_AUTHORISED', message, fix, { details: { binding } });
  }
  if (
    description.includes('not enabled to retrieve service account') ||
    description.includes('Public client')
  ) {
    const message = `The client '${clientId}' in realm '${realm}' has no service account (${description}).`;
    return new McpkcError(
      'SERVICE_ACCOUNT_DISABLED',
      message,
      'mcpkc init repairs it (signing in once as an administrator).',
    );
  }
  const byKey = keyRefusedError(grant, code, description);
  if (byKey !== undefined) return byKey;
  if (code === 'invalid_client') {
    const message = `There is no enabled client '${clientId}' in realm '${realm}' (KC_CLIENT_ID, KC_ADMIN_REALM).`;
    return new McpkcError(
      'ACCOUNT_NOT_FOUND',
      message,
      'mcpkc init makes it; an account that lives in master needs KC_ADMIN_REALM=master.',
    );
  }
  if (code === 'unauthorized_client') {
    const message = `The secret of the client '${clientId}' is wrong (KC_CLIENT_SECRET).`;
    return new McpkcError(
      'WRONG_SECRET',
      message,
      'Take it from the client’s Credentials tab, or make a new one: mcpkc init --rotate-secret',
    );
  }
  if (status === 403 && description.includes('HTTPS required')) {
    const fix =
      'The realm wants TLS from this address (sslRequired); behind a proxy, X-Forwarded-Proto must be https and --proxy-headers set.';
    return new McpkcError('NOT_AUTHORISED', `${server} answers 'HTTPS required'.`, fix);
  }
  return new McpkcError(
    'KEYCLOAK_ERROR',
    `Keycloak answered ${status} to the token request: ${description}.`,
    'Keycloak’s log shows more.',
  );
}

/**
 * A refusal that has to do with the account's key, or with its lack (Keycloak 26.7.3). A key that the client doesn't
 * have is "Unable to load public key". One that is another under the same id is "Signature on JWT token failed
 * validation".
 */
function keyRefusedError(
  { clientId, clientKey, realm, server }: TokenGrant,
  code: string,
  description: string,
): McpkcError | undefined {
  const name = visible(clientId);
  if (clientKey === undefined) {
    if (!description.includes('client_assertion')) return undefined;
    const message = `The client '${name}' signs in with a key, and a secret was sent (${visible(description)}).`;
    const fix =
      'Name the file of its private key (KC_CLIENT_KEY_FILE) instead of a secret. Or go back to a secret: mcpkc init --no-key';
    return new McpkcError('WRONG_SECRET', message, fix);
  }
  if (/public key|Signature on JWT/i.test(description)) {
    const message = `The key of the client '${name}' is wrong (KC_CLIENT_KEY_FILE): ${visible(description)}.`;
    const fix =
      'Name the file with the key that the client has, or make a new one, which ends the old one: mcpkc init --rotate-secret';
    return new McpkcError('WRONG_SECRET', message, fix);
  }
  if (/Token is not active|Token was issued/.test(description)) {
    const message = `${server} refuses what the account’s key signed, because of its time: ${visible(description)}.`;
    const fix =
      'The clock of this machine and that of Keycloak are apart; Keycloak allows 15 seconds ahead. Set both by NTP.';
    return new McpkcError('KEYCLOAK_ERROR', message, fix, { details: { reason: 'clock' } });
  }
  if (/audience/i.test(description)) {
    const message = `${server} refuses what the account’s key signed, because of whom it is for: ${visible(description)}.`;
    const fix =
      'Keycloak names itself by another address than it expects: is a proxy in between that answers for another server? Fix Keycloak’s hostname (--hostname).';
    return new McpkcError('KEYCLOAK_ERROR', message, fix, { details: { reason: 'audience' } });
  }
  if (code !== 'invalid_client' && code !== 'unauthorized_client') return undefined;
  const message = `There is no enabled client '${name}' in realm '${visible(realm)}' that signs in with a key (KC_CLIENT_ID, KC_ADMIN_REALM).`;
  const fix =
    'mcpkc init --key makes it, or makes a key for it; an account that lives in master needs KC_ADMIN_REALM=master.';
  return new McpkcError('ACCOUNT_NOT_FOUND', message, fix);
}

/**
 * The failure of an administrator whom Keycloak refuses. Without a one-time code it answers the same as with a wrong
 * password (26.7.3).
 */
function userRefusedError({ realm }: TokenGrant, name: string, description: string): McpkcError {
  const message = `Keycloak refused the administrator '${visible(name)}' in realm '${visible(realm)}': ${description}.`;
  if (description.includes('not fully set up')) {
    const pending = `${message} Something is to be done at the next sign-in, such as changing a temporary password.`;
    const fix =
      'Sign in once in a browser (the admin console or the account console), do what it asks for, then run init again.';
    return new McpkcError('ADMIN_LOGIN_FAILED', pending, fix, { details: { reason: 'pending action' } });
  }
  const fix = [
    'Check the name, the password and --admin-realm.',
    '- A second factor: a one-time code is asked for at a terminal (--admin-user).',
    '- A passkey (WebAuthn), or no terminal: use a service client. At the server: kc.sh bootstrap-admin service; then KC_BOOTSTRAP_ADMIN_CLIENT_ID and KC_BOOTSTRAP_ADMIN_CLIENT_SECRET. Or a token: --admin-token-file <file>',
  ].join('\n');
  return new McpkcError('ADMIN_LOGIN_FAILED', message, fix, { details: { reason: 'credentials' } });
}

/** Whether a web server tells that its port speaks TLS, to a request without it (nginx, Apache, Go's own server). */
export function isTlsWanted(server: string, status: number, text: string): boolean {
  return status === 400 && server.startsWith('http:') && /HTTPS (?:port|server)|SSL-enabled/i.test(text);
}

function wantsTlsError(server: string): McpkcError {
  const other = server.replace(/^http:/, 'https:');
  const message = `${server} speaks TLS, and was asked without it: its scheme is https (KC_SERVER).`;
  return new McpkcError('KEYCLOAK_ERROR', message, `Use --server ${other} (or KC_SERVER=${other}).`);
}

/** The target is the answerer's word: it is shown, and proposed to nobody as the next server for a secret. */
function redirectedError({ server }: Where, status: number, location: string | undefined): McpkcError {
  const target = visible(location ?? 'nowhere').slice(0, 300);
  const message = `${server} redirects the token request (${status}) to ${target}; mcpkc sends no secret after it.`;
  const fix =
    'Name the base URL that answers without a redirect, as your Keycloak’s operator knows it (KC_SERVER).';
  return new McpkcError('KEYCLOAK_ERROR', message, fix);
}

function oauthError(text: string): { code: string; description: string } {
  try {
    const { error, error_description: description } = JSON.parse(text) as Record<string, unknown>;
    const code = typeof error === 'string' ? error : '';
    return { code, description: visible(typeof description === 'string' ? description : code).slice(0, 300) };
  } catch {
    return { code: '', description: 'an HTML page or plain text, not Keycloak’s JSON' };
  }
}

/** 404 from the token endpoint: no such realm, or the relative path (`/auth`) is missing or one too many. */
async function wrongPlaceError(
  { server, realm }: Where,
  options: RequestOptions,
  description: string,
): Promise<McpkcError> {
  if (description.startsWith('Realm does not exist')) return realmNotFoundError(server, realm);
  const other = server.endsWith('/auth') ? server.slice(0, -'/auth'.length) : `${server}/auth`;
  // biome-ignore lint/style/noRestrictedGlobals: keycloak/ sends requests.
  const there = await fetch(`${other}/realms/${encodeURIComponent(realm)}`, options).catch(() => undefined);
  if (there?.status === 200 && isRealmDocument(await there.text().catch(() => ''), realm)) {
    const message = `Keycloak answers at ${other}, not at ${server}: the relative path is wrong (KC_SERVER).`;
    return new McpkcError('WRONG_SERVER_PATH', message, `Use KC_SERVER=${other} (or --server ${other}).`);
  }
  const message = `No Keycloak answers at ${server}, nor at ${other} (KC_SERVER): ${description}.`;
  return new McpkcError(
    'KEYCLOAK_ERROR',
    message,
    'Name the base URL, with the relative path if there is one: https://host/auth',
  );
}

/** Whether a text is the document of a realm that Keycloak shows to everybody (`GET /realms/{realm}`, 26.7.3). */
function isRealmDocument(text: string, realm: string): boolean {
  try {
    const { realm: name, public_key: key } = JSON.parse(text) as Record<string, unknown>;
    return name === realm && typeof key === 'string';
  } catch {
    return false;
  }
}
