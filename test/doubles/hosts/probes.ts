/** A battery of probes that sums a host up: one short line per probe, without ports and ids. */
import type { FakeIssuer } from '../../support/hosts/fake-issuer.ts';
import type { TestHost } from '../../support/hosts/serve.ts';

export type Summary = Record<string, string>;

const ENOUGH_BYTES = 200_000;
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'probe', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const rpc = (method: string, params: object = {}) =>
  JSON.stringify({ jsonrpc: '2.0', id: 7, method, params });
const INITIALIZE = rpc('initialize', {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'probe', version: '1' },
});
const modernHeaders = (version: string) => ({
  'mcp-protocol-version': version,
  'mcp-method': 'server/discover',
});
const discover = (version: string) =>
  rpc('server/discover', { _meta: { ...META, 'io.modelcontextprotocol/protocolVersion': version } });

/** Runs every probe against the host. */
export async function summarise(host: TestHost, issuer: FakeIssuer): Promise<Summary> {
  const call = caller(host);
  const auth = (token: string) => ({ authorization: `Bearer ${token}` });
  const good = await issuer.token({ aud: host.url });
  const post = (headers: Record<string, string>, body = INITIALIZE, query = '') =>
    call('POST', `/mcp${query}`, headers, body);
  const wellKnown = (path: string) => call('GET', `/.well-known/${path}`);

  const tokenless = await post({});
  const opened = await post(auth(good));
  const session = { ...auth(good), 'mcp-session-id': opened.headers.get('mcp-session-id') ?? 'none' };
  const probes: Record<string, () => Promise<string>> = {
    tokenless: async () => `${tokenless.line} ${tokenless.headers.get('location') ?? ''}`.trim(),
    challenge: async () => tokenless.headers.get('www-authenticate') ?? 'none',
    requestId: async () => String(tokenless.headers.has('x-request-id')),
    garbage: async () => verdict(await post(auth('garbage'))),
    foreign: async () => verdict(await post(auth(await issuer.token({ aud: 'https://other.example/mcp' })))),
    expired: async () => verdict(await post(auth(await issuer.token({ aud: host.url, exp: 1_700_000_000 })))),
    forged: async () => verdict(await post(auth(await issuer.foreignKeyToken({ aud: host.url })))),
    query: async () => verdict(await post({}, INITIALIZE, `?access_token=${good}`)),
    prmRoot: async () => cached(await wellKnown('oauth-protected-resource')),
    prmPath: async () => cached(await wellKnown('oauth-protected-resource/mcp')),
    prmBusted: async () => cached(await wellKnown('oauth-protected-resource?cb=1')),
    manifest: async () => cached(await wellKnown('mcp/manifest.json')),
    issuerPlace: async () => {
      const answer = await wellKnown('oauth-authorization-server/mcp');
      return `${answer.line} ${answer.headers.get('location') ?? answer.text}`;
    },
    openLegacy: async () => `${opened.line} ${result(opened.text)}`,
    openModern: async () => {
      const answer = await post({ ...auth(good), ...modernHeaders('2026-07-28') }, discover('2026-07-28'));
      return `${answer.line} ${result(answer.text)}`;
    },
    hasSession: async () => String(opened.headers.has('mcp-session-id')),
    tools: async () => {
      const answer = await post(session, rpc('tools/list'));
      return `${answer.line} ${result(answer.text)}`;
    },
    accept: async () => {
      const answer = await post({ ...auth(good), accept: 'application/json' });
      return `${answer.line} ${result(answer.text)}`;
    },
    originForeign: async () => (await post({ origin: 'https://evil.example' })).line,
    originForeignToken: async () => (await post({ ...auth(good), origin: 'https://evil.example' })).line,
    originAllowed: async () => (await post({ ...auth(good), origin: 'https://chatgpt.com' })).line,
    preflight: async () => {
      const answer = await call('OPTIONS', '/mcp', { origin: 'https://chatgpt.com' });
      return `${answer.line} ${answer.headers.get('access-control-allow-headers') ?? ''}`.trim();
    },
    get: async () => (await call('GET', '/mcp', { ...session, accept: 'text/event-stream' })).line,
    getTokenless: async () => (await call('GET', '/mcp', { accept: 'text/event-stream' })).line,
    versionLegacy: async () => (await post({ ...auth(good), 'mcp-protocol-version': '1999-01-01' })).line,
    versionModern: async () =>
      (await post({ ...auth(good), ...modernHeaders('2099-01-01') }, discover('2099-01-01'))).line,
    sessionUnknown: async () =>
      (await post({ ...auth(good), 'mcp-session-id': 'unknown' }, rpc('tools/list'))).line,
    sessionDelete: async () => (await call('DELETE', '/mcp', session)).line,
    sessionDeleted: async () => (await post(session, rpc('tools/list'))).line,
    echo: async () => {
      const answer = await post({ ...auth(good), accept: 'text/html' });
      return String(`${answer.text}${[...answer.headers].flat()}`.includes(good));
    },
  };
  const summary: Summary = {};
  for (const [name, probe] of Object.entries(probes)) {
    const told = await probe();
    summary[name] = told.replaceAll(host.origin, '{host}').replaceAll(issuer.issuer, '{issuer}');
  }
  return summary;
}

