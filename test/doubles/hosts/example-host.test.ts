import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect as tcpConnect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '../../../examples/mcp-host/config.ts';
import { type RunningHost, startHost } from '../../../examples/mcp-host/host.ts';
import { type FakeIssuer, startFakeIssuer } from '../../support/hosts/fake-issuer.ts';

type Env = Record<string, string | undefined>;

const JSON_HEADERS = { Accept: 'application/json, text/event-stream', 'Content-Type': 'application/json' };
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};
const DISCOVER = {
  jsonrpc: '2.0',
  id: 1,
  method: 'server/discover',
  params: {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
};
const MODERN_HEADERS = { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': 'server/discover' };

let issuer: FakeIssuer;
let lines: string[] = [];
const running: RunningHost[] = [];

beforeAll(async () => {
  issuer = await startFakeIssuer();
});
afterAll(() => issuer.stop());
afterEach(async () => {
  await Promise.all(running.splice(0).map((host) => host.stop()));
});

async function start(env: Env = {}): Promise<RunningHost> {
  lines = [];
  const host = await startHost(
    (origin) => readConfig({ MCP_PUBLIC_BASE_URL: origin, OIDC_ISSUER: issuer.issuer, ...env }),
    { port: 0, log: (line) => lines.push(line) },
  );
  running.push(host);
  return host;
}

function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { ...JSON_HEADERS, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

async function rpcErrorOf(response: Response): Promise<{ code: number; message: string }> {
  const { error } = (await response.json()) as { error: { code: number; message: string } };
  return error;
}

async function bearer(host: RunningHost): Promise<{ Authorization: string }> {
  return { Authorization: `Bearer ${await issuer.token({ aud: host.url })}` };
}

async function sdkClient(url: string, token: string, mode: 'legacy' | 'auto' | { pin: string }) {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { Authorization: `Bearer ${token}` } },
  });
  await client.connect(transport);
  return { client, transport };
}

describe('metadata', () => {
  it('is the same at the root and at the path, and names resource and issuer byte for byte', async () => {
    const host = await start();
    const root = await fetch(`${host.origin}/.well-known/oauth-protected-resource`);
    const path = await fetch(`${host.origin}/.well-known/oauth-protected-resource/mcp`);
    const document = await root.json();
    expect(document).toEqual({
      resource: `${host.origin}/mcp`,
      authorization_servers: [issuer.issuer],
      bearer_methods_supported: ['header'],
      resource_name: 'Example MCP server',
      mcp_protocol_version: '2025-06-18',
    });
    expect(await path.json()).toEqual(document);
    expect(root.headers.get('access-control-allow-origin')).toBe('*');
    expect(root.headers.get('cache-control')).toBe('no-store');
  });

  it('lists scopes only when told to', async () => {
    const host = await start({ ADVERTISE_SCOPES: 'mcp-resource, email' });
    const response = await fetch(`${host.origin}/.well-known/oauth-protected-resource`);
    expect(await response.json()).toMatchObject({ scopes_supported: ['mcp-resource', 'email'] });
  });

  it('has a manifest that agrees with it', async () => {
    const host = await start();
    const manifest = await (await fetch(`${host.origin}/.well-known/mcp/manifest.json`)).json();
    expect(manifest).toMatchObject({
      schemaVersion: '2025-06-18',
      transport: { url: host.url },
      authorization: { resource: host.url, authorization_servers: [issuer.issuer] },
    });
  });

  it.each([
    '/.well-known/oauth-authorization-server',
    '/.well-known/oauth-authorization-server/mcp',
    '/.well-known/openid-configuration',
    '/.well-known/openid-configuration/mcp',
    '/mcp/.well-known/openid-configuration',
  ])('sends %s on to the issuer', async (place) => {
    const host = await start();
    const response = await fetch(host.origin + place, { redirect: 'manual' });
    expect(response.status).toBe(308);
    expect(response.headers.get('location')).toBe(`${issuer.issuer}/.well-known/openid-configuration`);
    expect(await (await fetch(host.origin + place)).json()).toMatchObject({ issuer: issuer.issuer });
  });

  it('works for an endpoint at the root and for odd characters in the path', async () => {
    for (const path of ['', '/a(b)/:c*', '/%7Eme/mcp']) {
      const host = await startHost(
        (origin) => readConfig({ MCP_TRANSPORT_URL: origin + path, OIDC_ISSUER: issuer.issuer }),
        { port: 0, log: () => {} },
      );
      running.push(host);
      const prm = await fetch(`${host.origin}/.well-known/oauth-protected-resource${path}`);
      expect(await prm.json()).toMatchObject({ resource: host.origin + path });
      expect((await post(host.url, INITIALIZE)).status).toBe(401);
      expect((await post(host.url, INITIALIZE, await bearer(host))).status).toBe(200);
    }
  });

  it('answers unknown paths and methods in JSON', async () => {
    const host = await start();
    for (const path of ['/', '/mcp/', '/MCP', '/debug/oidc', '/.well-known/oauth-protected-resource/other']) {
      const response = await fetch(host.origin + path);
      expect([path, response.status]).toEqual([path, 404]);
      expect(await response.json()).toEqual({ error: 'not_found' });
    }
    const posted = await fetch(`${host.origin}/.well-known/oauth-protected-resource`, { method: 'POST' });
    expect(posted.status).toBe(405);
  });
});

