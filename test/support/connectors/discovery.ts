import { type Answer, ask, type Fetch, fail, failFrom, type Outcome, record } from './outcome.ts';

/** What a connector knows once it has looked around. */
export interface Discovery {
  /** The `resource` of the host's metadata, as it is sent to the authorization server. */
  readonly resource: string;
  /** The scopes that the host's metadata lists; `undefined` where it lists none. */
  readonly scopes: readonly string[] | undefined;
  readonly issuer: string;
  readonly server: ServerMetadata;
}

/** What a connector uses of the authorization server's metadata. */
export interface ServerMetadata {
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly registrationEndpoint: string | undefined;
  /** Whether authorization responses carry `iss` (RFC 9207). */
  readonly namesIssuer: boolean;
}

/** What discovery needs to know. */
export interface DiscoveryOptions {
  readonly fetch: Fetch;
  readonly userAgent: string;
  readonly resourceMatch: 'exact' | 'prefix';
}

/** Reads the parameters of a `WWW-Authenticate: Bearer` challenge. */
export function bearerParameters(header: string | null): Readonly<Record<string, string>> {
  const parameters = /^Bearer\s+(.*)$/i.exec(header ?? '')?.[1] ?? '';
  return Object.fromEntries(
    [...parameters.matchAll(/([a-z_]+)=(?:"([^"]*)"|([^\s,]+))/gi)].map((found) => [
      found[1],
      found[2] ?? found[3],
    ]),
  );
}

/** Challenge, protected resource metadata, authorization server metadata, in the order of the specification. */
export async function discover(mcpUrl: string, options: DiscoveryOptions): Promise<Outcome<Discovery>> {
  const headers = { accept: 'application/json', 'user-agent': options.userAgent };
  const get: Get = (url) => ask(options.fetch, url, { headers });
  const challenge = await challengeOf(mcpUrl, options);
  if (!challenge.ok) return challenge;
  const host = await resourceMetadata(mcpUrl, challenge.metadataUrl, get);
  if (!host.ok) return host;
  if (!matches(host.resource, mcpUrl, options.resourceMatch)) {
    const description = `the metadata is for ${host.resource}, the connector was pointed at ${mcpUrl}`;
    return fail('resource-metadata', 200, 'resource_mismatch', description);
  }
  const server = await serverMetadata(host.issuer, get);
  return server.ok ? { ...host, server: server.server } : server;
}

type Get = (url: string | URL) => Promise<Answer>;

async function challengeOf(
  mcpUrl: string,
  options: DiscoveryOptions,
): Promise<Outcome<{ metadataUrl: string | undefined }>> {
  const answer = await ask(options.fetch, mcpUrl, {
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'user-agent': options.userAgent,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params: INITIALIZE }),
  });
  if (answer.status === 401) {
    return {
      ok: true,
      metadataUrl: bearerParameters(answer.headers.get('www-authenticate')).resource_metadata,
    };
  }
  if (answer.status === 200)
    return fail('challenge', 200, 'no_challenge', 'the host answers without a token');
  return failFrom('challenge', answer);
}

/** The parameters of the legacy era's first request, in the revision of 2025-06-18. */
export const INITIALIZE = {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'openai-mcp', version: '1.0.0' },
} as const;

async function resourceMetadata(
  mcpUrl: string,
  fromChallenge: string | undefined,
  get: Get,
): Promise<Outcome<Omit<Discovery, 'server'>>> {
  const { origin, pathname } = new URL(mcpUrl);
  const root = `${origin}/.well-known/oauth-protected-resource`;
  const places = fromChallenge ? [fromChallenge] : pathname === '/' ? [root] : [`${root}${pathname}`, root];
  const answer = await firstOf(places, get);
  if (answer.status !== 200) return failFrom('resource-metadata', answer);
  const { resource, authorization_servers: servers, scopes_supported: scopes } = record(answer.json);
  const issuer: unknown = Array.isArray(servers) ? servers[0] : undefined;
  if (typeof resource !== 'string' || typeof issuer !== 'string') {
    const description = `${answer.url} needs resource and authorization_servers`;
    return fail('resource-metadata', 200, 'invalid_metadata', description);
  }
  return {
    ok: true,
    resource,
    issuer,
    scopes: Array.isArray(scopes) && scopes.length > 0 ? scopes : undefined,
  };
}

async function serverMetadata(issuer: string, get: Get): Promise<Outcome<{ server: ServerMetadata }>> {
  if (!URL.canParse(issuer)) return fail('server-metadata', 0, 'invalid_issuer', `${issuer} is no URL`);
  const { origin, pathname, protocol, hostname } = new URL(issuer);
  // RFC 8414 §2: an issuer is https. Loopback is how people develop.
  if (protocol !== 'https:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) {
    return fail('server-metadata', 0, 'insecure_issuer', `${issuer} is not https`);
  }
  const path = pathname.replace(/\/$/, '');
  const places = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
  const answer = await firstOf(places, get);
  if (answer.status !== 200) return failFrom('server-metadata', answer);
  const body = record(answer.json);
  if (body.issuer !== issuer) {
    const description = `${answer.url} says it is ${String(body.issuer)}, not ${issuer}`;
    return fail('server-metadata', 200, 'issuer_mismatch', description);
  }
  const { authorization_endpoint: authorizationEndpoint, token_endpoint: tokenEndpoint } = body;
  if (!isUrl(authorizationEndpoint) || !isUrl(tokenEndpoint)) {
    return fail('server-metadata', 200, 'invalid_metadata', `${answer.url} names no endpoints`);
  }
  const registrationEndpoint =
    typeof body.registration_endpoint === 'string' ? body.registration_endpoint : undefined;
  const namesIssuer = body.authorization_response_iss_parameter_supported === true;
  return { ok: true, server: { authorizationEndpoint, tokenEndpoint, registrationEndpoint, namesIssuer } };
}

function isUrl(value: unknown): value is string {
  return typeof value === 'string' && URL.canParse(value);
}

/** The first place that doesn't say 4xx or 502; any other error ends the search, as in the official SDK 2.4. */
async function firstOf(places: readonly string[], get: Get): Promise<Answer> {
  const [place = '', ...others] = places;
  const answer = await get(place);
  const movesOn = (answer.status >= 400 && answer.status < 500) || answer.status === 502;
  return movesOn && others.length > 0 ? firstOf(others, get) : answer;
}

function matches(resource: string, mcpUrl: string, how: 'exact' | 'prefix'): boolean {
  if (!URL.canParse(resource)) return false;
  const [listed, typed] = [new URL(resource), new URL(mcpUrl)];
  if (how === 'exact') return listed.href === typed.href;
  return (
    listed.origin === typed.origin &&
    `${typed.pathname}/`.startsWith(`${listed.pathname.replace(/\/$/, '')}/`)
  );
}
