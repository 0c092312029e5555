import type { CookieJar } from './connectors/cookies.ts';
import { signIn, type User } from './connectors/sign-in.ts';
import { challenge, claimsOf, type Pkce } from './connectors/tokens.ts';
import type { Realm } from './keycloak/realm.ts';
import type { Representation } from './keycloak/snapshot.ts';

/** A sign-in with a client, from the authorization request to the tokens. */
export interface Login {
  clientId: string;
  secret?: string | undefined;
  /** How it proves who it is; HTTP Basic unless told. */
  authMethod?: string | undefined;
  redirectUri: string;
  user: User;
  scope?: string;
  pkce?: Pkce;
  /** The person's browser: who is signed in there already gives no password. */
  jar?: CookieJar;
}

/** What a sign-in came to: tokens, or where it stopped. */
export type LoginResult =
  | {
      ok: true;
      accessToken: string;
      refreshToken: string | undefined;
      claims: Readonly<Record<string, unknown>>;
    }
  | { ok: false; stage: string; status: number; error: string };

/** Signs a person in with a client, consents, and redeems the code. */
export async function login(realm: Realm, how: Login): Promise<LoginResult> {
  const { clientId, redirectUri, user, scope = 'openid', pkce = 'S256', jar } = how;
  const { verifier, params } = challenge(pkce);
  const query = { client_id: clientId, response_type: 'code', redirect_uri: redirectUri, scope, state: 's' };
  const url = `${realm.issuer}/protocol/openid-connect/auth?${new URLSearchParams({ ...query, ...params })}`;
  const callback = await signIn(url, { user, redirectUri, ...(jar && { jar }) });
  if (!callback.ok) {
    const { stage, status, error } = callback;
    return { ok: false, stage, status, error };
  }
  return redeem(realm, how, {
    grant_type: 'authorization_code',
    code: callback.code,
    redirect_uri: redirectUri,
    ...(pkce === 'none' ? {} : { code_verifier: verifier }),
  });
}

/** Renews a sign-in. */
export function refresh(realm: Realm, how: Login, token: string): Promise<LoginResult> {
  return redeem(realm, how, { grant_type: 'refresh_token', refresh_token: token });
}

/** Asks for a token without a user. */
export function userless(realm: Realm, clientId: string, secret: string): Promise<LoginResult> {
  const how = { clientId, secret, redirectUri: '', user: { username: '', password: '' } };
  return redeem(realm, how, { grant_type: 'client_credentials' });
}

async function redeem(
  realm: Realm,
  { clientId, secret, authMethod = 'client_secret_basic' }: Login,
  params: Record<string, string>,
): Promise<LoginResult> {
  const body = new URLSearchParams(params);
  const headers: Record<string, string> = {};
  if (secret !== undefined && authMethod === 'client_secret_basic') {
    headers.authorization = `Basic ${btoa([clientId, secret].map(encodeURIComponent).join(':'))}`;
  } else {
    body.set('client_id', clientId);
    if (secret !== undefined) body.set('client_secret', secret);
  }
  const response = await fetch(`${realm.issuer}/protocol/openid-connect/token`, {
    method: 'POST',
    headers,
    body,
  });
  const { status } = response;
  const json = (await response.json()) as Representation;
  const { access_token: accessToken, refresh_token: refreshToken } = json;
  if (status !== 200 || typeof accessToken !== 'string') {
    const error = `${json.error}: ${json.error_description}`;
    return { ok: false, stage: String(params.grant_type), status, error };
  }
  return {
    ok: true,
    accessToken,
    refreshToken: typeof refreshToken === 'string' ? refreshToken : undefined,
    claims: claimsOf(accessToken),
  };
}
