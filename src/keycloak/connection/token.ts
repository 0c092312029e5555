import { McpkcError } from '../../errors.ts';
import { signAssertion } from './client-key.ts';
import type { RequestOptions } from './http.ts';
import { type Waiting, withRetries } from './retry.ts';
import { readClaims } from './token-claims.ts';
import { explainTokenRefusal, tokenFailure } from './token-refusal.ts';

/** The way to get an access token for admin requests. */
export interface TokenGrant {
  server: string;
  /** The realm whose token endpoint is asked. */
  realm: string;
  clientId: string;
  clientSecret?: string;
  /** The private key (PEM) of a client that has no secret: it signs an assertion for each request. */
  clientKey?: string;
  /** The proxy that requests to the server take. */
  proxy?: URL | undefined;
  /** An administrator's name and password; without them it is a client-credentials grant. */
  user?: { name: string; password: string; code?: string };
}

/** An access token and the times that it is good for, in milliseconds since the epoch by the local clock. */
export interface AccessToken {
  value: string;
  renewAt: number;
  /**
   * The lead of the server's clock over this machine’s in milliseconds, by `iat` (to the second); Keycloak sends no
   * `Date`.
   */
  aheadMs?: number | undefined;
  /** The refresh token of a person's sign-in, for the next token: a one-time code works once. */
  refresh?: string | undefined;
}

/** Returns the token to send now, renewing it before it expires; `renew` forces a new one. */
export interface TokenSource {
  getAccessToken(): Promise<string>;
  renew(): void;
  /** The lead of the server's clock over this machine’s in milliseconds; undefined as long as no token showed it. */
  aheadMs?(): number | undefined;
}

/** A source that asks again when a fifth of the token's life, or 30 s at most, is left. One request at a time. */
export function tokenSource(fetchToken: () => Promise<AccessToken>, now: () => number): TokenSource {
  let current: Promise<AccessToken> | undefined;
  let renewAt = 0;
  let aheadMs: number | undefined;
  const ask = async () => {
    const token = await fetchToken();
    renewAt = token.renewAt;
    aheadMs = token.aheadMs ?? aheadMs;
    return token;
  };
  return {
    getAccessToken: async () => {
      if (current === undefined || now() >= renewAt) {
        renewAt = Number.POSITIVE_INFINITY;
        const asked = ask();
        current = asked;
        asked.catch(() => {
          if (current === asked) current = undefined;
        });
      }
      return (await current).value;
    },
    renew: () => {
      renewAt = 0;
    },
    aheadMs: () => aheadMs,
  };
}

/** An answer of the token endpoint. Redirects are not followed: a body with a password would go along. */
export interface TokenAnswer {
  status: number;
  location: string | undefined;
  text: string;
}

/** Asks the token endpoint; every refusal becomes a sentence that names the key at fault. */
export async function requestToken(
  grant: TokenGrant,
  options: RequestOptions,
  waiting: Waiting,
  refresh?: string,
): Promise<AccessToken> {
  const { server, realm } = grant;
  const audience = grant.clientKey === undefined ? '' : await assertionAudience(grant, options);
  const send = async () => {
    const { body, headers } = tokenRequest(grant, refresh);
    // An assertion is taken once, so a request that is repeated brings a new one.
    if (grant.clientKey !== undefined) {
      body.set('client_assertion_type', ASSERTION_TYPE);
      body.set(
        'client_assertion',
        await signAssertion(grant.clientKey, grant.clientId, audience, waiting.now()),
      );
    }
    // biome-ignore lint/style/noRestrictedGlobals: keycloak/ sends requests.
    const response = await fetch(tokenEndpoint(server, realm), {
      ...options,
      method: 'POST',
      body,
      headers: { ...options.headers, ...headers },
    });
    // 502–504 and 429 are repeated like any read: a token request changes nothing.
    if (response.status === 429 || (response.status >= 502 && response.status <= 504)) {
      throw Object.assign(new Error('busy'), { response });
    }
    const location = response.headers.get('location') ?? undefined;
    return { status: response.status, location, text: await response.text() };
  };
  const asked = waiting.now();
  let answer: TokenAnswer;
  try {
    answer = await withRetries('read', send, waiting);
  } catch (error) {
    throw tokenFailure(error, server, grant.proxy);
  }
  // The session ended meanwhile: the password is good still, a one-time code is not.
  if (answer.status === 400 && refresh !== undefined) return requestToken(grant, options, waiting);
  if (answer.status !== 200) throw await explainTokenRefusal(answer, grant, options);
  return readToken(answer.text, asked, server);
}

