import { createHash, randomBytes } from 'node:crypto';
import { ask, type Fetch, failFrom, type Outcome, record } from './outcome.ts';
import type { Product } from './products.ts';

/** What a client keeps of its registration; also what an administrator's client is known by. */
export interface StoredClient {
  readonly clientId: string;
  /** Absent for a public client. */
  readonly clientSecret?: string | undefined;
  /** The server's answer to the registration, whole. */
  readonly registration?: Readonly<Record<string, unknown>> | undefined;
}

/** What the token endpoint gave. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly scope: string | undefined;
  /** The access token's payload, unverified. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A token request: where, as whom, and how to prove it. */
export interface TokenRequest {
  readonly endpoint: string;
  readonly client: StoredClient;
  readonly product: Product;
  readonly fetch: Fetch;
  readonly params: Readonly<Record<string, string>>;
}

/** Asks the token endpoint, with the product's way to authenticate. */
export async function requestTokens(
  stage: 'token' | 'refresh',
  request: TokenRequest,
): Promise<Outcome<Tokens>> {
  const { client, product } = request;
  const headers: Record<string, string> = {
    accept: 'application/json',
    'user-agent': product.userAgent.token,
  };
  const params = new URLSearchParams(request.params);
  if (product.authMethod === 'client_secret_basic' && client.clientSecret !== undefined) {
    const pair = [client.clientId, client.clientSecret].map(encodeURIComponent).join(':');
    headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  } else {
    params.set('client_id', client.clientId);
    if (client.clientSecret !== undefined) params.set('client_secret', client.clientSecret);
  }
  const answer = await ask(request.fetch, request.endpoint, { method: 'POST', headers, body: params });
  const body = record(answer.json);
  if (answer.status !== 200 || typeof body.access_token !== 'string') return failFrom(stage, answer);
  return {
    ok: true,
    accessToken: body.access_token,
    refreshToken: typeof body.refresh_token === 'string' ? body.refresh_token : undefined,
    scope: typeof body.scope === 'string' ? body.scope : undefined,
    claims: claimsOf(body.access_token),
  };
}

/** A JWT's payload, unverified; empty for a token that is none. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    return record(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()));
  } catch {
    return {};
  }
}

/** The audiences of a token's claims, as a list. */
export function audiences(claims: Readonly<Record<string, unknown>>): readonly string[] {
  return [claims.aud ?? []].flat().map(String);
}

/** How a connector proves at the token endpoint that it was the one that asked; real ones use S256. */
export type Pkce = 'S256' | 'plain' | 'none';

/** A new code verifier and the parameters that go with it into the authorization request. */
export function challenge(method: Pkce): { verifier: string; params: Record<string, string> } {
  const verifier = randomBytes(32).toString('base64url');
  if (method === 'none') return { verifier, params: {} };
  const code = method === 'plain' ? verifier : createHash('sha256').update(verifier).digest('base64url');
  return { verifier, params: { code_challenge: code, code_challenge_method: method } };
}
