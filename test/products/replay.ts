import { createHash, randomBytes } from 'node:crypto';
import type { CookieJar } from '../support/connectors/cookies.ts';
import { bearerParameters } from '../support/connectors/discovery.ts';
import {
  type Answer,
  ask,
  type Failure,
  type Fetch,
  fail,
  failFrom,
  type Outcome,
  record,
} from '../support/connectors/outcome.ts';
import { signIn, type User } from '../support/connectors/sign-in.ts';
import { audiences, claimsOf } from '../support/connectors/tokens.ts';
import { documentedRecording } from './documented.ts';
import { type Recording, recordingOf, requestsOf, type SentRequest, type Situation } from './recording.ts';
import { COMPARES_RESOURCE, DOCUMENTED_RULES, RECORDED_RULES } from './scope-rules.ts';

/** The realm as far as a product is concerned: somebody can sign in to it. */
export interface ReplayRealm {
  readonly user: User;
}

/** The MCP server: the URL that a person types. */
export interface ReplayServer {
  readonly url: string;
}

/** How to differ from a first connection on a sunny day. */
export interface ReplayOptions {
  /** A client of an earlier replay: nothing is registered then. */
  readonly client?: ReplayedClient;
  /** It is known by its metadata document: nothing is registered, and it proves itself as told (nothing for `none`). */
  readonly document?: ProductDocument;
  /** The person's browser; share it to reuse a session. */
  readonly jar?: CookieJar;
  readonly refuseConsent?: boolean;
  readonly fetch?: Fetch;
  /** Awaited after each registration, before the sign-in. */
  readonly onRegistered?: (client: ReplayedClient) => unknown;
}

/** A product's metadata document, as far as an authorization server meets it. */
export interface ProductDocument {
  readonly url: string;
  /** The redirect URI that it uses, with the port of this run. */
  readonly redirectUri: string;
  /** What it adds to the token request to prove who it is: `private_key_jwt` (RFC 7523), say. */
  readonly proof?: (issuer: string) => Promise<Readonly<Record<string, string>>>;
}

/** A client that the product registered. */
export interface ReplayedClient {
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
  /** The redirect URI with the port that this run took. */
  readonly redirectUri: string;
  /** The server's answer, whole. */
  readonly registration: Readonly<Record<string, unknown>>;
}

/** What a product ends with: a token, and whether it is one for the server. */
export interface Replayed {
  readonly client: ReplayedClient;
  /** All that were registered, in their order; more than one of a product that registers twice. */
  readonly clients: readonly ReplayedClient[];
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly audiences: readonly string[];
  /** Whether the server's URL is an audience of the token, byte for byte. */
  readonly opens: boolean;
  /** What its scopes came from. */
  readonly met: Situation;
  /** Where the token opens nothing: what the realm refuses of what the product asks then; the last of it. */
  readonly afterwards?: Failure | undefined;
}

/**
 * Does what a product does, from the first request to the token: its recorded requests, in its order, with the scopes
 * that its own rule names for what it meets here. What a server refuses is data; nothing throws but a product without
 * recording or description (test/products/documented.ts). Which mode the realm is in shows only in the answers.
 */
export async function replay(
  product: string,
  realm: ReplayRealm,
  server: ReplayServer,
  options: ReplayOptions = {},
): Promise<Outcome<Replayed>> {
  return new Replay(
    documentedRecording(product) ?? recordingOf(product),
    realm.user,
    server.url,
    options,
  ).run();
}

interface Metadata {
  readonly issuer: string;
  readonly registrationEndpoint: string | undefined;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly scopes: readonly string[];
}

class Replay {
  readonly #recording: Recording;
  readonly #template: Recording['runs']['named'];
  readonly #user: User;
  readonly #mcpUrl: string;
  readonly #options: ReplayOptions;
  readonly #fetch: Fetch;

  constructor(recording: Recording, user: User, mcpUrl: string, options: ReplayOptions) {
    this.#recording = recording;
    this.#template = recording.runs.named;
    this.#user = user;
    this.#mcpUrl = mcpUrl;
    this.#options = options;
    this.#fetch = options.fetch ?? globalThis.fetch;
  }

