import type { Preset, Registration, Source } from './preset.ts';
import { redirect } from './redirect.ts';
import type { ScopeRule } from './scopes.ts';

/**
 * A product that runs on a host of the operator's own. Its redirect URI stands on that host, so it is no preset before
 * a configuration names the host (`{"name": "chat", "like": "librechat", "host": "chat.example.com"}`).
 */
export interface SelfHosted {
  name: string;
  title: string;
  clientNames: readonly string[];
  /** The path of its redirect URI; `{id}` is the server's name in it. */
  redirectPath: string;
  clientUri?: string;
  /** Without redirect URIs, which are the host's. */
  registration: Omit<Registration, 'redirect_uris'>;
  scopes: ScopeRule;
  connect: readonly string[];
  notes: readonly string[];
  sources: readonly Source[];
}

const CODE = { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] } as const;
const NOT_RUN = 'Not run by those who wrote this: as its source and documentation have it.';

const librechat: SelfHosted = {
  name: 'librechat',
  title: 'LibreChat',
  clientNames: ['LibreChat MCP Client'],
  redirectPath: '/api/mcp/{id}/oauth/callback',
  registration: {
    ...CODE,
    client_name: 'LibreChat MCP Client',
    token_endpoint_auth_method: 'client_secret_basic',
  },
  scopes: { from: ['metadata', 'issuer'], offline: false, registers: 'same' },
  connect: [
    'Add the server to librechat.yaml: `{"mcpServers":{"{name}":{"type":"streamable-http","url":"{mcp}"}}}` (YAML takes JSON), and restart LibreChat.',
    'In LibreChat, open the list of MCP servers, connect {name}, sign in, and say yes on the consent page.',
  ],
  notes: [
    NOT_RUN,
    'Where the server names no scope it asks for all that the authorization server advertises.',
    'It takes another way to authenticate where the authorization server does not advertise HTTP Basic.',
  ],
  sources: [
    {
      url: 'https://github.com/LibreChat-AI/librechat.ai/pull/471',
      what: 'the redirect URI',
      seen: '2026-11-27',
      certainty: 'primary',
    },
    {
      url: 'https://github.com/danny-avila/LibreChat/blob/main/packages/api/src/mcp/oauth/handler.ts',
      what: 'the body of the registration; read in copies of it',
      seen: '2026-11-27',
      certainty: 'secondary',
    },
  ],
};

const openWebui: SelfHosted = {
  name: 'open-webui',
  title: 'Open WebUI',
  clientNames: ['Open WebUI'],
  redirectPath: '/oauth/clients/mcp:{id}/callback',
  registration: { ...CODE, client_name: 'Open WebUI', token_endpoint_auth_method: 'client_secret_basic' },
  scopes: { from: ['metadata', 'issuer'], offline: false, registers: 'same' },
  connect: [
    'As an administrator, open Admin Panel, Settings, External Tools, and add a server of type MCP (Streamable HTTP) with the id {name}, the URL {mcp} and OAuth 2.1.',
    'Choose Register Client and save.',
    'Each user switches the tool on in a chat, signs in, and says yes on the consent page.',
  ],
  notes: [NOT_RUN, 'Registers once for all its users, when the administrator adds the server.'],
  sources: [
    {
      url: 'https://github.com/open-webui/open-webui/blob/main/backend/open_webui/utils/oauth.py',
      what: 'the body of the registration and its redirect URI; read in copies of it',
      seen: '2026-11-27',
      certainty: 'secondary',
    },
  ],
};

const n8n: SelfHosted = {
  name: 'n8n',
  title: 'n8n',
  clientNames: ['n8n'],
  redirectPath: '/rest/oauth2-credential/callback',
  clientUri: 'https://n8n.io/',
  registration: {
    ...CODE,
    client_name: 'n8n',
    client_uri: 'https://n8n.io/',
    token_endpoint_auth_method: 'client_secret_basic',
  },
  scopes: { from: ['metadata', 'issuer'], offline: false, registers: 'same' },
  connect: [
    'In the node MCP Client Tool, enter the endpoint {mcp} and choose MCP OAuth2 as authentication.',
    'Create the credential with Dynamic Client Registration switched on, connect the account, sign in, and say yes on the consent page.',
  ],
  notes: [
    NOT_RUN,
    'n8n Cloud redirects to https://oauth.n8n.cloud/oauth2/callback for everybody: write a preset with that redirect URI.',
    'Chooses how it authenticates by what the authorization server advertises.',
    'Its client_uri is checked by Trusted Hosts: without n8n.io every registration is refused.',
  ],
  sources: [
    {
      url: 'https://docs.n8n.io/integrations/builtin/credentials/mcp',
      what: 'that it registers on its own, with the redirect URI that it shows',
      seen: '2026-11-27',
      certainty: 'primary',
    },
    {
      url: 'https://github.com/n8n-io/n8n/issues/21791',
      what: 'the redirect URIs of an instance and of n8n Cloud',
      seen: '2026-11-27',
      certainty: 'secondary',
    },
  ],
};

/** The products that run on a host of the operator's own. */
export const SELF_HOSTED: readonly SelfHosted[] = [librechat, openWebui, n8n];

/** The preset of such a product on a host (lower case, as `normaliseHost` returns it), under a name of its own. */
export function presetOn(host: string, like: SelfHosted, name: string): Preset {
  const { title, clientNames, redirectPath, clientUri, registration, scopes, connect, notes, sources } = like;
  const uri = redirect(`https://${host}${redirectPath}`);
  const home = clientUri === undefined ? [] : [new URL(clientUri).hostname];
  return {
    name,
    title: `${title} on ${host}`,
    clientNames,
    redirectUris: [uri],
    trustedHosts: [...new Set([host, ...home])],
    ...(clientUri === undefined ? {} : { clientUri }),
    sendsScope: scopes.registers === 'nothing' ? 'no' : 'yes',
    scopes,
    registration: { ...registration, redirect_uris: [uri.uri.replace('{id}', 'my-server')] },
    requestedScopes: [],
    origins: [],
    comparesResource: 'unknown',
    registersTwice: 'unknown',
    registersPerLogin: 'unknown',
    reregisters: 'unknown',
    connect,
    notes,
    sources,
    custom: true,
  };
}

/** The line of configuration that makes a preset of it. */
export function describeLikeness(name: string): string {
  return `{"presets": [{"name": "my-${name}", "like": "${name}", "host": "${name}.example.com"}]}`;
}
