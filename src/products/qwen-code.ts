import type { Preset } from './preset.ts';
import { redirect } from './redirect.ts';

/** Qwen Code, the command line. */
export const qwenCode: Preset = {
  name: 'qwen-code',
  title: 'Qwen Code',
  clientNames: ['Qwen Code MCP Client'],
  redirectUris: [redirect('http://localhost:7777/oauth/callback')],
  trustedHosts: ['localhost'],
  sendsScope: 'yes',
  scopes: { from: ['metadata', 'issuer'], offline: false, registers: 'same-or-empty' },
  registration: {
    client_name: 'Qwen Code MCP Client',
    redirect_uris: ['http://localhost:7777/oauth/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    // Keycloak 26.7 can’t parse a list there: 400.
    code_challenge_method: ['S256'],
  },
  cannotRegister: 'its registration has a list as code_challenge_method, which Keycloak can’t parse (400)',
  requestedScopes: [],
  origins: [],
  comparesResource: 'unknown',
  registersTwice: 'no',
  registersPerLogin: 'unknown',
  reregisters: 'unknown',
  connect: [
    '`qwen mcp add --transport http {name} {mcp}`',
    'Start qwen, type `/mcp auth {name}`, sign in in the browser and say yes on the consent page.',
  ],
  withClient: {
    secret: 'none',
    steps: [
      'Write `{"mcpServers":{"{name}":{"httpUrl":"{mcp}","oauth":{"enabled":true,"clientId":"{client-id}"}}}}` into ~/.qwen/settings.json.',
      'Start qwen, type `/mcp auth {name}`, sign in in the browser and say yes on the consent page.',
    ],
  },
  notes: [
    'Version 0.24 sends code_challenge_method as a list in its registration, which Keycloak 26.7 answers with 400: give it a client made beforehand.',
    'A public client: Keycloak keeps no creation time for it.',
  ],
  sources: [
    {
      url: 'https://github.com/QwenLM/qwen-code',
      what: 'registration as written in the package, version 0.24.4; not run',
      seen: '2026-11-27',
      certainty: 'primary',
    },
  ],
};
