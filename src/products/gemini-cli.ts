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
  registration: {
    client_name: 'Gemini CLI MCP Client',
    redirect_uris: ['http://localhost:7777/oauth/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    // Empty where neither the user nor the authorization server's metadata names scopes.
    scope: '',
  },
  requestedScopes: [],
  registersTwice: 'no',
  registersPerLogin: 'unknown',
  reregisters: 'at-login',
  notes: [
    'Registers with every scope that the authorization server advertises, openid among them, unless scopes are configured: Keycloak refuses that until openid is an allowed client scope.',
    'Never registers again by itself: after invalid_client its user has to authenticate anew.',
    'A public client: Keycloak keeps no creation time for it.',
  ],
  sources: [
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
      what: 'scopes taken from the authorization server’s scopes_supported',
      seen: '2026-11-24',
      certainty: 'primary',
    },
  ],
};