describe('the challenge', () => {
  it('names the metadata and no error when there is no token', async () => {
    const host = await start();
    const response = await post(host.url, INITIALIZE);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer resource_metadata="${host.origin}/.well-known/oauth-protected-resource"`,
    );
  });

  it('names the scope when there is one, on every method', async () => {
    const host = await start({ MCP_SCOPE_NAME: 'mcp-resource' });
    for (const method of ['GET', 'POST', 'DELETE', 'PUT']) {
      const response = await fetch(host.url, { method });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe(
        `Bearer resource_metadata="${host.origin}/.well-known/oauth-protected-resource", scope="mcp-resource"`,
      );
    }
  });

  it('takes no token from the URL', async () => {
    const host = await start();
    const token = await issuer.token({ aud: host.url });
    expect((await post(`${host.url}?access_token=${token}`, INITIALIZE)).status).toBe(401);
    expect(lines.join('\n')).not.toContain(token);
  });
});

describe('tokens', () => {
  it.each([
    ['another audience', 'audience', { aud: 'https://elsewhere.example/mcp' }],
    ['no audience', 'audience', { aud: undefined }],
    ['a past expiry', 'expired', { exp: 1_700_000_000 }],
    ['no expiry', 'claims', { exp: undefined }],
    ['another issuer', 'issuer', { iss: 'https://evil.example/realms/demo' }],
    ['the type of an ID token', 'claims', { typ: 'ID' }],
  ])('with %s is refused', async (_title, reason, claims) => {
    const host = await start();
    const token = await issuer.token({ aud: host.url, ...claims });
    const response = await post(host.url, INITIALIZE, { Authorization: `Bearer ${token}` });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token", error_description="');
    expect(await response.json()).toMatchObject({ error: 'invalid_token' });
    await expect.poll(() => lines.map((line) => JSON.parse(line).reason)).toContain(reason);
  });

  it('that nobody of the issuer signed are refused', async () => {
    const host = await start();
    const claims = { aud: host.url, iss: issuer.issuer };
    const expiry = Math.floor(Date.now() / 1000) + 300;
    const symmetric = await new SignJWT({ ...claims, exp: expiry })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode('a secret of thirty-two characters'));
    const good = await issuer.token(claims);
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${good.split('.')[1]}.`;
    const tokens = {
      'not by a key of the issuer': await issuer.foreignKeyToken(claims),
      'algorithm that is not accepted': symmetric,
      'no signed JWT': 'garbage',
    };
    for (const [words, token] of Object.entries(tokens)) {
      const response = await post(host.url, INITIALIZE, { Authorization: `Bearer ${token}` });
      expect([words, response.status]).toEqual([words, 401]);
      expect(response.headers.get('www-authenticate')).toContain(words);
    }
    for (const token of [unsigned, good.slice(0, -20), `${good}x`, '', 'a b', 'ä"b']) {
      const response = await post(host.url, INITIALIZE, {
        Authorization: `Bearer ${Buffer.from(token).toString('latin1')}`,
      });
      expect([token, response.status]).toEqual([token, 401]);
      expect(await response.json()).toMatchObject({ error: 'invalid_token' });
    }
  });

  it('with the audience and a slash behind is refused', async () => {
    const host = await start();
    const token = await issuer.token({ aud: `${host.url}/` });
    expect((await post(host.url, INITIALIZE, { Authorization: `Bearer ${token}` })).status).toBe(401);
  });

  it('may carry any of the accepted audiences, among others', async () => {
    const host = await start({ OIDC_AUDIENCE: 'https://mcp.example.com/mcp, legacy-client' });
    for (const aud of [['account', 'legacy-client'], 'https://mcp.example.com/mcp']) {
      const token = await issuer.token({ aud });
      expect((await post(host.url, INITIALIZE, { Authorization: `bearer ${token}` })).status).toBe(200);
    }
    expect((await post(host.url, INITIALIZE, await bearer(host))).status).toBe(401);
  });

  it('are checked when the issuer comes up later, and meanwhile not called bad', async () => {
    const early = await startFakeIssuer();
    const port = Number(new URL(early.issuer).port);
    await early.stop();
    const host = await start({ OIDC_ISSUER: early.issuer });
    const tooEarly = await post(host.url, INITIALIZE, {
      Authorization: `Bearer ${await early.token({ aud: host.url })}`,
    });
    expect(tooEarly.status).toBe(503);
    expect(await tooEarly.json()).toMatchObject({ error: 'temporarily_unavailable' });
    expect((await post(host.url, INITIALIZE, { Authorization: 'Bearer garbage' })).status).toBe(401);

    const late = await startFakeIssuer(port);
    const token = await late.token({ aud: host.url });
    for (let call = 0; call < 3; call++) {
      expect((await post(host.url, INITIALIZE, { Authorization: `Bearer ${token}` })).status).toBe(200);
    }
    expect(late.requests).toHaveLength(2);
    await late.stop();
  });
});

