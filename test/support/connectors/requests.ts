import { randomBytes } from 'node:crypto';
import type { Discovery } from './discovery.ts';
import { ask, type Failure, type Fetch, fail, failFrom, type Outcome, record } from './outcome.ts';
import type { Product } from './products.ts';
import { challenge, type Pkce, type StoredClient } from './tokens.ts';

/** A client that the server just registered. */
export interface Registered extends StoredClient {
  readonly registration: Readonly<Record<string, unknown>>;
}

/** What a connector keeps while the person is away at the authorization server. */
export interface PendingAuthorization {
  readonly url: URL;
  readonly state: string;
  readonly redirectUri: string;
  readonly codeVerifier: string;
  /** The `iss` that the answer must carry; `undefined` where the server names none. */
  readonly issuer: string | undefined;
}

/** Registers the product as a new client. */
export async function registerClient(
  product: Product,
  found: Discovery,
  fetch: Fetch,
): Promise<Outcome<Registered>> {
  const endpoint = found.server.registrationEndpoint;
  if (!endpoint) return fail('registration', 0, 'no_registration_endpoint', `${found.issuer} names none`);
  const answer = await ask(fetch, endpoint, {
    method: 'POST',
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      'user-agent': product.userAgent.token,
    },
    body: JSON.stringify(registrationBody(product, found)),
  });
  const registration = record(answer.json);
  const { client_id: clientId, client_secret: secret } = registration;
  if (answer.status !== 201 || typeof clientId !== 'string') return failFrom('registration', answer);
  return { ok: true, clientId, clientSecret: typeof secret === 'string' ? secret : undefined, registration };
}

function registrationBody(product: Product, found: Discovery): Readonly<Record<string, unknown>> {
  const advertised = product.registrationScope === 'advertised';
  const own = product.registrationScope === 'none' ? undefined : product.registrationScope;
  const scope = advertised ? found.scopes?.join(' ') : own;
  return {
    client_name: product.clientName,
    redirect_uris: product.redirectUris(found.server.namesIssuer),
    token_endpoint_auth_method: product.authMethod,
    ...product.registrationExtras,
    ...(scope ? { scope } : {}),
  };
}

/** The scope that a product asks for: what the host advertises, else as its `silentScope` says. */
export function requestedScope(product: Product, found: Discovery, client: StoredClient): string {
  if (found.scopes) return found.scopes.join(' ');
  const registered = product.silentScope === 'registered' ? String(client.registration?.scope ?? '') : '';
  return registered
    .split(' ')
    .filter((scope) => scope !== 'offline_access')
    .join(' ');
}

/** An authorization request with a new state and code verifier. */
export function pendingAuthorization(
  product: Product,
  found: Discovery,
  request: { clientId: string; scope: string; pkce: Pkce },
): PendingAuthorization {
  const pkce = challenge(request.pkce);
  const state = randomBytes(16).toString('base64url');
  const redirectUri = product.redirectUris(found.server.namesIssuer)[0] ?? '';
  const url = new URL(found.server.authorizationEndpoint);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: request.clientId,
    redirect_uri: redirectUri,
    state,
    resource: found.resource,
    ...(request.scope ? { scope: request.scope } : {}),
    ...pkce.params,
  }).toString();
  const issuer = found.server.namesIssuer ? found.issuer : undefined;
  return { url, state, redirectUri, codeVerifier: pkce.verifier, issuer };
}

/** Why an authorization response can't be trusted (state, RFC 9207), errors included; `undefined` when it can. */
export function suspicion(params: URLSearchParams, pending: PendingAuthorization): Failure | undefined {
  if (params.get('state') !== pending.state)
    return fail('authorization', 302, 'state_mismatch', params.toString());
  const iss = params.get('iss') ?? undefined;
  if (iss === pending.issuer) return undefined;
  return fail('authorization', 302, 'issuer_mismatch', `the answer is from ${iss}, not ${pending.issuer}`);
}
