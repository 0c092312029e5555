import type { Preset } from './preset.ts';
import { redirect } from './redirect.ts';

/** OpenCode, the command line. */
export const opencode: Preset = {
  name: 'opencode',
  title: 'OpenCode',
  clientNames: ['OpenCode'],
  redirectUris: [redirect('http://127.0.0.1:<port>/mcp/oauth/callback')],
  trustedHosts: ['127.0.0.1', 'opencode.ai'],
  clientUri: 'https://opencode.ai',
  sendsScope: 'yes',
  scopes: { from: ['challenge', 'metadata'], offline: true, registers: 'same' },
  registration: {
    client_name: 'OpenCode',
    redirect_uris: ['http://127.0.0.1:19876/mcp/oauth/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    client_uri: 'https://opencode.ai',
  },
  requestedScopes: [],
  origins: [],
  comparesResource: 'prefix',
  registersTwice: 'yes',
  registersPerLogin: 'unknown',
  reregisters: 'at-login',
  connect: [
    'Write `{"mcp":{"{name}":{"type":"remote","url":"{mcp}","enabled":true}}}` into opencode.json.',
    '`opencode mcp auth {name}`, then sign in in the browser and say yes on the consent page.',
    '`opencode mcp list` shows whether it is connected.',
  ],
  withClient: {
    secret: 'none',
    steps: [
      'Write `{"mcp":{"{name}":{"type":"remote","url":"{mcp}","enabled":true,"oauth":{"clientId":"{client-id}"}}}}` into opencode.json.',
      '`opencode mcp auth {name}`, then sign in in the browser and say yes on the consent page.',
      '`opencode mcp list` shows whether it is connected.',
    ],
  },
  notes: [
    'Registers twice for each sign-in and signs in with the later client; the earlier one stays behind.',
    'Its client_uri is checked by Trusted Hosts: without opencode.ai every registration is refused.',
    'A public client: Keycloak keeps no creation time for it.',
  ],
  sources: [
    {
      url: 'https://github.com/anomalyco/opencode',
      what: 'the product itself, version 1.18.33, against Keycloak 26.7.4: registration, sign-in, token, first MCP request',
      seen: '2026-11-27',
      certainty: 'recorded',
    },
  ],
};
