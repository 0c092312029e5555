import type { Preset } from './preset.ts';
import { redirect } from './redirect.ts';

/** mcporter, the command line. */
export const mcporter: Preset = {
  name: 'mcporter',
  title: 'mcporter',
  clientNames: ['mcporter'],
  clientNamePrefixes: ['mcporter ('],
  redirectUris: [redirect('http://127.0.0.1:<port>/callback')],
  trustedHosts: ['127.0.0.1'],
  sendsScope: 'yes',
  scopes: { from: ['challenge', 'metadata'], offline: false, registers: 'same' },
  registration: {
    client_name: 'mcporter (my-server)',
    redirect_uris: ['http://127.0.0.1:40000/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  },
  requestedScopes: [],
  origins: [],
  comparesResource: 'prefix',
  registersTwice: 'no',
  registersPerLogin: 'unknown',
  reregisters: 'at-login',
  connect: [
    'Write `{"mcpServers":{"{name}":{"url":"{mcp}","auth":"oauth"}}}` into config/mcporter.json.',
    '`mcporter auth {name}`, then sign in in the browser and say yes on the consent page.',
    '`mcporter list {name}` shows its tools.',
  ],
  withClient: {
    secret: 'none',
    steps: [
      'Write `{"mcpServers":{"{name}":{"url":"{mcp}","auth":"oauth","oauthClientId":"{client-id}"}}}` into config/mcporter.json.',
      '`mcporter auth {name}`, then sign in in the browser and say yes on the consent page.',
      '`mcporter list {name}` shows its tools.',
    ],
  },
  notes: ['Does not ask for offline_access.', 'A public client: Keycloak keeps no creation time for it.'],
  sources: [
    {
      url: 'https://github.com/steipete/mcporter',
      what: 'the product itself, version 0.12.3, against Keycloak 26.7.4: registration, sign-in, token, first MCP request',
      seen: '2026-11-27',
      certainty: 'recorded',
    },
  ],
};
