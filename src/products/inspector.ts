import type { Preset } from './preset.ts';
import { redirect } from './redirect.ts';

const PROVIDERS = 'https://github.com/modelcontextprotocol/inspector/blob/main/core/auth/providers.ts';

/** The MCP Inspector, in the browser and on the command line. */
export const inspector: Preset = {
  name: 'inspector',
  title: 'MCP Inspector',
  clientNames: ['MCP Inspector'],
  redirectUris: [
    // 6274 of the page, 6276 of the command line; both can be set.
    redirect('http://127.0.0.1:<port>/oauth/callback'),
    redirect('http://localhost:<port>/oauth/callback'),
  ],
  trustedHosts: ['localhost', '127.0.0.1', 'github.com'],
  clientUri: 'https://github.com/modelcontextprotocol/inspector',
  sendsScope: 'yes',
  scopes: { from: ['challenge', 'metadata'], offline: true, registers: 'same-or-empty' },
  registration: {
    client_name: 'MCP Inspector',
    client_uri: 'https://github.com/modelcontextprotocol/inspector',
    redirect_uris: ['http://127.0.0.1:6274/oauth/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
  },
  requestedScopes: [],
  origins: ['http://127.0.0.1:6274', 'http://localhost:6274'],
  // Through its own server unless it is set to connect directly.
  registersInBrowser: 'sometimes',
  comparesResource: 'prefix',
  registersTwice: 'no',
  registersPerLogin: 'unknown',
  reregisters: 'after-removal',
  connect: [
    '`npx @modelcontextprotocol/inspector --web --transport http --server-url {mcp}`',
    'Switch the server on in the page that opens, sign in, and say yes on the consent page.',
  ],
  withClient: {
    secret: 'none',
    steps: [
      '`npx @modelcontextprotocol/inspector --cli {mcp} --transport http --method tools/list --client-id {client-id}`',
      'Sign in in the browser that opens, and say yes on the consent page.',
    ],
  },
  notes: [
    'Where the server names no scope it registers with an empty one: Keycloak then attaches none of the realm’s defaults, and the token has no audience.',
    'Its command line prefers the scopes of the metadata to those of the challenge.',
    'Its page sends its requests by a server of its own, without an Origin, unless it is set up otherwise.',
    'Its command line keeps a client id that is gone until --relogin.',
    'Registers anew whenever its stored state is cleared; meant for trying a host out, not for lasting connections.',
    'Its client_uri is checked by Trusted Hosts: without github.com every registration is refused.',
    'A public client: Keycloak keeps no creation time for it.',
  ],
  sources: [
    {
      url: 'https://github.com/modelcontextprotocol/inspector',
      what: 'the product itself, version 2.12.0, against Keycloak 26.7.4: registration, sign-in, token, first MCP request, page and command line',
      seen: '2026-11-27',
      certainty: 'recorded',
    },
    {
      url: PROVIDERS,
      what: 'the body of the registration',
      seen: '2026-11-24',
      certainty: 'primary',
    },
    {
      url: 'https://github.com/modelcontextprotocol/inspector/blob/main/core/auth/node/runner-oauth-callback.ts',
      what: 'port 6276 of the command line, beside 6274 of the browser',
      seen: '2026-11-24',
      certainty: 'primary',
    },
  ],
};