describe('the endpoint', () => {
  it.each([
    ['legacy' as const, '2025-11-25'],
    ['auto' as const, '2026-07-28'],
  ])('serves the official client in mode %s', async (mode, version) => {
    const host = await start();
    const { client, transport } = await sdkClient(host.url, await issuer.token({ aud: host.url }), mode);
    expect(client.getNegotiatedProtocolVersion()).toBe(version);
    expect(transport.sessionId === undefined).toBe(mode === 'auto');
    const { tools } = await client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual(['whoami', 'add']);
    const sum = await client.callTool({ name: 'add', arguments: { a: 1, b: 2 } });
    expect(sum.content).toEqual([{ type: 'text', text: '3' }]);
    const whoami = await client.callTool({ name: 'whoami', arguments: {} });
    expect(whoami.content).toEqual([
      {
        type: 'text',
        text: JSON.stringify({
          sub: 'alice',
          azp: 'connector',
          aud: host.url,
          scopes: ['openid', 'mcp-resource'],
        }),
      },
    ]);
    await client.close();
  });

  it('can be modern only', async () => {
    const host = await start({ MCP_ERAS: 'modern' });
    const token = await issuer.token({ aud: host.url });
    const { client } = await sdkClient(host.url, token, { pin: '2026-07-28' });
    await client.close();
    await expect(sdkClient(host.url, token, 'legacy')).rejects.toThrow();
    const refused = await post(host.url, INITIALIZE, await bearer(host));
    expect([refused.status, (await rpcErrorOf(refused)).code]).toEqual([400, -32022]);
    expect((await fetch(host.url, { headers: await bearer(host) })).status).toBe(405);
  });

  it.each(['true', 'false'])('can be legacy only (sessions: %s)', async (sessions) => {
    const host = await start({ MCP_ERAS: 'legacy', MCP_SESSIONS: sessions });
    const token = await issuer.token({ aud: host.url });
    const { client, transport } = await sdkClient(host.url, token, 'auto');
    expect(client.getNegotiatedProtocolVersion()).toBe('2025-11-25');
    expect(transport.sessionId !== undefined).toBe(sessions === 'true');
    await client.callTool({ name: 'add', arguments: { a: 1, b: 2 } });
    await client.close();
    const refused = await post(host.url, DISCOVER, { ...(await bearer(host)), ...MODERN_HEADERS });
    expect([refused.status, (await rpcErrorOf(refused)).code]).toEqual([400, -32000]);
  });

  it('opens, finds and ends sessions', async () => {
    const host = await start();
    const auth = await bearer(host);
    const opened = await post(host.url, INITIALIZE, auth);
    const session = { 'Mcp-Session-Id': opened.headers.get('mcp-session-id') ?? '' };
    expect(session['Mcp-Session-Id']).toMatch(/^[0-9a-f-]{36}$/);
    const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' };
    expect((await post(host.url, list, { ...auth, ...session })).status).toBe(200);
    expect((await post(host.url, list, auth)).status).toBe(400);
    expect((await post(host.url, list, { ...auth, 'Mcp-Session-Id': 'unknown' })).status).toBe(404);
    const other = `Bearer ${await issuer.token({ aud: host.url, sub: 'mallory' })}`;
    expect((await post(host.url, list, { ...session, Authorization: other })).status).toBe(404);

    const stream = await fetch(host.url, { headers: { ...auth, ...session, Accept: 'text/event-stream' } });
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    expect((await fetch(host.url, { headers: { ...auth, Accept: 'text/event-stream' } })).status).toBe(400);
    const remove = () => fetch(host.url, { method: 'DELETE', headers: { ...auth, ...session } });
    expect((await remove()).status).toBe(200);
    expect((await remove()).status).toBe(404);
    expect((await post(host.url, list, { ...auth, ...session })).status).toBe(404);
    await stream.text();
  });

  it('has neither streams nor sessions to end without sessions', async () => {
    const host = await start({ MCP_SESSIONS: 'false' });
    const headers = { ...(await bearer(host)), Accept: 'text/event-stream' };
    expect((await post(host.url, INITIALIZE, headers)).status).toBe(406);
    expect((await post(host.url, INITIALIZE, await bearer(host))).headers.get('mcp-session-id')).toBeNull();
    for (const method of ['GET', 'DELETE']) {
      expect((await fetch(host.url, { method, headers })).status).toBe(405);
    }
  });

  it('refuses unknown revisions in both eras', async () => {
    const host = await start();
    const auth = await bearer(host);
    const unknown = { 'MCP-Protocol-Version': '1999-01-01' };
    const legacy = await post(host.url, INITIALIZE, { ...auth, ...unknown });
    expect([legacy.status, (await rpcErrorOf(legacy)).code]).toEqual([400, -32000]);
    const body = structuredClone(DISCOVER);
    body.params._meta['io.modelcontextprotocol/protocolVersion'] = '2099-01-01';
    const future = { 'MCP-Protocol-Version': '2099-01-01', 'Mcp-Method': 'server/discover' };
    const modern = await post(host.url, body, { ...auth, ...future });
    expect([modern.status, (await rpcErrorOf(modern)).code]).toEqual([400, -32022]);
    const mismatch = await post(host.url, DISCOVER, { ...auth, ...MODERN_HEADERS, ...unknown });
    expect([mismatch.status, (await rpcErrorOf(mismatch)).code]).toEqual([400, -32020]);
  });

  it('demands the right Accept in both eras, after the token', async () => {
    const host = await start();
    const auth = await bearer(host);
    for (const Accept of ['*/*', 'application/json', 'text/event-stream', 'text/html']) {
      for (const [body, more] of [[INITIALIZE, {}] as const, [DISCOVER, MODERN_HEADERS] as const]) {
        const response = await post(host.url, body, { ...auth, ...more, Accept });
        expect(response.status).toBe(406);
        expect((await rpcErrorOf(response)).message).toContain('Accept: application/json, text/event-stream');
      }
      expect((await post(host.url, INITIALIZE, { Accept })).status).toBe(401);
    }
    const accepted = await post(host.url, INITIALIZE, {
      ...auth,
      Accept: 'text/event-stream;q=0.9, application/json',
    });
    expect(accepted.status).toBe(200);
  });

  it('answers bodies that are no JSON-RPC with errors in JSON, after the token', async () => {
    const host = await start({ BODY_LIMIT: '2000' });
    const auth = await bearer(host);
    const cases: [unknown, Record<string, string>, number, number][] = [
      ['{"jsonrpc":', {}, 400, -32700],
      ['', {}, 400, -32600],
      ['"text"', {}, 400, -32700],
      [{ hello: 1 }, {}, 400, -32600],
      [[], {}, 400, -32600],
      [INITIALIZE, { 'Content-Type': 'text/plain' }, 415, -32000],
      [INITIALIZE, { 'Content-Type': 'application/json; charset=latin1' }, 415, -32000],
      [INITIALIZE, { 'Content-Encoding': 'zip' }, 415, -32000],
      [{ ...INITIALIZE, pad: 'x'.repeat(3000) }, {}, 413, -32000],
    ];
    for (const [body, headers, status, code] of cases) {
      const response = await post(host.url, body, { ...auth, ...headers });
      expect([body, response.status]).toEqual([body, status]);
      const text = await response.text();
      expect(JSON.parse(text).error.code).toBe(code);
      expect(text).not.toMatch(/node_modules|at .*\.ts/);
      expect((await post(host.url, body, headers)).status).toBe(401);
    }
  });

  it('can be switched off, and run open on loopback', async () => {
    const off = await start({ ENABLE_STREAMABLE: 'false' });
    expect((await post(off.url, INITIALIZE)).status).toBe(404);
    const open = await start({ REQUIRE_AUTH: 'false' });
    expect((await post(open.url, INITIALIZE)).status).toBe(200);
  });
});

