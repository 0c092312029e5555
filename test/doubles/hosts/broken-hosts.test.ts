import { gunzipSync } from 'node:zlib';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type KnobName, knob, knobNames, startBrokenHost } from '../../support/hosts/broken.ts';
import { type FakeIssuer, startFakeIssuer } from '../../support/hosts/fake-issuer.ts';
import { bomb } from '../../support/hosts/faults/wire.ts';
import { startGoodHost } from '../../support/hosts/good.ts';
import { startMinimalStateless } from '../../support/hosts/minimal-stateless.ts';
import type { HostSetup, TestHost } from '../../support/hosts/serve.ts';
import { startWithSessions } from '../../support/hosts/with-sessions.ts';
import { caller, type Patience, type Summary, summarise } from './probes.ts';

/** Part of what a probe must tell; the probes that are not listed must tell the same as for the good host. */
type Expected = Record<string, string>;

const prm = (part: string): Expected => ({ prmRoot: part, prmPath: part, prmBusted: part });
const tokens = (part: string): Expected => ({ garbage: part, foreign: part, expired: part, forged: part });
const opening = (part: string): Expected => ({
  openLegacy: part,
  openModern: part,
  originAllowed: part.replace(/ (error|no JSON|empty).*/, ''),
  hasSession: 'false',
  tools: '404',
  get: '404',
  sessionDelete: '404',
});
const LINK_LOCAL = 'http://169.254.169.254/';
const PAGE = '<h1>Please sign in</h1>';

/** What each knob changes, and nothing else. */
const changes: Partial<Record<KnobName, Expected>> = {
  'manifest-old': { manifest: '"schemaVersion":"2024-11-05"' },
  'manifest-disagrees': { manifest: 'elsewhere.example' },
  'manifest-missing': { manifest: '404' },
  'manifest-html': { manifest: `200 text/html <!doctype html><title>Sign in</title>${PAGE}` },
  'cache-age': { prmRoot: '200 application/json HIT', prmPath: 'HIT', manifest: 'HIT' },
  'cache-stale': { prmRoot: 'HIT {', prmPath: 'Yesterday', manifest: 'Yesterday' },
  'prm-missing': prm('404'),
  'prm-root-only': { prmPath: '404' },
  'prm-path-only': { prmRoot: '404', prmBusted: '404' },
  'prm-500': prm('500'),
  'prm-html': prm('200 text/html <!doctype'),
  'prm-array': prm('200 application/json [{'),
  'prm-disagree': { prmPath: '"resource":"https://old.example/mcp"' },
  'resource-slash': prm('"resource":"{host}/mcp/"'),
  'resource-origin-only': prm('"resource":"{host}"'),
  'resource-scheme': prm('"resource":"https://127.0.0.1'),
  'resource-missing': prm('200 application/json {"authorization_servers"'),
  'issuer-as-metadata-url': prm('["{issuer}/.well-known/oauth-authorization-server"]'),
  'issuer-slash': prm('["{issuer}/"]'),
  'issuer-other': prm('/auth/realms/master"]'),
  'issuer-second': prm('["https://login.example/tenant","{issuer}"]'),
  'issuer-missing': prm('"resource":"{host}/mcp","bearer_methods_supported"'),
  'scopes-unknown': prm('"scopes_supported":["no-such-scope"]'),
  'scopes-offline-access': prm('"scopes_supported":["offline_access"]'),
  'bearer-body-only': prm('"bearer_methods_supported":["body"]'),
  'issuer-places-404': { issuerPlace: '404' },
  'issuer-places-html': { issuerPlace: '200 text/html' },
  'issuer-places-500': { issuerPlace: '500' },
  'issuer-places-elsewhere': { issuerPlace: '308 https://login.example/' },
  'issuer-places-302': { issuerPlace: '302 {host}/' },
  'issuer-places-copy': { issuerPlace: '{"issuer":"{host}"' },

  'challenge-200': { tokenless: '200 text/event-stream', challenge: 'none' },
  'challenge-html': { tokenless: '200 text/html', challenge: 'none', requestId: 'false' },
  'challenge-302': { tokenless: '302 {host}/login', challenge: 'none', requestId: 'false' },
  'challenge-403': { tokenless: '403', challenge: 'none', requestId: 'false' },
  'challenge-404': { tokenless: '404', challenge: 'none', requestId: 'false' },
  'challenge-500': { tokenless: '500', challenge: 'none', requestId: 'false' },
  'challenge-missing': { challenge: 'none' },
  'challenge-basic': { challenge: 'Basic realm="mcp"' },
  'challenge-unparseable': { challenge: 'resource_metadata={host}' },
  'challenge-no-metadata': { challenge: 'Bearer realm="mcp", scope="mcp-resource"' },
  'challenge-relative': { challenge: 'resource_metadata="/.well-known/oauth-protected-resource"' },
  'challenge-other-origin': { challenge: 'resource_metadata="https://elsewhere.example/.well-known' },
  'challenge-to-nowhere': { challenge: 'oauth-protected-resource-of-old"' },
  'challenge-no-scope': {
    challenge: 'Bearer resource_metadata="{host}/.well-known/oauth-protected-resource"',
  },
  'scope-offline-access': { challenge: 'scope="mcp-resource offline_access"' },
  'accepts-garbage-token': tokens('200'),
  'garbage-token-403': tokens('403'),
  'garbage-token-500': tokens('500'),
  'garbage-token-unnamed': tokens('401 application/json'),
  'accepts-foreign-audience': { foreign: '200' },
  'accepts-expired-token': { expired: '200' },
  'accepts-query-token': { query: '200' },

  'initialize-500': opening('500 application/json error'),
  'initialize-error': opening('200 application/json error -32603'),
  'initialize-html': opening('200 text/html no JSON'),
  'initialize-empty': opening('200 text/plain empty'),
  'tools-list-error': { tools: '200 application/json error -32603' },
  'tools-list-500': { tools: '500' },
  'tools-list-other-id': { tools: 'id another: tools' },
  'accept-not-checked': { accept: '200' },
  'accept-unexplained': { accept: '406 empty' },
  'origin-not-checked': { originForeign: '401', originForeignToken: '200' },
  'origin-after-token': { originForeign: '401' },
  'origin-all-refused': { originAllowed: '403', preflight: '403' },
  'preflight-401': { preflight: '401' },
  'preflight-bare': { preflight: '204' },
  'preflight-no-authorization': { preflight: '204 Content-Type' },
  'get-html': { get: '200 text/html' },
  'get-500': { get: '500' },
  'get-open': { getTokenless: '200' },
  'version-header-ignored': { versionLegacy: '200', versionModern: '200' },
  'session-ignored': { sessionUnknown: '200', sessionDeleted: '200' },
  'session-survives': { sessionDeleted: '200' },
  'session-delete-500': { sessionDelete: '500' },
  'no-sessions': {
    hasSession: 'false',
    get: '405',
    sessionUnknown: '200',
    sessionDelete: '405',
    sessionDeleted: '200',
  },
  'modern-only': {
    openLegacy: 'error -32022',
    hasSession: 'false',
    tools: '400',
    originAllowed: '400',
    get: '405',
    sessionUnknown: '400',
    sessionDelete: '405',
    sessionDeleted: '400',
  },
  'legacy-only': { openModern: '400 application/json error -32000' },
  'no-request-id': { requestId: 'false' },

  'huge-body': prm('too much'),
  'gzip-bomb': prm('too much'),
  'deep-json': prm('200 application/json [[[[[['),
  'metadata-link-local': { challenge: `resource_metadata="${LINK_LOCAL}` },
  'metadata-file': { challenge: 'resource_metadata="file:///etc/passwd"' },
  'metadata-redirect-link-local': prm('302'),
  'issuer-link-local': prm(`"authorization_servers":["${LINK_LOCAL}`),
  'truncated-json': prm('"],'),
  'truncated-body': prm('200 application/json broken off'),
  'terminal-escapes': { ...prm('\\u001b[2J'), manifest: '\\u001b[2J' },
  'echoes-token': { echo: 'true' },
};

