import type { Preset } from './preset.ts';
import { redirect } from './redirect.ts';

const AUTH_GUIDE = 'https://developers.openai.com/apps-sdk/build/auth';

/** ChatGPT's connectors (apps, plugins). */
export const chatgpt: Preset = {
  name: 'chatgpt',
  title: 'ChatGPT',
  clientNames: ['ChatGPT'],
  redirectUris: [
    // Servers that name their issuer in authorization responses (RFC 9207), as Keycloak does.
    redirect('https://chatgpt.com/connector_platform_oauth_redirect'),
    // Other servers: one per connection.
    redirect('https://chatgpt.com/connector/oauth/{id}'),
    // The review before an app is published.
    redirect('https://platform.openai.com/apps-manage/oauth'),
  ],
  trustedHosts: ['chatgpt.com', 'chat.openai.com', 'openai.com', 'api.openai.com', 'platform.openai.com'],
  sendsScope: 'unknown',
  scopes: { from: ['challenge', 'metadata', 'registered'], offline: false, registers: 'nothing' },
  cimdUrl: 'https://chatgpt.com/oauth/client.json',
  cimdReadable: 'no',
  cimdUrlPatterns: [
    redirect('https://chatgpt.com/oauth/{id}/client.json'),
    redirect('https://chatgpt.com/oauth/{id}/client.json?token_endpoint_auth_method=none'),
  ],
  registration: {
    client_name: 'ChatGPT',
    redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
  },
  // A Keycloak that lacks one of them refuses the sign-in with invalid_scope.
  requestedScopes: ['address', 'microprofile-jwt', 'organization', 'phone'],
  // The origins of the web application, today's and the former one.
  origins: ['https://chatgpt.com', 'https://chat.openai.com'],
  connectsFromVendor: true,
  comparesResource: 'unknown',
  registersTwice: 'unknown',
  registersPerLogin: 'no',
  reregisters: 'after-removal',
  connect: [
    'In ChatGPT on the web, open Settings, Apps & Connectors, Advanced settings, and switch Developer mode on.',
    'Create a connector: name {name}, URL {mcp}, authentication OAuth. Leave client id and secret empty.',
    'Sign in when ChatGPT asks, and say yes on the consent page.',
  ],
  withClient: {
    secret: 'text',
    steps: [
      'In ChatGPT on the web, open Settings, Apps & Connectors, Advanced settings, and switch Developer mode on.',
      'Create a connector: name {name}, URL {mcp}, authentication OAuth. Enter {client-id} as the client id, and as the client secret what stands in the file {secret-file}.',
      'Sign in when ChatGPT asks, and say yes on the consent page.',
    ],
  },
  notes: [
    'Registers once per connection, and anew whenever setting a connection up fails; the failed ones stay behind.',
    'Needs its client for as long as the connection lives: a deleted or disabled one is invalid_client to its user, and the connector has to be removed and added again, as far as is known.',
    'Registers and redeems codes from OpenAI’s servers, so the policy may match redirect URIs but not the sender’s host.',
    'Where the server advertises client id metadata documents, it uses its URL as client id and does not register.',
  ],
  sources: [
    {
      url: AUTH_GUIDE,
      what: 'redirect URIs (stable, per connection, app review); registration, metadata documents, PKCE',
      seen: '2026-11-24',
      certainty: 'primary',
    },
    {
      url: 'https://developers.openai.com/plugins/build/auth.md',
      what: 'which redirect URI and which metadata document is used with RFC 9207 and without; as quoted by others',
      seen: '2026-11-24',
      certainty: 'secondary',
    },
    {
      url: 'https://developers.openai.com/apps-sdk/deploy/connect-chatgpt',
      what: 'the server has to be reachable over https from outside; for one on a developer’s machine, a tunnel',
      seen: '2026-11-28',
      certainty: 'primary',
    },
    {
      url: 'https://github.com/getsentry/sentry-mcp/issues/1271',
      what: 'a metadata document per connection, seen in an authorization request',
      seen: '2026-11-24',
      certainty: 'secondary',
    },
    {
      url: AUTH_GUIDE,
      what: 'a confidential client that authenticates with HTTP Basic, the scopes that it asks for, and the hosts beside those of the redirect URIs: as observed in developer mode on 2025-09-17, not documented by the vendor',
      seen: '2026-11-24',
      certainty: 'inferred',
    },
  ],
};
