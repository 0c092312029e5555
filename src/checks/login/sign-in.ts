// biome-ignore lint/style/noRestrictedImports: random state and PKCE verifier.
import { createHash, randomBytes } from 'node:crypto';
import { listenForRedirect } from './loopback.ts';

/** The facts of server and client that a sign-in needs. */
export interface BrowserSignIn {
  issuer: string;
  authorizationEndpoint: string;
  /** Sent as `resource` (RFC 8707). */
  resource: string;
  scope: string;
  /** The client for this redirect URI; asked once it is known. */
  client(redirectUri: string): Promise<{ clientId: string } | { problem: string }>;
  /** Shows the URL to the person, and opens it where that is possible. */
  show(url: string): Promise<void>;
  signal: AbortSignal;
}

/** A code, and the values that redeem it; or the reason why there is none. */
export type SignedIn =
  | { code: string; verifier: string; redirectUri: string; clientId: string }
  | { problem: string };

/** The time that a person has. */
const PATIENCE_MS = 5 * 60_000;

/**
 * Sends a person to the authorization endpoint and waits for the redirect on 127.0.0.1. The flow is authorization code
 * with PKCE S256, `state` and `iss` checked (RFC 8252, RFC 7636, RFC 9207). Rejects only where the run was aborted.
 */
export async function signIn(options: BrowserSignIn): Promise<SignedIn> {
  const state = randomBytes(16).toString('base64url');
  const verifier = randomBytes(32).toString('base64url');
  const page = await listenForRedirect(state);
  // biome-ignore lint/plugin/clock: random state and PKCE verifier.
  const patience = AbortSignal.timeout(PATIENCE_MS);
  try {
    const client = await options.client(page.redirectUri);
    if ('problem' in client) return client;
    await options.show(authorizationUrl(options, client.clientId, page.redirectUri, { state, verifier }));
    const params = await page.arrived(AbortSignal.any([options.signal, patience]));
    const problem = problemIn(params, options.issuer);
    if (problem !== undefined) return { problem };
    return {
      code: params.get('code') ?? '',
      verifier,
      redirectUri: page.redirectUri,
      clientId: client.clientId,
    };
  } catch (error) {
    if (patience.aborted && !options.signal.aborted)
      return { problem: 'Nobody signed in within five minutes.' };
    throw error;
  } finally {
    await page.close();
  }
}

function authorizationUrl(
  { authorizationEndpoint, resource, scope }: BrowserSignIn,
  clientId: string,
  redirectUri: string,
  { state, verifier }: { state: string; verifier: string },
): string {
  const url = new URL(authorizationEndpoint);
  const params = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope,
    state,
    resource,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
  return url.href;
}

function problemIn(params: URLSearchParams, issuer: string): string | undefined {
  const iss = params.get('iss');
  if (iss !== null && iss !== issuer) return `The sign-in was answered by another issuer: ${iss}`;
  const error = params.get('error');
  if (error !== null) return `The sign-in failed: ${error} ${params.get('error_description') ?? ''}`.trim();
  return params.get('code') === null ? 'The sign-in came back without a code.' : undefined;
}
