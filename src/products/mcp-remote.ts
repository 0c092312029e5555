import type { Preset } from './preset.ts';
import { redirect } from './redirect.ts';

const PROVIDER = 'https://github.com/geelen/mcp-remote/blob/main/src/lib/node-oauth-client-provider.ts';

/** mcp-remote, the bridge that local-only clients start. */
export const mcpRemote: Preset = {
  name: 'mcp-remote',
  title: 'mcp-remote',
  clientNames: ['MCP CLI Client'],
  redirectUris: [redirect('http://localhost:<port>/oauth/callback')],
  trustedHosts: ['localhost', 'github.com'],
  clientUri: 'https://github.com/modelcontextprotocol/mcp-cli',
  sendsScope: 'yes',
  registration: {
    client_name: 'MCP CLI Client',
    client_uri: 'https://github.com/modelcontextprotocol/mcp-cli',
    redirect_uris: ['http://localhost:23871/oauth/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    // Where neither challenge nor metadata name scopes.
    scope: 'openid email profile',
    software_id: '2e6dc280-f3c3-4e01-99a7-8181dbd1d23d',
  },
  requestedScopes: [],
  registersTwice: 'no',
  registersPerLogin: 'no',
  reregisters: 'unknown',
  notes: [
    'Registers once per host URL and machine with the scopes of the challenge, the host’s metadata or the authorization server’s, else openid email profile: Keycloak refuses openid until it is an allowed client scope.',
    'Drops its registration and makes a new one when its callback address changes.',
    'Its client_uri is checked by Trusted Hosts: without github.com every registration is refused.',
    'A public client: Keycloak keeps no creation time for it.',
  ],
  sources: [
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
