/** Wrong at the endpoint itself: protocol eras, sessions, headers, browsers. */
import {
  type Fault,
  type FaultRequest,
  html,
  isEndpoint,
  json,
  type Knob,
  only,
  reheaded,
  rpcBody,
  rpcMethod,
  withHeaders,
} from '../fault.ts';

const STATELESS = { MCP_SESSIONS: 'false' };
const isOpening = (request: FaultRequest) =>
  isEndpoint(request) && ['initialize', 'server/discover'].includes(rpcMethod(request) ?? '');
const isGet = (request: FaultRequest) => isEndpoint(request) && request.method === 'GET';
const isPreflight = (request: FaultRequest) => isEndpoint(request) && request.method === 'OPTIONS';
const isToolsList = (request: FaultRequest) => isEndpoint(request) && rpcMethod(request) === 'tools/list';
const rpcFailure = (request: FaultRequest, message: string) => ({
  jsonrpc: '2.0',
  id: rpcBody(request)?.id ?? null,
  error: { code: -32603, message },
});

/** Replaces the answer to requests that get through; what is refused stays refused. */
const instead = (
  where: (request: FaultRequest) => boolean,
  answer: Fault,
  replaced = (response: Response) => response.ok,
): Fault =>
  only(where, async (request, pass, facts) => {
    const response = await pass(request);
    if (!replaced(response)) return response;
    await response.body?.cancel();
    return answer(request, pass, facts);
  });

/** A GET without a session is refused too, by a host that is right. */
const isAuthorised = (response: Response) => response.status !== 401 && response.status !== 403;

const REVISION = 'io.modelcontextprotocol/protocolVersion';
const KNOWN = /^(2024-11-05|2024-10-07|2025-03-26|2025-06-18|2025-11-25|2026-07-28)$/;

/** The request as if it had named a revision that the host knows. */
function withKnownVersion(request: FaultRequest): FaultRequest {
  const body = rpcBody(request) as { params?: { _meta?: Record<string, unknown> } } | undefined;
  const meta = body?.params?._meta;
  if (meta?.[REVISION] === undefined) return withHeaders(request, { 'mcp-protocol-version': undefined });
  const known = withHeaders(request, {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': rpcMethod(request),
  });
  meta[REVISION] = '2026-07-28';
  return { ...known, body: JSON.stringify(body) };
}

