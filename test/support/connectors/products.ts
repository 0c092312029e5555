/** What of a product's behaviour decides whether a server's setup works for it. */
export interface Product {
  readonly clientName: string;
  /** The redirect URIs that it registers, the one that it uses first; `iss` says whether the server names itself (RFC 9207). */
  redirectUris(iss: boolean): readonly string[];
  readonly authMethod: 'client_secret_basic' | 'client_secret_post' | 'none';
  /** `scope` in the registration: none at all, what the host advertises (none where it is silent), or this text. */
  readonly registrationScope: 'none' | 'advertised' | (string & {});
  /** What it asks for where the host's metadata lists no scopes: nothing, or what the registration answered. */
  readonly silentScope: 'none' | 'registered';
  /** Whether the metadata's `resource` must be the URL that the person typed, or may be a prefix of it. */
  readonly resourceMatch: 'exact' | 'prefix';
  /** More members of the registration's body. */
  readonly registrationExtras: Readonly<Record<string, unknown>>;
  readonly userAgent: { readonly mcp: string; readonly token: string };
}

const GRANTS = ['authorization_code', 'refresh_token'];
const NODE = { mcp: 'node', token: 'node' };

/**
 * ChatGPT's connectors, as observed 2025-09 (Developer Mode) and documented 2026: a confidential client, HTTP Basic
 * at the token endpoint, user agents `openai-mcp` and `aiohttp`. The scopes that it was seen asking for, `address
 * microprofile-jwt organization phone`, are what Keycloak 26 answers to a registration without `scope`.
 */
export const CHATGPT: Product = {
  clientName: 'ChatGPT',
  redirectUris: (iss) => [
    iss
      ? 'https://chatgpt.com/connector_platform_oauth_redirect'
      : 'https://chatgpt.com/connector/oauth/c0nn3ct0r',
  ],
  authMethod: 'client_secret_basic',
  registrationScope: 'none',
  silentScope: 'registered',
  resourceMatch: 'prefix',
  registrationExtras: { grant_types: GRANTS, response_types: ['code'] },
  userAgent: { mcp: 'openai-mcp/1.0.0', token: 'Python/3.12 aiohttp/3.9.5' },
};

/** Claude on the web: a public client. */
export const CLAUDE: Product = {
  clientName: 'Claude',
  redirectUris: () => ['https://claude.ai/api/mcp/auth_callback'],
  authMethod: 'none',
  registrationScope: 'none',
  silentScope: 'none',
  resourceMatch: 'exact',
  registrationExtras: { grant_types: GRANTS, response_types: ['code'] },
  userAgent: { mcp: 'Claude-User', token: 'Claude-User' },
};

/** VS Code; body as in `fetchDynamicRegistration` of its src/vs/base/common/oauth.ts. */
export const VSCODE: Product = {
  clientName: 'Visual Studio Code',
  redirectUris: () => [
    'http://127.0.0.1:33418/',
    'http://127.0.0.1/',
    'https://insiders.vscode.dev/redirect',
    'https://vscode.dev/redirect',
  ],
  authMethod: 'none',
  registrationScope: 'advertised',
  silentScope: 'none',
  resourceMatch: 'exact',
  registrationExtras: {
    client_uri: 'https://code.visualstudio.com',
    grant_types: [...GRANTS, 'urn:ietf:params:oauth:grant-type:device_code'],
    response_types: ['code'],
    application_type: 'native',
  },
  userAgent: NODE,
};

/** Cursor, with its custom scheme. */
export const CURSOR: Product = {
  clientName: 'Cursor',
  redirectUris: () => [
    'cursor://anysphere.cursor-mcp/oauth/callback',
    'http://localhost:8787/callback',
    'https://www.cursor.com/agents/mcp/oauth/callback',
  ],
  authMethod: 'none',
  registrationScope: 'none',
  silentScope: 'none',
  resourceMatch: 'prefix',
  registrationExtras: { grant_types: GRANTS, response_types: ['code'] },
  userAgent: NODE,
};

/** Codex, on a loopback port of its own. */
export const CODEX: Product = {
  clientName: 'Codex',
  redirectUris: () => ['http://127.0.0.1:1455/callback'],
  authMethod: 'none',
  registrationScope: 'advertised',
  silentScope: 'none',
  resourceMatch: 'prefix',
  registrationExtras: { grant_types: GRANTS, response_types: ['code'] },
  userAgent: NODE,
};
