import type { Preset } from './preset.ts';
import { redirect } from './redirect.ts';

/** The client of FastMCP, in Python. */
export const fastmcp: Preset = {
  name: 'fastmcp',
  title: 'FastMCP client',
  clientNames: ['FastMCP Client'],
  redirectUris: [redirect('http://localhost:<port>/callback')],
  trustedHosts: ['localhost'],
  sendsScope: 'yes',
  scopes: { from: ['challenge', 'metadata', 'issuer'], offline: true, registers: 'same' },
  registration: {
    client_name: 'FastMCP Client',
    redirect_uris: ['http://localhost:40000/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
  },
  requestedScopes: [],
  origins: [],
  comparesResource: 'prefix',
  registersTwice: 'no',
  registersPerLogin: 'unknown',
  reregisters: 'unknown',
  connect: [
    '`Client("{mcp}", auth="oauth")` in Python; the browser opens at the first call. Sign in and say yes on the consent page.',
  ],
  withClient: {
    secret: 'none',
    steps: [
      '`Client("{mcp}", auth=OAuth(client_id="{client-id}"))` in Python, with `from fastmcp.client.auth import OAuth`; the browser opens at the first call. Sign in and say yes on the consent page.',
    ],
  },
  notes: [
    'Where the server names no scope it names all that the authorization server advertises.',
    'An author may give it another name and other scopes.',
    'Opens the sign-in page on its own before it opens the browser.',
    'A public client: Keycloak keeps no creation time for it.',
  ],
  sources: [
    {
      url: 'https://github.com/jlowin/fastmcp',
      what: 'the product itself, version 4.2.3, against Keycloak 26.7.4: registration, sign-in, token, first MCP request',
      seen: '2026-11-27',
      certainty: 'recorded',
    },
    {
      url: 'https://gofastmcp.com/clients/auth/oauth',
      what: 'a client that was registered beforehand: client_id',
      seen: '2026-11-27',
      certainty: 'primary',
    },
  ],
};
