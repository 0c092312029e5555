import type { Fetch } from '../../support/connectors/outcome.ts';

/** What an address answers: JSON, or a response of one's own. */
export type Route = object | ((url: URL, init: RequestInit) => Response);

export const MCP_URL = 'https://mcp.example.com/mcp';
export const ISSUER = 'https://sso.example.com/realms/demo';

/** A web of made-up servers behind a `fetch`; what isn't listed is 404. `asked` collects what was asked for. */
export function web(routes: Readonly<Record<string, Route>>, asked: string[] = []): Fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    asked.push(`${init?.method ?? 'GET'} ${url.origin}${url.pathname}`);
    const route = routes[`${url.origin}${url.pathname}`];
    if (typeof route === 'function') return route(url, init ?? {});
    return route === undefined ? new Response('nothing here', { status: 404 }) : Response.json(route);
  };
}

/** A host that wants a token, and an authorization server that lets everybody pass. */
export function goodWeb(): Record<string, Route> {
  return {
    [MCP_URL]: () => unauthorized('Bearer'),
    'https://mcp.example.com/.well-known/oauth-protected-resource/mcp': resourceMetadata(),
    [`${ISSUER}/.well-known/openid-configuration`]: serverMetadata(),
    [`${ISSUER}/register`]: () => Response.json({ client_id: 'c1', redirect_uris: [] }, { status: 201 }),
    [`${ISSUER}/auth`]: (url) => sendBack(url, { code: 'abc', iss: ISSUER }),
  };
}

/** A 401 with this challenge. */
export function unauthorized(challenge: string): Response {
  return new Response('', { status: 401, headers: { 'www-authenticate': challenge } });
}

/** The host's metadata. */
export function resourceMetadata(changes: object = {}): object {
  return { resource: MCP_URL, authorization_servers: [ISSUER], ...changes };
}

/** The authorization server's metadata. */
export function serverMetadata(changes: object = {}): object {
  return {
    issuer: ISSUER,
    authorization_endpoint: `${ISSUER}/auth`,
    token_endpoint: `${ISSUER}/token`,
    registration_endpoint: `${ISSUER}/register`,
    jwks_uri: `${ISSUER}/certs`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    ...changes,
  };
}

/** The authorization server's redirect to the client, with the request's state unless another one is given. */
export function sendBack(request: URL, params: Readonly<Record<string, string>>): Response {
  const target = new URL(request.searchParams.get('redirect_uri') ?? '');
  const state = request.searchParams.get('state') ?? '';
  target.search = new URLSearchParams({ state, ...params }).toString();
  return new Response('', { status: 302, headers: { location: target.href } });
}
