import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Connector, type ConnectorOptions } from '../../support/connectors/chatgpt.ts';
import { CHATGPT, CLAUDE, CODEX, CURSOR, type Product, VSCODE } from '../../support/connectors/products.ts';
import { HOST, SERVER, withChanges } from './refusals.ts';
import { ISSUER, MCP_URL, type Route, resourceMetadata, sendBack, serverMetadata, web } from './web.ts';

interface Seen {
  registration: Record<string, unknown>;
  authorization: URLSearchParams;
  tokens: { authorization: string | null; userAgent: string | null; body: URLSearchParams }[];
}

/** Connects, as far as the made-up servers go, renews the tokens, and returns what they were sent. */
async function watch(options: ConnectorOptions, changes: Record<string, Route> = {}): Promise<Seen> {
  const seen: Seen = { registration: {}, authorization: new URLSearchParams(), tokens: [] };
  const routes = withChanges({
    [`${ISSUER}/register`]: (_url: URL, init: RequestInit) => {
      seen.registration = JSON.parse(String(init.body));
      const secret = seen.registration.token_endpoint_auth_method === 'none' ? {} : { client_secret: 's3' };
      const answer = { client_id: 'c1', scope: 'phone offline_access address', ...secret };
      return Response.json(answer, { status: 201 });
    },
    [`${ISSUER}/auth`]: (url: URL) => {
      seen.authorization = url.searchParams;
      return sendBack(url, { code: 'abc', iss: ISSUER });
    },
    [`${ISSUER}/token`]: (_url: URL, init: RequestInit) => {
      const headers = new Headers(init.headers);
      const [authorization, userAgent] = [headers.get('authorization'), headers.get('user-agent')];
      seen.tokens.push({ authorization, userAgent, body: new URLSearchParams(String(init.body)) });
      return Response.json({ access_token: 'a.b.c', refresh_token: 'r1' });
    },
    ...changes,
  });
  const connector = new Connector(MCP_URL, { ...options, fetch: web(routes) });
  await connector.connect({ username: 'alice', password: 'secret' });
  await connector.refresh();
  return seen;
}

const advertising = { [`${HOST}/mcp`]: resourceMetadata({ scopes_supported: ['mcp-a', 'mcp-b'] }) };

describe('ChatGPT', () => {
  it('sends what was observed of it', async () => {
    const { registration, authorization, tokens } = await watch({});
    expect(registration).toEqual({
      client_name: 'ChatGPT',
      redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
    });
    expect(Object.fromEntries(authorization)).toEqual({
      response_type: 'code',
      client_id: 'c1',
      redirect_uri: 'https://chatgpt.com/connector_platform_oauth_redirect',
      resource: MCP_URL,
      scope: 'phone address',
      state: expect.any(String),
      code_challenge: expect.any(String),
      code_challenge_method: 'S256',
    });
    const [exchange, refresh] = tokens;
    expect(exchange?.authorization).toBe(`Basic ${btoa('c1:s3')}`);
    expect(exchange?.userAgent).toContain('aiohttp');
    expect(Object.fromEntries(exchange?.body ?? [])).toMatchObject({
      grant_type: 'authorization_code',
      code: 'abc',
      resource: MCP_URL,
      redirect_uri: 'https://chatgpt.com/connector_platform_oauth_redirect',
    });
    expect(exchange?.body.has('client_secret')).toBe(false);
    const verifier = exchange?.body.get('code_verifier') ?? '';
    expect(createHash('sha256').update(verifier).digest('base64url')).toBe(
      authorization.get('code_challenge'),
    );
    expect(refresh?.authorization).toBe(exchange?.authorization);
    expect(Object.fromEntries(refresh?.body ?? [])).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'r1',
      resource: MCP_URL,
    });
  });

  it('asks for what the host advertises, and leaves it out of the registration', async () => {
    const { registration, authorization } = await watch({}, advertising);
    expect(registration).not.toHaveProperty('scope');
    expect(authorization.get('scope')).toBe('mcp-a mcp-b');
  });

  it('takes another redirect URI where the server does not name itself', async () => {
    const silent = serverMetadata({ authorization_response_iss_parameter_supported: false });
    const { registration } = await watch({}, { [SERVER]: silent });
    expect(registration.redirect_uris).toEqual([
      expect.stringMatching(/^https:\/\/chatgpt\.com\/connector\/oauth\//),
    ]);
  });
});

describe('others', () => {
  const bodies: readonly [string, Product, string | undefined][] = [
    ['Claude', CLAUDE, undefined],
    ['VS Code', VSCODE, 'mcp-a mcp-b'],
    ['Cursor', CURSOR, undefined],
    ['Codex', CODEX, 'mcp-a mcp-b'],
    ['a product with a scope of its own', { ...CHATGPT, registrationScope: 'openid mine' }, 'openid mine'],
  ];

  it.each(bodies)('%s registers with its own idea of scope', async (_name, product, scope) => {
    const { registration, authorization } = await watch({ product }, advertising);
    expect(registration.scope).toBe(scope);
    expect(authorization.get('scope')).toBe('mcp-a mcp-b');
    expect(authorization.get('redirect_uri')).toBe((registration.redirect_uris as string[])[0]);
  });

  it('public clients say who they are in the body, and ask for nothing where the host is silent', async () => {
    const { authorization, tokens } = await watch({ product: CLAUDE });
    expect(authorization.has('scope')).toBe(false);
    expect(tokens[0]?.authorization).toBeNull();
    expect(tokens[0]?.body.get('client_id')).toBe('c1');
  });

  it('one that posts its secret does so', async () => {
    const { tokens } = await watch({ product: { ...CHATGPT, authMethod: 'client_secret_post' } });
    expect(tokens[0]?.authorization).toBeNull();
    expect(tokens[0]?.body.get('client_secret')).toBe('s3');
  });
});
