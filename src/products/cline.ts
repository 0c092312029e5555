import type { Preset } from './preset.ts';
import { redirect } from './redirect.ts';

/** Cline, editor extension and command line. */
export const cline: Preset = {
  name: 'cline',
  title: 'Cline',
  clientNames: ['Cline'],
  redirectUris: [redirect('http://127.0.0.1:1456/mcp/oauth/callback')],
  trustedHosts: ['127.0.0.1'],
  sendsScope: 'unknown',
  scopes: { from: ['challenge', 'metadata'], offline: true, registers: 'same' },
  registration: {
    client_name: 'Cline',
    redirect_uris: ['http://127.0.0.1:1456/mcp/oauth/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  },
  requestedScopes: [],
  origins: [],
  comparesResource: 'prefix',
  registersTwice: 'unknown',
  registersPerLogin: 'unknown',
  reregisters: 'unknown',
  connect: [
    'In Cline, open MCP Servers, Remote Servers; enter the name {name} and the URL {mcp}.',
    'Choose Authenticate beside the server, sign in, and say yes on the consent page.',
  ],
  notes: [
    'Uses the official SDK, so it should name scopes as the SDK does; not run.',
    'A public client: Keycloak keeps no creation time for it.',
  ],
  sources: [
    {
      url: 'https://github.com/cline/cline',
      what: 'registration as written in the package, version 3.0.65; not run',
      seen: '2026-11-27',
      certainty: 'primary',
    },
  ],
};