export interface Answer {
  /** Status and media type, or how it ended without them. */
  line: string;
  headers: Headers;
  text: string;
}

/** How long is waited, in ms: for the head of an answer, and from there on for its end. */
export interface Patience {
  head?: number;
  body?: number;
}

/** Far longer than a loaded machine takes for any answer: a test waits so long only where it fails. */
const LONG_MS = 40_000;

/**
 * Fetches; what takes longer or sends more is reported as that. Little patience is for what never comes: an answer that
 * does come may take its time.
 */
export function caller(host: TestHost, { head = LONG_MS, body: rest = LONG_MS }: Patience = {}) {
  return async (
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: string,
  ): Promise<Answer> => {
    const defaults = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };
    const patience = new AbortController();
    const within = (ms: number) =>
      setTimeout(() => patience.abort(new DOMException('It took too long.', 'TimeoutError')), ms);
    let timer = within(head);
    try {
      const response = await fetch(host.origin + path, {
        method,
        headers: { ...defaults, ...headers },
        redirect: 'manual',
        signal: patience.signal,
        ...(body !== undefined && { body }),
      });
      clearTimeout(timer);
      timer = within(rest);
      const type = response.headers.get('content-type')?.split(';')[0] ?? '';
      const { text, end } = await read(response, method === 'GET' && path === '/mcp');
      return { line: `${response.status} ${type} ${end}`.trim(), headers: response.headers, text };
    } catch (error) {
      const line = (error as Error).name === 'TimeoutError' ? 'no answer' : 'cut off';
      return { line, headers: new Headers(), text: '' };
    } finally {
      clearTimeout(timer);
    }
  };
}

async function read(response: Response, openStream: boolean): Promise<{ text: string; end: string }> {
  let text = '';
  if (openStream && response.headers.get('content-type') === 'text/event-stream') {
    await response.body?.cancel();
    return { text, end: '' };
  }
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > ENOUGH_BYTES) return { text: '', end: 'too much' };
    }
  } catch (error) {
    return { text: '', end: (error as Error).name === 'TimeoutError' ? 'unfinished' : 'broken off' };
  }
  return { text, end: '' };
}

function verdict(answer: Answer): string {
  const error = /error="(\w+)"/.exec(answer.headers.get('www-authenticate') ?? '')?.[1] ?? '';
  return `${answer.line} ${error}`.trim();
}

function cached(answer: Answer): string {
  const cache = answer.headers.get('cf-cache-status') ?? '';
  return `${answer.line} ${cache} ${answer.text.slice(0, 600)}`.replace(/ +/g, ' ').trim();
}

/** What a JSON-RPC answer holds, whether it came as JSON or as an event. */
function result(text: string): string {
  try {
    const message = JSON.parse(/^data: (.+)$/m.exec(text)?.[1] ?? text);
    if (message.error !== undefined) return `error ${message.error.code}`;
    return `id ${message.id}: ${Object.keys(message.result).sort().join(' ')}`;
  } catch {
    return text === '' ? 'empty' : 'no JSON';
  }
}
