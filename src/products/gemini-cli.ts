import type { Preset } from './preset.ts';
import { redirect } from './redirect.ts';

const PROVIDER =
  'https://github.com/google-gemini/gemini-cli/blob/main/packages/core/src/mcp/oauth-provider.ts';

/** Gemini CLI. */
export const geminiCli: Preset = {
  name: 'gemini-cli',
  title: 'Gemini CLI',
  clientNames: ['Gemini CLI MCP Client'],
  redirectUris: [redirect('http://localhost:<port>/oauth/callback')],
  trustedHosts: ['localhost'],
  sendsScope: 'yes',
  scopes: { from: ['issuer'], offline: false, registers: 'same' },
  registration: {
    client_name: 'Gemini CLI MCP Client',
    redirect_uris: ['http://localhost:7777/oauth/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  },
  requestedScopes: [],
  origins: [],
  comparesResource: 'exact',
  registersTwice: 'no',
  registersPerLogin: 'yes',
  reregisters: 'at-login',
  connect: [
    '`gemini mcp add --transport http {name} {mcp}`',
    'Start gemini, type `/mcp auth {name}`, sign in in the browser and say yes on the consent page.',
  ],
  withClient: {
    secret: 'none',
    steps: [
      'Write `{"mcpServers":{"{name}":{"httpUrl":"{mcp}","oauth":{"enabled":true,"clientId":"{client-id}"}}}}` into ~/.gemini/settings.json.',
      'Start gemini, type `/mcp auth {name}`, sign in in the browser and say yes on the consent page.',
    ],
  },
  notes: [
    'Registers with every scope that the authorization server advertises, whatever the MCP server names, unless scopes are configured: one of them that clients may not have refuses the registration. Keycloak refuses openid until it is an allowed client scope, and service_account, which a stock realm advertises, until it is hidden or realm-optional.',
    'Where the MCP server refuses its token, it registers a second client without redirect URIs, Gemini CLI (Stored OAuth), and renews its token as that one: invalid_grant (seen with 0.61.0). So it is adopted before its first request to the server, or signs in again with /mcp auth.',
    'Never registers again on its own: after invalid_client its user has to authenticate anew.',
    'A public client: Keycloak keeps no creation time for it.',
  ],
  sources: [
    {
      url: 'https://github.com/google-gemini/gemini-cli',
      what: 'the product itself, version 0.61.0 of its core package, against Keycloak 26.7.4: registration, sign-in, token, first MCP request, the provider of /mcp auth',
      seen: '2026-11-27',
      certainty: 'recorded',
    },
    {
      url: PROVIDER,
      what: 'the body of the registration',
      seen: '2026-11-24',
      certainty: 'primary',
    },
    {
      url: 'https://github.com/google-gemini/gemini-cli/blob/main/packages/core/src/utils/oauth-flow.ts',
      what: 'redirect URI on a port of its own',
      seen: '2026-11-24',
      certainty: 'primary',
    },
    {
      url: 'https://github.com/google-gemini/gemini-cli/blob/main/packages/core/src/mcp/oauth-utils.ts',
      what: 'scopes taken from the authorization server’s scopes_supported; a resource that is not the URL ends the sign-in',
      seen: '2026-11-27',
      certainty: 'primary',
    },
  ],
};
