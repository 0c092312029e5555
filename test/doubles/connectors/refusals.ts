import { goodWeb, ISSUER, MCP_URL, type Route, resourceMetadata, sendBack, serverMetadata } from './web.ts';

export const HOST = 'https://mcp.example.com/.well-known/oauth-protected-resource';
export const SERVER = `${ISSUER}/.well-known/openid-configuration`;

/** The made-up web with some answers replaced. */
export function withChanges(changes: Readonly<Record<string, Route>>): Record<string, Route> {
  return { ...goodWeb(), ...changes };
}

/** What servers may do wrong, the answers that make it so, and where a connector has to stop. */
export const refusals: readonly [string, Record<string, Route>, object][] = [
  ['a host that is open', { [MCP_URL]: {} }, { stage: 'challenge', error: 'no_challenge' }],
  [
    'a host that forbids',
    { [MCP_URL]: () => new Response('', { status: 403 }) },
    { stage: 'challenge', status: 403 },
  ],
  [
    'a host without metadata',
    { [`${HOST}/mcp`]: () => new Response('', { status: 404 }) },
    { stage: 'resource-metadata', status: 404 },
  ],
  [
    'metadata with nothing in it',
    { [`${HOST}/mcp`]: {} },
    { stage: 'resource-metadata', error: 'invalid_metadata' },
  ],
  [
    'metadata for another host',
    { [`${HOST}/mcp`]: resourceMetadata({ resource: 'https://other.example.com/mcp' }) },
    { stage: 'resource-metadata', error: 'resource_mismatch' },
  ],
  [
    'the metadata URL for an issuer',
    {
      [`${HOST}/mcp`]: resourceMetadata({
        authorization_servers: [`${ISSUER}/.well-known/oauth-authorization-server`],
      }),
    },
    { stage: 'server-metadata', status: 404 },
  ],
  [
    'an issuer that is no URL',
    { [`${HOST}/mcp`]: resourceMetadata({ authorization_servers: ['keycloak'] }) },
    { stage: 'server-metadata', error: 'invalid_issuer' },
  ],
  [
    'a server that breaks',
    {
      'https://sso.example.com/.well-known/oauth-authorization-server/realms/demo': () =>
        new Response('', { status: 500 }),
    },
    { stage: 'server-metadata', status: 500 },
  ],
  [
    'a server with another name',
    { [SERVER]: serverMetadata({ issuer: `${ISSUER}/` }) },
    { stage: 'server-metadata', error: 'issuer_mismatch' },
  ],
  [
    'a server that answers HTML',
    { [SERVER]: () => new Response('<html>') },
    { stage: 'server-metadata', error: 'issuer_mismatch' },
  ],
  [
    'a server without registration',
    { [SERVER]: serverMetadata({ registration_endpoint: undefined }) },
    { stage: 'registration', error: 'no_registration_endpoint' },
  ],
  [
    'a server that refuses',
    { [`${ISSUER}/register`]: () => Response.json({ error: 'invalid_redirect_uri' }, { status: 400 }) },
    { stage: 'registration', status: 400, error: 'invalid_redirect_uri' },
  ],
  [
    'an answer in another’s name',
    { [`${ISSUER}/auth`]: (url: URL) => sendBack(url, { code: 'x', iss: 'https://evil.example' }) },
    { stage: 'authorization', error: 'issuer_mismatch' },
  ],
  [
    'an answer without a name',
    { [`${ISSUER}/auth`]: (url: URL) => sendBack(url, { code: 'x' }) },
    { stage: 'authorization', error: 'issuer_mismatch' },
  ],
  [
    'an answer to another request',
    { [`${ISSUER}/auth`]: (url: URL) => sendBack(url, { code: 'x', iss: ISSUER, state: 'y' }) },
    { stage: 'authorization', error: 'state_mismatch' },
  ],
  [
    'an error for an answer',
    { [`${ISSUER}/auth`]: (url: URL) => sendBack(url, { error: 'invalid_scope', iss: ISSUER }) },
    { stage: 'authorization', error: 'invalid_scope' },
  ],
  [
    'a page that is not Keycloak’s',
    { [`${ISSUER}/auth`]: () => new Response('<html>', { status: 502 }) },
    { stage: 'authorization', status: 502, page: 'unknown' },
  ],
  [
    'redirects without end',
    { [`${ISSUER}/auth`]: (url: URL) => Response.redirect(url) },
    { stage: 'authorization', error: 'too_many_steps' },
  ],
  [
    'a token endpoint that is away',
    { [`${ISSUER}/token`]: () => new Response('down', { status: 503 }) },
    { stage: 'token', status: 503, error: 'http_503' },
  ],
];
