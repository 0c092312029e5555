import type { Preset } from './preset.ts';
import { redirect } from './redirect.ts';

/** Claude's connectors: claude.ai, the desktop and mobile apps. */
export const claude: Preset = {
  name: 'claude',
  title: 'Claude',
  clientNames: ['Claude'],
  redirectUris: [
    redirect('https://claude.ai/api/mcp/auth_callback'),
    redirect('https://claude.com/api/mcp/auth_callback'),
  ],
  trustedHosts: ['claude.ai', 'claude.com'],
  sendsScope: 'no',
  scopes: { from: ['challenge', 'metadata', 'issuer'], offline: true, registers: 'nothing' },
  cimdUrl: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
  cimdReadable: 'no',
  registration: {
    client_name: 'Claude',
    redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_post',
  },
  cimdGrantTypes: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
  requestedScopes: [],
  origins: [],
  connectsFromVendor: true,
  comparesResource: 'exact',
  registersTwice: 'yes',
  registersPerLogin: 'yes',
  reregisters: 'by-itself',
  connect: [
    'In Claude, open Settings, Connectors, and choose Add custom connector.',
    'Enter {name} as the name and {mcp} as the URL; leave the advanced settings empty.',
    'Choose Connect, sign in, and say yes on the consent page.',
  ],
  withClient: {
    secret: 'text',
    steps: [
      'In Claude, open Settings, Connectors, and choose Add custom connector.',
      'Enter {name} as the name and {mcp} as the URL. Open Advanced settings: enter {client-id} as OAuth Client ID, and as OAuth Client Secret what stands in the file {secret-file}.',
      'Choose Connect, sign in, and say yes on the consent page.',
    ],
  },
  notes: [
    'Registers anew on every fresh connection (seen twice within two seconds): the older clients stay behind.',
    'Asks for all that the authorization server advertises where the MCP server names no scope; one that clients may not have ends the sign-in with invalid_scope.',
    'Registers again on its own when the token endpoint answers 401 invalid_client.',
    'Authenticates at the token endpoint with client_secret_post, whatever the server advertises.',
    'Its metadata document lists the JWT bearer grant too, so a client that Keycloak makes from it may use that grant and is adopted with it.',
    'Uses only the first entry of authorization_servers, and fails when resource is not the URL that was typed.',
  ],
  sources: [
    {
      url: 'https://claude.com/docs/connectors/building/authentication',
      what: 'redirect URIs, metadata document and when it is used, a registration per fresh connection',
      seen: '2026-11-24',
      certainty: 'primary',
    },
    {
      url: 'https://support.anthropic.com/en/articles/11503834-building-custom-connectors-via-remote-mcp-servers',
      what: 'client name; registers again after invalid_client',
      seen: '2026-11-24',
      certainty: 'primary',
    },
    {
      url: 'https://support.claude.com/en/articles/11503834-building-custom-integrations-via-remote-mcp-servers',
      what: 'every connection comes from Anthropic’s servers, that of the desktop application too',
      seen: '2026-11-28',
      certainty: 'primary',
    },
    {
      url: 'https://github.com/anthropics/claude-ai-mcp/issues/1043',
      what: 'client_secret_post in the registration',
      seen: '2026-11-24',
      certainty: 'secondary',
    },
    {
      url: 'https://github.com/anthropics/claude-ai-mcp/issues/966',
      what: 'two registrations per attempt',
      seen: '2026-11-24',
      certainty: 'secondary',
    },
    {
      url: 'https://github.com/brendanlong/lion-reader/pull/1519',
      what: 'a copy of the metadata document and its grants, of 2026-08-31',
      seen: '2026-11-24',
      certainty: 'secondary',
    },
    {
      url: 'https://docs.pipeshub.com/mcp/claude-ai',
      what: 'client id and secret under Advanced settings of a custom connector',
      seen: '2026-11-27',
      certainty: 'secondary',
    },
  ],
};
