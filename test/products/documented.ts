/**
 * Products that take an account or a desktop, so that nobody here could record them: their requests as documentation,
 * sources and other people's captures have them. What a replay of these shows is worth no more than that.
 */
import type { RecordedRun, Recording, SentRequest } from './recording.ts';

interface Documented {
  readonly product: string;
  /** Where it is described; the preset of the same name has all its sources. */
  readonly from: string;
  readonly registration: Readonly<Record<string, unknown>>;
  /** `basic`: HTTP Basic; `post`: client id and secret in the form; `none`: a public client. */
  readonly authentication: 'basic' | 'post' | 'none';
  readonly userAgent?: string;
}

const CODE = { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] };

const FACTS: readonly Documented[] = [
  {
    product: 'chatgpt',
    from: 'developers.openai.com/apps-sdk/build/auth, and developer mode as observed on 2025-09-17',
    registration: {
      ...CODE,
      client_name: 'ChatGPT',
      redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
    authentication: 'basic',
    userAgent: 'openai-mcp/1.0.0',
  },
  {
    product: 'claude',
    from: 'claude.com/docs/connectors/building/authentication, and issues of anthropics/claude-ai-mcp',
    registration: {
      ...CODE,
      client_name: 'Claude',
      redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
      token_endpoint_auth_method: 'client_secret_post',
    },
    authentication: 'post',
    userAgent: 'Claude-User',
  },
  {
    product: 'vscode',
    from: 'src/vs/base/common/oauth.ts of microsoft/vscode',
    registration: {
      client_name: 'Visual Studio Code',
      client_uri: 'https://code.visualstudio.com',
      grant_types: [...CODE.grant_types, 'urn:ietf:params:oauth:grant-type:device_code'],
      response_types: ['code'],
      redirect_uris: [
        'https://insiders.vscode.dev/redirect',
        'https://vscode.dev/redirect',
        'http://127.0.0.1/',
        'http://127.0.0.1:33418/',
      ],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    },
    authentication: 'none',
  },
  {
    product: 'cursor',
    from: 'issues of bytebase/bytebase and different-ai/openwork',
    registration: {
      ...CODE,
      client_name: 'Cursor',
      redirect_uris: [
        'cursor://anysphere.cursor-mcp/oauth/callback',
        'https://www.cursor.com/agents/mcp/oauth/callback',
        'http://localhost:8787/callback',
      ],
      token_endpoint_auth_method: 'none',
    },
    authentication: 'none',
  },
  {
    product: 'qwen-code',
    from: 'the package @qwen-code/qwen-code 0.24.4',
    registration: {
      ...CODE,
      client_name: 'Qwen Code MCP Client',
      redirect_uris: ['http://localhost:7777/oauth/callback'],
      token_endpoint_auth_method: 'none',
      code_challenge_method: ['S256'],
    },
    authentication: 'none',
  },
  {
    product: 'cline',
    from: 'the package cline 3.0.65, on the official SDK',
    registration: {
      ...CODE,
      client_name: 'Cline',
      redirect_uris: ['http://127.0.0.1:1456/mcp/oauth/callback'],
      token_endpoint_auth_method: 'none',
    },
    authentication: 'none',
  },
];

/** The products that are described and not recorded. */
export const DOCUMENTED_PRODUCTS: readonly string[] = FACTS.map(({ product }) => product);

/** A described product in the form of a recording, without a version and with the one run that is described. */
export function documentedRecording(product: string): Recording | undefined {
  const facts = FACTS.find((one) => one.product === product);
  if (!facts) return undefined;
  const run = runOf(facts);
  return {
    product,
    package: '',
    version: '',
    recorded: '',
    keycloak: '',
    command: facts.from,
    runs: { named: run, silent: run, split: run },
  };
}

function runOf({ registration, authentication, userAgent }: Documented): RecordedRun {
  const headers = { accept: 'application/json', ...(userAgent ? { 'user-agent': userAgent } : {}) };
  const get = (kind: SentRequest['kind'], url: string): SentRequest => {
    return { kind, method: 'GET', url, headers, status: 200 };
  };
  const [redirectUri = ''] = [registration.redirect_uris].flat().map(String);
  const inForm =
    authentication === 'basic'
      ? {}
      : {
          client_id: '{client_id}',
          ...(authentication === 'post' ? { client_secret: '{client_secret}' } : {}),
        };
  const opening = {
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'client', version: '1.0.0' },
    },
  };
  const json = { ...headers, 'content-type': 'application/json' };
  return {
    met: { challengeScope: null, resourceScopes: null, issuerScopes: [], registeredScope: null },
    requests: [
      {
        kind: 'mcp',
        method: 'POST',
        url: '{mcp}',
        headers: { ...json, accept: 'application/json, text/event-stream' },
        body: opening,
        status: 401,
      },
      get('resource-metadata', '{mcp-origin}/.well-known/oauth-protected-resource'),
      get('server-metadata', '{keycloak-origin}/.well-known/oauth-authorization-server{issuer-path}'),
      get('server-metadata', '{keycloak-origin}/.well-known/openid-configuration{issuer-path}'),
      get('server-metadata', '{issuer}/.well-known/openid-configuration'),
      {
        kind: 'registration',
        method: 'POST',
        url: '{issuer}/clients-registrations/openid-connect',
        headers: json,
        body: registration,
        status: 201,
      },
      {
        kind: 'authorization',
        method: 'GET',
        url: '{issuer}/protocol/openid-connect/auth',
        headers: {},
        body: {
          response_type: 'code',
          client_id: '{client_id}',
          redirect_uri: redirectUri,
          state: '{state}',
          code_challenge: '{code_challenge}',
          code_challenge_method: 'S256',
          resource: '{mcp}',
        },
        status: 200,
      },
      {
        kind: 'token',
        method: 'POST',
        url: '{issuer}/protocol/openid-connect/token',
        headers: {
          ...headers,
          'content-type': 'application/x-www-form-urlencoded',
          ...(authentication === 'basic' ? { authorization: 'Basic {client_id}:{client_secret}' } : {}),
        },
        body: {
          grant_type: 'authorization_code',
          code: '{code}',
          code_verifier: '{code_verifier}',
          redirect_uri: redirectUri,
          resource: '{mcp}',
          ...inForm,
        },
        status: 200,
      },
    ],
  };
}
