import type { Preset } from './preset.ts';
import { redirect } from './redirect.ts';

/** Claude Code, the command line. */
export const claudeCode: Preset = {
  name: 'claude-code',
  title: 'Claude Code',
  clientNames: ['Claude Code'],
  // "Claude Code (name of the server in the user's configuration)".
  clientNamePrefixes: ['Claude Code ('],
  redirectUris: [
    redirect('http://localhost:<port>/callback'),
    redirect('http://127.0.0.1:<port>/callback'),
    // Without a port: its metadata document.
    redirect('http://localhost/callback'),
    redirect('http://127.0.0.1/callback'),
  ],
  trustedHosts: ['localhost', '127.0.0.1'],
  sendsScope: 'yes',
  scopes: { from: ['metadata'], offline: true, registers: 'same' },
  cimdUrl: 'https://claude.ai/oauth/claude-code-client-metadata',
  cimdReadable: 'yes',
  registration: {
    client_name: 'Claude Code (my-server)',
    redirect_uris: ['http://localhost:3118/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
  },
  requestedScopes: [],
  origins: [],
  comparesResource: 'prefix',
  registersTwice: 'no',
  registersPerLogin: 'unknown',
  reregisters: 'at-login',
  connect: [
    '`claude mcp add --transport http {name} {mcp}`',
    '`claude mcp login {name}`, then sign in in the browser and say yes on the consent page.',
    '`claude mcp list` shows whether it is connected.',
  ],
  withClient: {
    secret: 'none',
    steps: [
      '`claude mcp add --transport http --client-id {client-id} {name} {mcp}`',
      '`claude mcp login {name}`, then sign in in the browser and say yes on the consent page.',
      '`claude mcp list` shows whether it is connected.',
    ],
  },
  notes: [
    'Names the scopes that the server’s metadata lists, and none where it lists none; it never looks at the challenge.',
    'Takes a resource that is the origin of the URL (seen with 2.1.332).',
    'Renews its token right after it got the first one.',
    'Registers per configured server; its port changes between sign-ins unless --callback-port fixes it.',
    'A public client: Keycloak keeps no creation time for it.',
    'Loopback redirects are shared with other tools, so it is told from them by its client name.',
  ],
  sources: [
    {
      url: 'https://github.com/anthropics/claude-code',
      what: 'the product itself, version 2.1.332, against Keycloak 26.7.4: registration, sign-in, token, first MCP request',
      seen: '2026-11-27',
      certainty: 'recorded',
    },
    {
      url: 'https://code.claude.com/docs/en/mcp',
      what: 'redirect URI http://localhost:PORT/callback, --callback-port, metadata documents',
      seen: '2026-11-24',
      certainty: 'primary',
    },
    {
      url: 'https://claude.ai/oauth/claude-code-client-metadata',
      what: 'its client_uri claude.ai and the redirect URIs without port; as quoted in the next source',
      seen: '2026-11-24',
      certainty: 'secondary',
    },
    {
      url: 'https://github.com/anthropics/claude-code/issues/37767',
      what: 'the metadata document; a port of its own in the authorization request',
      seen: '2026-11-24',
      certainty: 'secondary',
    },
    {
      url: 'https://github.com/anthropics/claude-code/issues/94630',
      what: 'registers as "Claude Code (<server>)"',
      seen: '2026-11-24',
      certainty: 'secondary',
    },
    {
      url: 'https://github.com/elmohq/elmo/pull/684',
      what: 'a captured registration: http://localhost:3118/callback',
      seen: '2026-11-24',
      certainty: 'secondary',
    },
  ],
};