describe('browsers', () => {
  it('from foreign origins are turned away before the token is looked at', async () => {
    const host = await start();
    for (const origin of [
      'https://evil.example',
      'null',
      'https://chatgpt.com.evil.example',
      'http://chatgpt.com',
    ]) {
      for (const headers of [{}, await bearer(host)]) {
        const response = await post(host.url, INITIALIZE, { ...headers, Origin: origin });
        expect([origin, response.status]).toEqual([origin, 403]);
        expect(await response.json()).toMatchObject({ jsonrpc: '2.0', error: { code: -32000 } });
        expect(response.headers.get('access-control-allow-origin')).toBeNull();
      }
      const preflight = await fetch(host.url, { method: 'OPTIONS', headers: { Origin: origin } });
      expect(preflight.status).toBe(403);
    }
  });

  it('from the allowed ones get through, preflight included', async () => {
    const host = await start({ ALLOWED_ORIGINS: 'https://staging.example' });
    const allowed = [
      'https://chatgpt.com',
      'https://chat.openai.com',
      'https://staging.example',
      host.origin,
    ];
    for (const origin of allowed) {
      const preflight = await fetch(host.url, {
        method: 'OPTIONS',
        headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
      });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
      expect(preflight.headers.get('vary')).toContain('Origin');
      const names = preflight.headers.get('access-control-allow-headers') ?? '';
      for (const name of [
        'Authorization',
        'Content-Type',
        'Accept',
        'Mcp-Session-Id',
        'MCP-Protocol-Version',
      ]) {
        expect(names.split(', ')).toContain(name);
      }
      const refused = await post(host.url, INITIALIZE, { Origin: origin });
      expect(refused.status).toBe(401);
      expect(refused.headers.get('access-control-allow-origin')).toBe(origin);
      expect(refused.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
      for (const [body, more] of [[INITIALIZE, {}] as const, [DISCOVER, MODERN_HEADERS] as const]) {
        const answer = await post(host.url, body, { ...(await bearer(host)), ...more, Origin: origin });
        expect(answer.status).toBe(200);
        expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
      }
    }
  });
});

describe('the log', () => {
  it('has a line per request, with the id that the response carries', async () => {
    const host = await start({ DEBUG_HEADERS: 'true' });
    const token = await issuer.token({ aud: host.url });
    const headers = { Authorization: `Bearer ${token}`, Cookie: `t=${token}`, 'X-Other': token };
    const kept = await post(`${host.url}?access_token=${token}`, INITIALIZE, {
      ...headers,
      Referer: `https://x.example/?token=${token}`,
      'X-Request-Id': 'abc-123',
      Origin: 'https://chatgpt.com',
    });
    expect(kept.headers.get('x-request-id')).toBe('abc-123');
    const replaced = await post(host.url, INITIALIZE, { ...headers, 'X-Request-Id': 'a b{}' });
    expect(replaced.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    await Promise.all([kept.text(), replaced.text()]);

    await expect.poll(() => lines.filter((line) => line.includes('"status"'))).toHaveLength(2);
    const line = lines.map((text) => JSON.parse(text)).find((l) => l.status && l.requestId === 'abc-123');
    expect(line).toMatchObject({
      method: 'POST',
      path: '/mcp',
      status: 200,
      origin: 'https://chatgpt.com',
      accept: JSON_HEADERS.Accept,
      session: kept.headers.get('mcp-session-id'),
      era: 'legacy',
    });
    expect(Date.parse(line.time)).toBeGreaterThan(0);
    expect(line.ms).toBeGreaterThanOrEqual(0);
    expect(lines.join('\n')).toContain('"authorization":"Bearer ***"');
    for (const part of token.split('.')) expect(lines.join('\n')).not.toContain(part);
  });

  it('tells about clients that hang up', async () => {
    const host = await start();
    const { hostname, port } = new URL(host.origin);
    const socket = tcpConnect(Number(port), hostname);
    await once(socket, 'connect');
    const { Authorization } = await bearer(host);
    socket.write(
      `POST /mcp HTTP/1.1\r\nHost: x\r\nAuthorization: ${Authorization}\r\nAccept: ${JSON_HEADERS.Accept}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    );
    await expect.poll(() => issuer.requests.length).toBeGreaterThan(0);
    socket.destroy();
    await expect.poll(() => lines).toHaveLength(1);
  });

  it('is helped by /debug/oidc where that is switched on', async () => {
    const host = await start({ DEBUG_ENDPOINTS: 'true' });
    const found = await fetch(`${host.origin}/debug/oidc`);
    expect(await found.json()).toMatchObject({
      issuer: issuer.issuer,
      discovered: true,
      audiences: [host.url],
    });
    const wrong = await start({ DEBUG_ENDPOINTS: 'true', OIDC_ISSUER: `${issuer.issuer}x` });
    const missed = await fetch(`${wrong.origin}/debug/oidc`);
    expect(missed.status).toBe(503);
    expect(await missed.json()).toMatchObject({ problem: expect.stringContaining('answered 404') });
  });
});

describe('the configuration', () => {
  it('takes its defaults from the one URL', () => {
    const config = readConfig({
      MCP_PUBLIC_BASE_URL: 'https://mcp.example.com/',
      OIDC_ISSUER: 'https://a.example/r',
    });
    expect(config).toMatchObject({
      publicOrigin: 'https://mcp.example.com',
      transportUrl: 'https://mcp.example.com/mcp',
      audiences: ['https://mcp.example.com/mcp'],
      challengeScopes: [],
      advertisedScopes: [],
      eras: 'both',
    });
    const withPath = { MCP_PUBLIC_BASE_URL: 'https://mcp.example.com/x', OIDC_ISSUER: 'https://a.example/r' };
    expect(readConfig(withPath).transportUrl).toBe('https://mcp.example.com/x');
  });

  it('is refused with all problems at once, each with its variable', () => {
    const env = {
      MCP_PUBLIC_BASE_URL: 'https://a.example',
      MCP_TRANSPORT_URL: 'https://b.example/mcp',
      PRM_RESOURCE_URL: 'https://b.example',
      OIDC_ISSUER: 'https://c.example/realms/demo/.well-known/oauth-authorization-server',
      MCP_SCOPE_NAME: 'two words',
      ADVERTISE_SCOPES: 'offline_access',
      ALLOWED_ORIGINS: 'https://d.example/',
      MCP_ERAS: 'old',
      MCP_SESSIONS: 'maybe',
      REQUIRE_AUTH: 'false',
      HOST: '0.0.0.0',
      PORT: '70000',
    };
    const problems = problemsOf(env).map((problem) => problem.split(':')[0]);
    expect(problems.sort()).toEqual([
      'ADVERTISE_SCOPES',
      'ALLOWED_ORIGINS',
      'MCP_ERAS',
      'MCP_SCOPE_NAME',
      'MCP_SESSIONS',
      'MCP_TRANSPORT_URL',
      'OIDC_ISSUER',
      'PORT',
      'PRM_RESOURCE_URL',
      'REQUIRE_AUTH',
    ]);
    expect(problemsOf({})).toHaveLength(2);
    expect(problemsOf({ MCP_TRANSPORT_URL: 'http://a.example/mcp', OIDC_ISSUER: 'nonsense' })).toHaveLength(
      2,
    );
    for (const url of ['https://u:p@a.example/mcp', 'https://a.example/mcp?x=1', 'https://a.example/mcp#x']) {
      expect(problemsOf({ MCP_TRANSPORT_URL: url, OIDC_ISSUER: 'https://a.example/r' })).toHaveLength(1);
    }
  });

  it('ends the process with status 2', () => {
    const main = fileURLToPath(new URL('../../../examples/mcp-host/main.ts', import.meta.url));
    const run = spawnSync(process.execPath, [main], { env: {}, encoding: 'utf8' });
    expect(run.status).toBe(2);
    expect(run.stderr).toContain('MCP_TRANSPORT_URL: missing');
    expect(run.stderr).toContain('OIDC_ISSUER: missing');
  });

  function problemsOf(env: Env): readonly string[] {
    try {
      readConfig(env);
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return error.problems;
      throw error;
    }
  }
});