function tokenEndpoint(server: string, realm: string): string {
  return `${server}/realms/${encodeURIComponent(realm)}/protocol/openid-connect/token`;
}

/** RFC 7523 §2.2. */
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/**
 * The audience of an assertion: the realm's issuer, as the server that is asked names it. Behind a fixed hostname that
 * is not the address that is asked, and Keycloak takes its own name alone (26.7.3: "Invalid token audience"). Where the
 * server names none, the token request shows why.
 */
async function assertionAudience({ server, realm }: TokenGrant, options: RequestOptions): Promise<string> {
  const here = `${server}/realms/${encodeURIComponent(realm)}`;
  try {
    // biome-ignore lint/style/noRestrictedGlobals: keycloak/ sends requests.
    const response = await fetch(`${here}/.well-known/openid-configuration`, options);
    const { issuer } = (await response.json()) as { issuer?: unknown };
    return typeof issuer === 'string' ? issuer : here;
  } catch {
    return here;
  }
}

function tokenRequest(
  grant: TokenGrant,
  refresh: string | undefined,
): { headers: Record<string, string>; body: URLSearchParams } {
  const { clientId, clientSecret, user } = grant;
  const form: Record<string, string> =
    refresh !== undefined
      ? { grant_type: 'refresh_token', refresh_token: refresh }
      : user
        ? { grant_type: 'password', username: user.name, password: user.password }
        : { grant_type: 'client_credentials' };
  // The stock direct grant flow asks for it where the user has an authenticator (`totp`; 26.7.3).
  if (refresh === undefined && user?.code !== undefined) form.totp = user.code;
  const headers: Record<string, string> = {};
  if (clientSecret === undefined) form.client_id = clientId;
  else headers.authorization = basicAuthorization(clientId, clientSecret);
  return { headers, body: new URLSearchParams(form) };
}

/** The `Authorization` header of a client (RFC 6749 §2.3.1): both parts are form-encoded before Basic joins them. */
export function basicAuthorization(clientId: string, secret: string): string {
  return `Basic ${btoa(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`)}`;
}

function readToken(text: string, asked: number, server: string): AccessToken {
  let answer: { access_token?: unknown; expires_in?: unknown; refresh_token?: unknown };
  try {
    answer = JSON.parse(text) as typeof answer;
  } catch {
    answer = {};
  }
  if (typeof answer.access_token !== 'string') {
    const message = `${server} answered the token request with something that is not a token.`;
    throw new McpkcError('KEYCLOAK_ERROR', message, 'Is KC_SERVER a Keycloak, and is a proxy in between?');
  }
  const life = typeof answer.expires_in === 'number' ? answer.expires_in * 1000 : 60_000;
  const value = answer.access_token;
  const issued = issuedAt(value);
  return {
    value,
    renewAt: asked + life - Math.min(30_000, life / 5),
    aheadMs: issued === undefined ? undefined : issued - asked,
    refresh: typeof answer.refresh_token === 'string' ? answer.refresh_token : undefined,
  };
}

/** `iat` of a JWT in milliseconds; nobody verifies it, since only the server's clock is read off it. */
function issuedAt(token: string): number | undefined {
  const iat = readClaims(token)?.iat;
  return typeof iat === 'number' ? iat * 1000 : undefined;
}
