import type { Preset } from './preset.ts';
import { redirect } from './redirect.ts';

const PROVIDERS = 'https://github.com/modelcontextprotocol/inspector/blob/main/core/auth/providers.ts';

/** The MCP Inspector, in the browser and on the command line. */
export const inspector: Preset = {
  name: 'inspector',
  title: 'MCP Inspector',
  clientNames: ['MCP Inspector'],
  redirectUris: [
    redirect('http://localhost:6274/oauth/callback'),
    redirect('http://127.0.0.1:6276/oauth/callback'),
  ],
  trustedHosts: ['localhost', '127.0.0.1', 'github.com'],
  clientUri: 'https://github.com/modelcontextprotocol/inspector',
  sendsScope: 'yes',
  registration: {
    client_name: 'MCP Inspector',
    client_uri: 'https://github.com/modelcontextprotocol/inspector',
    redirect_uris: ['http://localhost:6274/oauth/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    // Empty where the host names no scope.
    scope: '',
    application_type: 'native',
  },
  requestedScopes: [],
  registersTwice: 'no',
  registersPerLogin: 'unknown',
  reregisters: 'after-removal',
  notes: [
    'Registers anew whenever its stored state is cleared; meant for trying a host out, not for lasting connections.',
    'Its client_uri is checked by Trusted Hosts: without github.com every registration is refused.',
    'A public client: Keycloak keeps no creation time for it.',
  ],
  sources: [
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