export const protocolKnobs = {
  'initialize-500': {
    message: 'It fails when a client opens the connection.',
    breaks: ['MCP-OPEN'],
    fault: instead(isOpening, () => json(500, { error: 'server_error' })),
  },
  'initialize-error': {
    message: 'It answers the opening with a JSON-RPC error.',
    breaks: ['MCP-OPEN'],
    fault: instead(isOpening, (request) => json(200, rpcFailure(request, 'Backend not available'))),
  },
  'initialize-html': {
    message: 'It answers the opening with a page.',
    breaks: ['MCP-OPEN'],
    fault: instead(isOpening, () => html(200)),
  },
  'initialize-empty': {
    message: 'It answers the opening with 200 and nothing.',
    breaks: ['MCP-OPEN'],
    fault: instead(isOpening, () => new Response('', { status: 200 })),
  },
  'tools-list-error': {
    message: 'It has a JSON-RPC error for tools/list.',
    breaks: ['MCP-TOOLS'],
    fault: instead(isToolsList, (request) => json(200, rpcFailure(request, 'Backend not available'))),
  },
  'tools-list-500': {
    message: 'It fails at tools/list.',
    breaks: ['MCP-TOOLS'],
    fault: instead(isToolsList, () => json(500, { error: 'server_error' })),
  },
  'tools-list-other-id': {
    message: 'It answers tools/list with the id of another request.',
    breaks: ['MCP-TOOLS'],
    fault: instead(isToolsList, () => json(200, { jsonrpc: '2.0', id: 'another', result: { tools: [] } })),
  },
  'accept-not-checked': {
    message: 'It does not look at Accept.',
    breaks: ['MCP-ACCEPT'],
    fault: only(
      (request) => isEndpoint(request) && request.method === 'POST',
      (request, pass) => pass(withHeaders(request, { accept: 'application/json, text/event-stream' })),
    ),
  },
  'accept-unexplained': {
    message: 'It refuses a wrong Accept without a word.',
    breaks: ['MCP-ACCEPT'],
    fault: only(isEndpoint, async (request, pass) => {
      const response = await pass(request);
      return response.status === 406 ? new Response(null, { status: 406 }) : response;
    }),
  },
  'origin-not-checked': {
    message: 'It does not look at Origin.',
    breaks: ['MCP-ORIGIN-FOREIGN'],
    fault: only(isEndpoint, (request, pass) => {
      const origin = request.headers.get('origin');
      if (origin === null || request.method === 'OPTIONS') return pass(request);
      return pass(withHeaders(request, { origin: undefined }));
    }),
  },
  'origin-after-token': {
    message: 'It looks at Origin only after the token.',
    breaks: ['MCP-ORIGIN-FOREIGN'],
    fault: only(isEndpoint, (request, pass) => {
      if (request.headers.has('authorization') || request.method === 'OPTIONS') return pass(request);
      return pass(withHeaders(request, { origin: undefined }));
    }),
  },
  'origin-all-refused': {
    message: 'It refuses every Origin.',
    breaks: ['MCP-ORIGIN-ALLOWED'],
    fault: only(
      (request) => isEndpoint(request) && request.headers.has('origin'),
      () => json(403, { error: 'forbidden' }),
    ),
  },
  'preflight-401': {
    message: 'It wants a token for the preflight, which never has one.',
    breaks: ['MCP-ORIGIN-ALLOWED'],
    fault: only(isPreflight, (request, pass) => pass({ ...request, method: 'PUT' })),
  },
  'preflight-bare': {
    message: 'Its preflight allows nothing.',
    breaks: ['MCP-ORIGIN-ALLOWED'],
    fault: only(isPreflight, () => new Response(null, { status: 204 })),
  },
  'preflight-no-authorization': {
    message: 'Its preflight allows everything but the header for the token.',
    breaks: ['MCP-ORIGIN-ALLOWED'],
    fault: only(isPreflight, async (request, pass) => {
      const response = await pass(request);
      const allowed = response.headers.get('access-control-allow-headers')?.replace('Authorization, ', '');
      return reheaded(response, { 'access-control-allow-headers': allowed });
    }),
  },
  'get-html': {
    message: 'It answers GET with a page.',
    breaks: ['MCP-GET'],
    fault: instead(isGet, () => html(200), isAuthorised),
  },
  'get-500': {
    message: 'It fails at GET.',
    breaks: ['MCP-GET'],
    fault: instead(isGet, () => json(500, { error: 'server_error' }), isAuthorised),
  },
  'get-open': {
    message: 'It answers GET without a token.',
    breaks: ['MCP-GET'],
    fault: only(
      (request) => isGet(request) && !request.headers.has('authorization'),
      () => json(200, { status: 'ok' }),
    ),
  },
  'version-header-ignored': {
    message: 'It takes any MCP-Protocol-Version.',
    breaks: ['MCP-VERSION-HEADER'],
    fault: only(isEndpoint, (request, pass) => {
      const version = request.headers.get('mcp-protocol-version');
      return pass(version === null || KNOWN.test(version) ? request : withKnownVersion(request));
    }),
  },
  'session-ignored': {
    message: 'It issues session ids and takes any.',
    breaks: ['MCP-SESSION'],
    fault: only(isEndpoint, async (request, pass) => {
      const response = await pass(request);
      if (response.status !== 404 || !request.headers.has('mcp-session-id')) return response;
      if (request.method === 'DELETE') return new Response(null, { status: 200 });
      return pass(withHeaders(request, { 'mcp-session-id': undefined }), STATELESS);
    }),
  },
  'session-survives': {
    message: 'It says that DELETE ended the session, and goes on serving it.',
    breaks: ['MCP-SESSION'],
    fault: only(
      (request) => isEndpoint(request) && request.method === 'DELETE',
      async (request, pass) => {
        const probe = await pass({ ...request, method: 'PUT' });
        return probe.status === 405 ? new Response(null, { status: 200 }) : probe;
      },
    ),
  },
  'session-delete-500': {
    message: 'It fails at DELETE.',
    breaks: ['MCP-SESSION'],
    fault: instead(
      (request) => isEndpoint(request) && request.method === 'DELETE',
      () => json(500, { error: 'server_error' }),
    ),
  },
  'no-sessions': {
    message: 'It serves the legacy era without sessions, which is allowed.',
    breaks: [],
    fault: (request, pass) => pass(request, STATELESS),
  },
  'modern-only': {
    message: 'It serves 2026-07-28 only: a warning, no failure.',
    breaks: [],
    fault: (request, pass) => pass(request, { MCP_ERAS: 'modern' }),
  },
  'legacy-only': {
    message: 'It serves the revisions before 2026 only: a warning, no failure.',
    breaks: [],
    fault: (request, pass) => pass(request, { MCP_ERAS: 'legacy' }),
  },
  'no-request-id': {
    message: 'Its responses carry no request id, which is allowed.',
    breaks: [],
    fault: async (request, pass) => reheaded(await pass(request), { 'x-request-id': undefined }),
  },
} satisfies Record<string, Knob>;
