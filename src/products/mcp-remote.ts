import type { Preset } from './preset.ts';
import { redirect } from './redirect.ts';

const PROVIDER = 'https://github.com/geelen/mcp-remote/blob/main/src/lib/node-oauth-client-provider.ts';

/** mcp-remote, the bridge that local-only clients start. */
export const mcpRemote: Preset = {
  name: 'mcp-remote',
  title: 'mcp-remote',
  // The second one until 0.1.
  clientNames: ['MCP CLI Proxy', 'MCP CLI Client'],
  redirectUris: [redirect('http://localhost:<port>/oauth/callback')],
  trustedHosts: ['localhost', 'github.com'],
  clientUri: 'https://github.com/modelcontextprotocol/mcp-cli',
  sendsScope: 'yes',
  scopes: {
    from: ['challenge', 'metadata', 'issuer'],
    offline: true,
    registers: 'same',
    otherwise: 'openid email profile',
  },
  registration: {
    client_name: 'MCP CLI Proxy',
    client_uri: 'https://github.com/modelcontextprotocol/mcp-cli',
    redirect_uris: ['http://localhost:23871/oauth/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_post',
    software_id: '2e6dc280-f3c3-4e01-99a7-8181dbd1d23d',
    software_version: '0.15.1',
    application_type: 'native',
  },
  requestedScopes: [],
  origins: [],
  comparesResource: 'prefix',
  registersTwice: 'no',
  registersPerLogin: 'no',
  reregisters: 'unknown',
  connect: [
    'Write `{"mcpServers":{"{name}":{"command":"npx","args":["mcp-remote","{mcp}"]}}}` into the configuration of the program that starts local servers only.',
    'Restart that program, sign in in the browser that opens, and say yes on the consent page.',
  ],
  withClient: {
    secret: 'json',
    steps: [
      'Write `{"mcpServers":{"{name}":{"command":"npx","args":["mcp-remote","{mcp}","--static-oauth-client-info","@{secret-file}"]}}}` into the configuration of the program that starts local servers only.',
      'Restart that program, sign in in the browser that opens, and say yes on the consent page.',
    ],
  },
  notes: [
    'Registers once per server URL and machine with the scopes that the server names; where it names none, with all that the authorization server advertises.',
    'Drops its registration and makes a new one when its callback address changes.',
    'Its client_uri is checked by Trusted Hosts: without github.com every registration is refused.',
  ],
  sources: [
    {
      url: 'https://github.com/geelen/mcp-remote',
      what: 'the product itself, version 0.15.1, against Keycloak 26.7.4: registration, sign-in, token, first MCP request',
      seen: '2026-11-27',
      certainty: 'recorded',
    },
    {
      url: PROVIDER,
      what: 'the body of the registration and the order in which scopes are looked for',
      seen: '2026-11-24',
      certainty: 'primary',
    },
    {
      url: 'https://github.com/geelen/mcp-remote/blob/main/src/lib/utils.ts',
      what: 'redirect URI; registrations that no longer fit it are dropped',
      seen: '2026-11-24',
      certainty: 'primary',
    },
  ],
};