/** Knobs that spoil every answer, what a client sees, and how long it waits for what never comes. */
const everywhere: Partial<Record<KnobName, [line: string, patience: Patience]>> = {
  hang: ['no answer', { head: 300 }],
  'slow-drip': ['200 application/json unfinished', { body: 300 }],
  'endless-stream': ['200 text/event-stream unfinished', { body: 300 }],
  'html-instead-of-json': ['200 application/json', {}],
  'redirect-loop': ['302', {}],
  reset: ['cut off', {}],
};

let issuer: FakeIssuer;
let setup: HostSetup;
let base: Summary;
const running: TestHost[] = [];

beforeAll(async () => {
  issuer = await startFakeIssuer();
  setup = { issuer: issuer.issuer, scope: 'mcp-resource' };
  const good = await startGoodHost(setup);
  base = await summarise(good, issuer);
  await good.stop();
});
afterAll(() => issuer.stop());
afterEach(async () => {
  await Promise.all(running.splice(0).map((host) => host.stop()));
});

async function started(host: Promise<TestHost>): Promise<TestHost> {
  running.push(await host);
  return host;
}

describe('the knobs', () => {
  it('are all tried below', () => {
    expect([...Object.keys(changes), ...Object.keys(everywhere)].sort()).toEqual([...knobNames].sort());
  });

  it('cover every check that a host can fail', () => {
    const broken = new Set(knobNames.flatMap((name) => knob(name).breaks));
    expect([...broken].sort()).toEqual([
      'ASM-REDIRECT',
      'CHAL-401',
      'CHAL-BAD-TOKEN',
      'CHAL-FOREIGN-AUD',
      'CHAL-HEADER',
      'CHAL-QUERY-TOKEN',
      'CHAL-SCOPE',
      'MCP-ACCEPT',
      'MCP-GET',
      'MCP-OPEN',
      'MCP-ORIGIN-ALLOWED',
      'MCP-ORIGIN-FOREIGN',
      'MCP-SESSION',
      'MCP-TOOLS',
      'MCP-VERSION-HEADER',
      'META-CACHE',
      'META-MANIFEST',
      'PRM-AGREE',
      'PRM-BEARER',
      'PRM-FOUND',
      'PRM-ISSUER',
      'PRM-RESOURCE',
      'PRM-SCOPES',
    ]);
  });

  it.each(Object.entries(changes))('%s changes what it says and nothing else', async (name, expected) => {
    const host = await started(startBrokenHost(name as KnobName, setup));
    const summary = await summarise(host, issuer);
    const changed = Object.keys(summary).filter((probe) => summary[probe] !== base[probe]);
    expect(changed.sort()).toEqual(Object.keys(expected).sort());
    for (const [probe, part] of Object.entries(expected)) expect(summary[probe]).toContain(part);
  });

  it.each(Object.entries(everywhere))('%s spoils every answer', async (name, [line, patience]) => {
    const host = await started(startBrokenHost(name as KnobName, setup));
    const call = caller(host, patience);
    const answers = await Promise.all([
      call('POST', '/mcp', {}, '{}'),
      call('GET', '/.well-known/oauth-protected-resource'),
      call('GET', '/.well-known/mcp/manifest.json'),
    ]);
    expect(answers.map((answer) => answer.line)).toEqual([line, line, line]);
  });

  it('gzip-bomb is a whole gzip file, small on the wire', () => {
    const packed = bomb(3);
    expect(packed.length).toBeLessThan(10_000);
    expect(gunzipSync(packed).equals(Buffer.alloc(3 * 1_048_576, ' '))).toBe(true);
  });

  it('terminal-escapes reaches the refusal and the name of the server', async () => {
    const host = await started(startBrokenHost('terminal-escapes', setup));
    const call = caller(host);
    const authorization = `Bearer ${await issuer.token({ aud: host.url })}`;
    const params = {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'x', version: '1' },
    };
    const initialize = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params });
    expect(JSON.parse((await call('POST', '/mcp')).text).error_description).toContain('\u001b[2J');
    const { text } = await call('POST', '/mcp', { authorization }, initialize);
    expect(JSON.parse(text.split('data: ')[1] ?? '').result.serverInfo.title).toContain('\u001b[2J');
  });

  it('can be turned together, and for some requests only', async () => {
    const both = await started(startBrokenHost(['challenge-no-scope', 'manifest-old'], setup));
    const summary = await summarise(both, issuer);
    expect(summary.challenge).not.toContain('scope=');
    expect(summary.manifest).toContain('2024-11-05');

    const enabled = (request: { path: string }) => request.path.startsWith('/.well-known/');
    const partly = await started(startBrokenHost('reset', { ...setup, enabled }));
    const call = caller(partly);
    expect((await call('GET', '/.well-known/mcp/manifest.json')).line).toBe('cut off');
    expect((await call('POST', '/mcp', {}, '{}')).line).toBe('401 application/json');
  });

  it('leave a host that the official client can use where they say that it is allowed', async () => {
    const allowed: KnobName[] = [
      'manifest-missing',
      'prm-root-only',
      'no-sessions',
      'legacy-only',
      'modern-only',
    ];
    for (const name of allowed) {
      const host = await started(startBrokenHost(name, setup));
      expect([name, await toolNames(host)]).toEqual([name, ['whoami', 'add']]);
    }
  });
});

describe('every host', () => {
  it.each([
    ['good', startGoodHost],
    ['minimal-stateless', startMinimalStateless],
    ['with-sessions', startWithSessions],
  ])('%s serves the official client and records its requests', async (name, start) => {
    const host = await started(start({ issuer: issuer.issuer, scope: 'mcp-resource' }));
    expect((await caller(host)('POST', '/mcp', {}, '{}')).line).toMatch(/^401/);
    expect(await toolNames(host)).toEqual(name === 'good' ? ['whoami', 'add'] : ['greet']);

    const [first, second] = host.requests;
    expect(first).toMatchObject({ method: 'POST', path: '/mcp' });
    expect(first?.headers.authorization).toBeUndefined();
    expect(second?.headers.authorization).toMatch(/^Bearer ey/);
    expect(second?.headers['content-type']).toBe('application/json');
  });
});

async function toolNames(host: TestHost): Promise<string[]> {
  const token = await issuer.token({ aud: host.url });
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  const headers = { Authorization: `Bearer ${token}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(host.url), { requestInit: { headers } }));
  const { tools } = await client.listTools();
  await client.close();
  return tools.map((tool) => tool.name);
}
