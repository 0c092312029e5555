import { McpkcError } from '../errors.ts';
import type { RequestOptions } from '../http.ts';
import { visible } from '../render/text.ts';
import { networkCode, networkFailure, realmNotFound } from './failures.ts';
import { type Waiting, withRetries } from './retry.ts';

/** How to get an access token for admin requests. */
export interface Grant {
  server: string;
  /** The realm whose token endpoint is asked. */
  realm: string;
  clientId: string;
  clientSecret?: string;
  /** An administrator's name and password; without them it is a client-credentials grant. */
  user?: { name: string; password: string };
}

/** An access token and the times that it is good for, in milliseconds since the epoch by the local clock. */
export interface AccessToken {
  value: string;
  renewAt: number;
}

/** Gives the token to send now, renewing it before it expires; `renew` forces a new one. */
export interface TokenSource {
  getAccessToken(): Promise<string>;
  renew(): void;
}

/** A source that asks again when a fifth of the token's life, or 30 s at most, is left. One request at a time. */
export function tokenSource(fetchToken: () => Promise<AccessToken>, now: () => number): TokenSource {
  let current: Promise<AccessToken> | undefined;
  let renewAt = 0;
  const ask = async () => {
    const token = await fetchToken();
    renewAt = token.renewAt;
    return token;
  };
  return {
    getAccessToken: async () => {
      if (current === undefined || now() >= renewAt) {
        renewAt = Number.POSITIVE_INFINITY;
        current = ask();
        current.catch(() => {
          current = undefined;
        });
      }
      return (await current).value;
    },
    renew: () => {
      renewAt = 0;
    },
  };
}

/** Asks the token endpoint; every refusal becomes a sentence that names the key at fault. */
export async function requestToken(
  grant: Grant,
  options: RequestOptions,
  waiting: Waiting,
): Promise<AccessToken> {
  const { server, realm } = grant;
  const send = async () => {
    const response = await fetch(tokenEndpoint(server, realm), {
      method: 'POST',
      ...tokenRequest(grant),
      ...options,
    });
    // 502–504 and 429 are repeated like any read: a token request changes nothing.
    if (response.status === 429 || (response.status >= 502 && response.status <= 504)) {
      throw Object.assign(new Error('busy'), { response });
    }
    return { status: response.status, text: await response.text() };
  };
  const asked = waiting.now();
  let answer: { status: number; text: string };
  try {
    answer = await withRetries('read', send, waiting);
  } catch (error) {
    throw tokenFailure(error, server);
  }
  if (answer.status !== 200) throw await refusal(answer.status, answer.text, grant, options);
  return readToken(answer.text, asked, server);
}

function tokenEndpoint(server: string, realm: string): string {
  return `${server}/realms/${encodeURIComponent(realm)}/protocol/openid-connect/token`;
}

function tokenRequest(grant: Grant): { headers: Record<string, string>; body: URLSearchParams } {
  const { clientId, clientSecret, user } = grant;
  const form: Record<string, string> = user
    ? { grant_type: 'password', username: user.name, password: user.password }
    : { grant_type: 'client_credentials' };
  const headers: Record<string, string> = {};
  if (clientSecret === undefined) form.client_id = clientId;
  else {
    // RFC 6749 §2.3.1: both parts are form-encoded before Basic joins them.
    const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
    headers.authorization = `Basic ${btoa(pair)}`;
  }
  return { headers, body: new URLSearchParams(form) };
}

function readToken(text: string, asked: number, server: string): AccessToken {
  let answer: { access_token?: unknown; expires_in?: unknown };
  try {
    answer = JSON.parse(text) as typeof answer;
  } catch {
    answer = {};
  }
  if (typeof answer.access_token !== 'string') {
    const message = `${server} answered the token request with something that is no token.`;
    throw new McpkcError('KEYCLOAK_ERROR', message, 'Is KC_SERVER a Keycloak, and is a proxy in between?');
  }
  const life = typeof answer.expires_in === 'number' ? answer.expires_in * 1000 : 60_000;
  return { value: answer.access_token, renewAt: asked + life - Math.min(30_000, life / 5) };
}

function tokenFailure(error: unknown, server: string): unknown {
  if (error instanceof McpkcError) return error;
  const { response } = error as { response?: Response };
  if (response?.status === 503) {
    const message = `${server} answers 503: Keycloak is still starting, or its proxy has no server behind it.`;
    return new McpkcError('KEYCLOAK_STARTING', message, '--wait 60s waits for it.', { cause: error });
  }
  if (response) {
    const message = `${server} answered ${response.status} to the token request.`;
    return new McpkcError('KEYCLOAK_ERROR', message, 'Keycloak’s log, or the proxy’s, says more.', {
      cause: error,
    });
  }
  const code = networkCode(error);
  return code === undefined ? error : networkFailure(server, code, error);
}

/** What a refused token request means. Wordings and codes as Keycloak 26.7.3 gives them. */
async function refusal(
  status: number,
  text: string,
  grant: Grant,
  options: RequestOptions,
): Promise<McpkcError> {
  const { server, realm, clientId, user } = grant;
  const { code, description } = oauthError(text);
  if (status === 404) return wrongPlace(grant, options, description);
  if (user && (code === 'invalid_grant' || status === 401)) {
    const message = `Keycloak refused the administrator '${user.name}' in realm '${realm}': ${description}.`;
    return new McpkcError(
      'ADMIN_LOGIN_FAILED',
      message,
      'Check the name, the password and --admin-realm; an account that needs a second factor can’t sign in this way (--admin-token-file can).',
    );
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
    const hint =
      'The realm wants TLS from this address (sslRequired); behind a proxy, X-Forwarded-Proto must be https and --proxy-headers set.';
    return new McpkcError('NOT_AUTHORISED', `${server} answers "HTTPS required".`, hint);
  }
  return new McpkcError(
    'KEYCLOAK_ERROR',
    `Keycloak answered ${status} to the token request: ${description}.`,
    'Keycloak’s log says more.',
  );
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
async function wrongPlace(grant: Grant, options: RequestOptions, description: string): Promise<McpkcError> {
  const { server, realm } = grant;
  if (description.startsWith('Realm does not exist')) return realmNotFound(server, realm);
  const other = server.endsWith('/auth') ? server.slice(0, -'/auth'.length) : `${server}/auth`;
  const there = await fetch(`${other}/realms/${encodeURIComponent(realm)}`, options).catch(() => undefined);
  const isKeycloak = there?.headers.get('content-type')?.includes('json') === true;
  await there?.body?.cancel();
  if (isKeycloak) {
    const message = `Keycloak answers at ${other}, not at ${server}: the relative path is wrong (KC_SERVER).`;
    return new McpkcError('WRONG_SERVER_PATH', message, `Use KC_SERVER=${other} (or --server ${other}).`);
  }
  const message = `No Keycloak answers at ${server}, nor at ${other} (KC_SERVER): ${description}.`;
  return new McpkcError(
    'WRONG_SERVER_PATH',
    message,
    'Name the base URL, with the relative path if there is one: https://host/auth',
  );
}
