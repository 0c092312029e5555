import type { Preset } from './preset.ts';
import { redirect } from './redirect.ts';

/** Cursor: the editor, its command line and its cloud agents. */
export const cursor: Preset = {
  name: 'cursor',
  title: 'Cursor',
  clientNames: ['Cursor'],
  redirectUris: [
    redirect('http://localhost:8787/callback'),
    redirect('https://www.cursor.com/agents/mcp/oauth/callback'),
    // Keycloak compares the authority part of a custom scheme with the trusted hosts.
    redirect('cursor://anysphere.cursor-mcp/oauth/callback'),
  ],
  trustedHosts: ['localhost', 'www.cursor.com', 'anysphere.cursor-mcp'],
  sendsScope: 'unknown',
  scopes: { from: ['challenge', 'metadata'], offline: false, registers: 'nothing' },
  registration: {
    client_name: 'Cursor',
    redirect_uris: [
      'cursor://anysphere.cursor-mcp/oauth/callback',
      'https://www.cursor.com/agents/mcp/oauth/callback',
      'http://localhost:8787/callback',
    ],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  },
  requestedScopes: [],
  origins: [],
  comparesResource: 'unknown',
  registersTwice: 'unknown',
  registersPerLogin: 'unknown',
  reregisters: 'unknown',
  connect: [
    'In Cursor, open Settings, Tools & MCP, New MCP Server.',
    'Write `{"mcpServers":{"{name}":{"url":"{mcp}"}}}` into mcp.json and save it.',
    'Choose Connect beside the server, sign in, and say yes on the consent page.',
  ],
  withClient: {
    secret: 'none',
    steps: [
      'Write `{"mcpServers":{"{name}":{"url":"{mcp}","auth":{"CLIENT_ID":"{client-id}"}}}}` into mcp.json and save it.',
      'Open the list of MCP servers in the settings, choose Connect, sign in, and say yes on the consent page.',
    ],
  },
  notes: [
    'Registers all three redirect URIs in one request: one that is not trusted refuses the whole of it.',
    'Asks for every scope that the host’s metadata lists.',
    'A public client: Keycloak keeps no creation time for it.',
  ],
  sources: [
    {
      url: 'https://cursor.com/docs/mcp',
      what: 'redirect URIs; not read itself, as quoted in the next two sources',
      seen: '2026-11-24',
      certainty: 'secondary',
    },
    {
      url: 'https://github.com/erp-mafia/accounted/pull/2225',
      what: 'the three redirect URIs in one registration',
      seen: '2026-11-24',
      certainty: 'secondary',
    },
    {
      url: 'https://github.com/bytebase/bytebase/issues/20510',
      what: 'the callback at www.cursor.com, also for the command line',
      seen: '2026-11-24',
      certainty: 'secondary',
    },
    {
      url: 'https://github.com/different-ai/openwork/pull/3059',
      what: 'registers as a public client',
      seen: '2026-11-24',
      certainty: 'secondary',
    },
    {
      url: 'https://docs.pipeshub.com/mcp/cursor.md',
      what: 'asks for all of scopes_supported',
      seen: '2026-11-24',
      certainty: 'secondary',
    },
    {
      url: 'https://developer.mittwald.de/docs/v2/mcp/getting-connected/cursor',
      what: 'a static client: auth, CLIENT_ID in mcp.json',
      seen: '2026-11-27',
      certainty: 'secondary',
    },
  ],
};