  async run(): Promise<Outcome<Replayed>> {
    const challenged = await this.#challenge();
    if (!challenged.ok) return challenged;
    const resource = await this.#resourceMetadata(challenged.metadataUrl);
    if (!resource.ok) return resource;
    if (COMPARES_RESOURCE.includes(this.#recording.product) && resource.resource !== this.#mcpUrl)
      return fail('resource-metadata', 200, 'resource_mismatch', `${resource.resource} is not the URL`);
    const found = await this.#serverMetadata(resource.issuer);
    if (!found.ok) return found;
    const met = {
      challengeScope: challenged.scope,
      resourceScopes: resource.scopes,
      issuerScopes: found.server.scopes,
    };
    const sent = scopeRule(this.#recording.product)(met);
    const clients = await this.#clients(found.server, sent.registration);
    if (!clients.ok) return clients;
    const client = clients.registered.at(-1);
    if (!client) return fail('registration', 0, 'no_registration', 'the recording has none');
    const registeredScope = typeof client.registration.scope === 'string' ? client.registration.scope : null;
    const values = { ...this.#places(found.server.issuer), client, resource: resource.resource };
    const token = await this.#token(found.server, values, sent.authorization(registeredScope));
    if (!token.ok) return token;
    const claims = claimsOf(token.accessToken);
    const opens = audiences(claims).includes(this.#mcpUrl);
    return {
      ...token,
      ...(opens
        ? {}
        : { afterwards: await this.#afterRefusal(found.server, clients.registered, token.refreshToken) }),
      client,
      clients: clients.registered,
      claims,
      audiences: audiences(claims),
      opens,
      met: { ...met, registeredScope },
    };
  }

  /** The first MCP request, for its challenge; a product that never asks without a token learns nothing from one. */
  async #challenge(): Promise<Outcome<{ metadataUrl: string | undefined; scope: string | null }>> {
    const [first] = this.#template.requests;
    if (first?.kind !== 'mcp') return { ok: true, metadataUrl: undefined, scope: null };
    const answer = await this.#send(first, this.#mcpUrl);
    if (answer.status === 200)
      return fail('challenge', 200, 'no_challenge', 'the server answers without a token');
    if (answer.status !== 401) return failFrom('challenge', answer);
    const { resource_metadata: metadataUrl, scope } = bearerParameters(
      answer.headers.get('www-authenticate'),
    );
    return { ok: true, metadataUrl, scope: scope ?? null };
  }

  async #resourceMetadata(
    fromChallenge: string | undefined,
  ): Promise<Outcome<{ resource: string; issuer: string; scopes: readonly string[] | null }>> {
    const { origin, pathname } = new URL(this.#mcpUrl);
    const root = `${origin}/.well-known/oauth-protected-resource`;
    const places = fromChallenge ? [fromChallenge] : [`${root}${pathname.replace(/\/$/, '')}`, root];
    const answer = await this.#firstOf('resource-metadata', places);
    if (answer.status !== 200) return failFrom('resource-metadata', answer);
    const { resource, authorization_servers: servers, scopes_supported: scopes } = record(answer.json);
    const issuer: unknown = Array.isArray(servers) ? servers[0] : undefined;
    if (typeof resource !== 'string' || typeof issuer !== 'string') {
      return fail(
        'resource-metadata',
        200,
        'invalid_metadata',
        `${answer.url} needs resource and authorization_servers`,
      );
    }
    return { ok: true, resource, issuer, scopes: Array.isArray(scopes) ? scopes.map(String) : null };
  }

  /** The well-known places that the product tries, in its order. */
  async #serverMetadata(issuer: string): Promise<Outcome<{ server: Metadata }>> {
    if (!URL.canParse(issuer)) return fail('server-metadata', 0, 'invalid_issuer', `${issuer} is no URL`);
    const places = requestsOf(this.#template, 'server-metadata').map(({ url }) =>
      fill(url, this.#places(issuer)),
    );
    const answer = await this.#firstOf('server-metadata', [...new Set(places)]);
    if (answer.status !== 200) return failFrom('server-metadata', answer);
    const body = record(answer.json);
    const {
      authorization_endpoint: authorization,
      token_endpoint: token,
      registration_endpoint: endpoint,
    } = body;
    if (typeof authorization !== 'string' || typeof token !== 'string') {
      return fail('server-metadata', 200, 'invalid_metadata', `${answer.url} names no endpoints`);
    }
    if (body.issuer !== issuer) {
      return fail('server-metadata', 200, 'issuer_mismatch', `${answer.url} is of ${String(body.issuer)}`);
    }
    const server = {
      issuer,
      registrationEndpoint: typeof endpoint === 'string' ? endpoint : undefined,
      authorizationEndpoint: authorization,
      tokenEndpoint: token,
      scopes: Array.isArray(body.scopes_supported) ? body.scopes_supported.map(String) : [],
    };
    return { ok: true, server };
  }

  async #clients(
    server: Metadata,
    scope: string | undefined,
  ): Promise<Outcome<{ registered: readonly ReplayedClient[] }>> {
    if (this.#options.client) return { ok: true, registered: [this.#options.client] };
    const { document } = this.#options;
    if (document) {
      const { url: clientId, redirectUri } = document;
      return { ok: true, registered: [{ clientId, redirectUri, registration: {} }] };
    }
    const registered: ReplayedClient[] = [];
    for (const request of requestsOf(this.#template, 'registration')) {
      const client = await this.#register(request, server, scope);
      if (!client.ok) return client;
      registered.push(client);
      await this.#options.onRegistered?.(client);
    }
    return { ok: true, registered };
  }

  async #register(
    request: SentRequest,
    { registrationEndpoint: endpoint, issuer }: Metadata,
    scope: string | undefined,
  ): Promise<Outcome<ReplayedClient>> {
    if (!endpoint) return fail('registration', 0, 'no_registration_endpoint', `${issuer} names none`);
    const { scope: _, ...rest } = record(request.body);
    const port = 20_000 + Math.floor(Math.random() * 40_000);
    const body = fillAll({ ...rest, ...(scope === undefined ? {} : { scope }) }, { '<port>': String(port) });
    const answer = await this.#send(request, endpoint, JSON.stringify(body));
    const registration = record(answer.json);
    const { client_id: clientId, client_secret: secret } = registration;
    if (answer.status !== 201 || typeof clientId !== 'string') return failFrom('registration', answer);
    const [redirectUri = ''] = [record(body).redirect_uris ?? []].flat().map(String);
    return {
      ok: true,
      clientId,
      clientSecret: typeof secret === 'string' ? secret : undefined,
      redirectUri,
      registration,
    };
  }

  async #token(
    server: Metadata,
    { client, resource, ...places }: Values,
    scope: string | undefined,
  ): Promise<Outcome<{ accessToken: string; refreshToken: string | undefined }>> {
    const request = requestsOf(this.#template, 'authorization').at(-1);
    const exchange = requestsOf(this.#template, 'token').find(
      ({ body }) => record(body).grant_type === 'authorization_code',
    );
    if (!request || !exchange)
      return fail('authorization', 0, 'no_recording', 'the recording ends before it');
    const verifier = randomBytes(32).toString('base64url');
    const state = randomBytes(16).toString('base64url');
    const values = {
      ...places,
      '{mcp}': resource,
      '{client_id}': client.clientId,
      '{client_secret}': client.clientSecret ?? '',
      '{state}': state,
      '{nonce}': state,
      '{code_verifier}': verifier,
      '{code_challenge}': createHash('sha256').update(verifier).digest('base64url'),
    };
    const url = new URL(server.authorizationEndpoint);
    const { scope: _, prompt, ...query } = asWords(request.body);
    // Anybody who asks for offline access asks for consent with it (OpenID Connect Core, section 11).
    const prompts = prompt !== undefined && (scope ?? '').split(' ').includes('offline_access');
    const asked = {
      ...asWords(fillAll(query, values)),
      redirect_uri: client.redirectUri,
      ...(scope === undefined ? {} : { scope }),
      ...(prompts ? { prompt } : {}),
    };
    url.search = new URLSearchParams(asked).toString();
    const { jar, refuseConsent = false } = this.#options;
    const callback = await signIn(url, {
      user: this.#user,
      redirectUri: client.redirectUri,
      refuseConsent,
      fetch: this.#fetch,
      ...(jar ? { jar } : {}),
    });
    if (!callback.ok) return callback;
    if (query.state !== undefined && callback.state !== state) {
      return fail('authorization', 302, 'state_mismatch', callback.params.toString());
    }
    const { document } = this.#options;
    const sent = asWords(fillAll(record(exchange.body), { ...values, '{code}': callback.code }));
    const { client_secret: _secret, ...withoutSecret } = sent;
    const form = {
      ...(document ? { ...withoutSecret, client_id: client.clientId } : sent),
      ...(await document?.proof?.(server.issuer)),
      redirect_uri: client.redirectUri,
    };
    const authorization =
      !document && exchange.headers.authorization?.startsWith('Basic ') ? basicOf(client) : {};
    const answer = await this.#send(exchange, server.tokenEndpoint, new URLSearchParams(form), authorization);
    const { access_token: accessToken, refresh_token: refreshToken } = record(answer.json);
    if (answer.status !== 200 || typeof accessToken !== 'string') return failFrom('token', answer);
    return {
      ok: true,
      accessToken,
      refreshToken: typeof refreshToken === 'string' ? refreshToken : undefined,
    };
  }

  /** Asks the realm for what the product asks once its token was refused: for other clients, and by the refresh token. */
  async #afterRefusal(
    server: Metadata,
    registered: readonly ReplayedClient[],
    refreshToken: string | undefined,
  ): Promise<Failure | undefined> {
    const clients = [...registered];
    let newest = refreshToken ?? '';
    let refused: Failure | undefined;
    for (const request of this.#recording.refused ?? []) {
      if (request.kind === 'registration') {
        const { scope } = record(request.body);
        const client = await this.#register(request, server, typeof scope === 'string' ? scope : undefined);
        if (client.ok) clients.push(client);
        else refused = client;
        continue;
      }
      // What follows on a second sign-in of the person is the first connection again.
      if (request.kind !== 'token' || record(request.body).grant_type !== 'refresh_token') return refused;
      const numbered = clients.flatMap(({ clientId, clientSecret = '' }, index) => [
        [`{client_id:${index + 1}}`, clientId],
        [`{client_secret:${index + 1}}`, clientSecret],
      ]);
      const [first] = clients;
      const values: Record<string, string> = {
        ...this.#places(server.issuer),
        ...Object.fromEntries(numbered),
        '{client_id}': first?.clientId ?? '',
        '{client_secret}': first?.clientSecret ?? '',
        '{refresh_token}': newest,
      };
      const form = new URLSearchParams(asWords(fillAll(request.body, values)));
      const basic = first && request.headers.authorization?.startsWith('Basic ') ? basicOf(first) : {};
      const answer = await this.#send(request, server.tokenEndpoint, form, basic);
      const { refresh_token: next } = record(answer.json);
      if (answer.status !== 200) refused = failFrom('token', answer);
      else if (typeof next === 'string') newest = next;
    }
    return refused;
  }

  /** The first place that does not say 4xx or 502; another error ends the search, as in the official SDK. */
  async #firstOf(kind: SentRequest['kind'], places: readonly string[]): Promise<Answer> {
    const [place = '', ...others] = places;
    const request = requestsOf(this.#template, kind)[0];
    const answer = await this.#send(request, place);
    const movesOn = (answer.status >= 400 && answer.status < 500) || answer.status === 502;
    return movesOn && others.length > 0 ? this.#firstOf(kind, others) : answer;
  }

  /** Sends what was recorded to a URL of this run, with a body and headers of this run. */
  #send(
    request: SentRequest | undefined,
    url: string,
    body: RequestInit['body'] = request?.body === undefined ? null : JSON.stringify(request.body),
    more: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const { authorization: _, ...headers } = request?.headers ?? {};
    return ask(this.#fetch, url, {
      method: request?.method ?? 'GET',
      headers: { ...headers, ...more },
      body,
    });
  }

  #places(issuer: string): Record<`{${string}}`, string> {
    const { origin, pathname } = new URL(issuer);
    return {
      '{mcp}': this.#mcpUrl,
      '{mcp-origin}': new URL(this.#mcpUrl).origin,
      '{issuer}': issuer,
      '{keycloak-origin}': origin,
      '{issuer-path}': pathname.replace(/\/$/, ''),
    };
  }
}

type Values = Record<`{${string}}`, string> & { client: ReplayedClient; resource: string };

/** HTTP Basic of a client (RFC 6749, section 2.3.1). */
function basicOf({ clientId, clientSecret = '' }: ReplayedClient): Record<string, string> {
  const text = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
  return { authorization: `Basic ${Buffer.from(text).toString('base64')}` };
}

function scopeRule(product: string) {
  const rule = RECORDED_RULES[product] ?? DOCUMENTED_RULES[product];
  if (!rule) throw new Error(`no scope rule for ${product} stands in test/products/scope-rules.ts`);
  return rule;
}

function asWords(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(record(value)).map(([key, inner]) => [key, String(inner)]));
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  const named = Object.entries(values).reduce((rest, [name, value]) => rest.replaceAll(name, value), text);
  // "{client_id:2}": of a product that registers twice, the later one.
  return named.replaceAll(
    /\{(client_id|client_secret):\d\}/g,
    (_, name: string) => values[`{${name}}`] ?? '',
  );
}

function fillAll(value: unknown, values: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') return fill(value, values);
  if (Array.isArray(value)) return value.map((inner) => fillAll(inner, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fillAll(inner, values)]));
}
