import type { Preset } from './preset.ts';
import { redirect } from './redirect.ts';

const LOGIN = 'https://github.com/openai/codex/blob/main/codex-rs/rmcp-client/src/perform_oauth_login.rs';

/** Codex, OpenAI's command line and desktop app. */
export const codex: Preset = {
  name: 'codex',
  title: 'Codex',
  clientNames: ['Codex'],
  redirectUris: [
    redirect('http://127.0.0.1:<port>/callback'),
    // The id is a hash of the MCP server's URL.
    redirect('http://127.0.0.1:<port>/callback/{id}'),
    redirect('http://localhost:<port>/callback'),
    redirect('http://localhost:<port>/callback/{id}'),
    // Without a port: its metadata document.
    redirect('http://127.0.0.1/callback'),
    redirect('http://localhost/callback'),
  ],
  trustedHosts: ['127.0.0.1', 'localhost'],
  sendsScope: 'yes',
  scopes: { from: ['challenge', 'metadata', 'issuer'], offline: true, registers: 'same' },
  cimdUrl: 'https://chatgpt.com/oauth/codex/client.json',
  cimdReadable: 'unknown',
  cimdUrlPatterns: [redirect('https://chatgpt.com/oauth/codex/{id}/client.json')],
  registration: {
    client_name: 'Codex',
    redirect_uris: ['http://127.0.0.1:37819/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
  },
  requestedScopes: [],
  origins: [],
  comparesResource: 'prefix',
  registersTwice: 'no',
  registersPerLogin: 'yes',
  reregisters: 'at-login',
  connect: [
    '`codex mcp add {name} --url {mcp}`',
    '`codex mcp login {name}`, then sign in in the browser and say yes on the consent page.',
  ],
  withClient: {
    secret: 'none',
    steps: [
      '`codex mcp add {name} --url {mcp} --oauth-client-id {client-id}`',
      '`codex mcp login {name}`, then sign in in the browser and say yes on the consent page.',
    ],
  },
  notes: [
    'Registers anew for each sign-in, on a port of its own.',
    'Where the server names no scope it names all that the authorization server advertises; one of them that clients may not have refuses the registration.',
    'A public client: Keycloak keeps no creation time for it.',
    'Loopback redirects are shared with other tools, so it is told from them by its client name.',
  ],
  sources: [
    {
      url: 'https://github.com/openai/codex',
      what: 'the product itself, version 0.171.0, against Keycloak 26.7.4: registration, sign-in, token, first MCP request',
      seen: '2026-11-27',
      certainty: 'recorded',
    },
    {
      url: LOGIN,
      what: 'client name, redirect URIs with the id of the server’s URL',
      seen: '2026-11-24',
      certainty: 'primary',
    },
    {
      url: 'https://github.com/openai/codex/issues/30460',
      what: 'http://127.0.0.1:63546/callback/<id> in a sign-in',
      seen: '2026-11-24',
      certainty: 'secondary',
    },
    {
      url: 'https://github.com/openai/codex/issues/31038',
      what: 'localhost in place of 127.0.0.1',
      seen: '2026-11-24',
      certainty: 'secondary',
    },
    {
      url: 'https://chatgpt.com/oauth/codex/client.json',
      what: 'metadata document and its redirect URIs without port; not read itself, as seen in sign-ins of Codex 0.154',
      seen: '2026-11-24',
      certainty: 'secondary',
    },
  ],
};
