import {
  Client,
  SdkHttpError,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import { bearerParameters, INITIALIZE } from './discovery.ts';
import {
  type Answer,
  ask,
  type Failure,
  type Fetch,
  fail,
  failFrom,
  type Outcome,
  record,
} from './outcome.ts';

/** How a connector talks to the host: bare JSON-RPC of the legacy era, or the official SDK's client in either era. */
export type Wire = 'bare' | 'sdk-legacy' | 'sdk-modern';

/** The host, and what opens it. */
export interface McpTarget {
  readonly url: string;
  readonly token: string;
  readonly fetch: Fetch;
  readonly userAgent: string;
}

/** A tool and its arguments; without a name, the first one that the host lists. */
export interface ToolCall {
  readonly name?: string | undefined;
  readonly arguments?: Readonly<Record<string, unknown>> | undefined;
}

/** What came of a visit. */
export interface ToolVisit {
  readonly tools: readonly string[];
  readonly tool: string;
  /** The tool's result, as the host sent it. */
  readonly toolResult: Readonly<Record<string, unknown>>;
}

/** Opens the host, lists its tools and calls one. */
export function visit(wire: Wire, target: McpTarget, call: ToolCall = {}): Promise<Outcome<ToolVisit>> {
  return wire === 'bare' ? visitBare(target, call) : visitWithSdk(wire, target, call);
}

async function visitBare(target: McpTarget, call: ToolCall): Promise<Outcome<ToolVisit>> {
  const session = new BareSession(target);
  const opened = await session.request('initialize', INITIALIZE);
  if (!opened.ok) return opened;
  await session.notify('notifications/initialized');
  const visited = await callBare(session, call);
  await session.end();
  return visited;
}

async function callBare(session: BareSession, call: ToolCall): Promise<Outcome<ToolVisit>> {
  const listed = await session.request('tools/list', {});
  if (!listed.ok) return listed;
  const tools = names(listed.result.tools);
  const tool = call.name ?? tools[0] ?? '';
  const called = await session.request('tools/call', { name: tool, arguments: call.arguments ?? {} });
  return called.ok ? judge(tools, tool, called.result) : called;
}

class BareSession {
  readonly #target: McpTarget;
  readonly #headers: Record<string, string>;
  #id = 0;

  constructor(target: McpTarget) {
    this.#target = target;
    this.#headers = {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      authorization: `Bearer ${target.token}`,
      'user-agent': target.userAgent,
    };
  }

  async request(
    method: string,
    params: object,
  ): Promise<Outcome<{ result: Readonly<Record<string, unknown>> }>> {
    const answer = await this.#post({ jsonrpc: '2.0', id: ++this.#id, method, params });
    const session = answer.headers.get('mcp-session-id');
    if (session) this.#headers['mcp-session-id'] = session;
    const { result, error } = record(answer.json);
    if (error !== undefined) return rpcFailure(answer, record(error));
    if (answer.status !== 200 || result === undefined) return httpFailure(answer);
    if (method === 'initialize') {
      this.#headers['mcp-protocol-version'] = String(record(result).protocolVersion);
    }
    return { ok: true, result: record(result) };
  }

  async notify(method: string): Promise<void> {
    await this.#post({ jsonrpc: '2.0', method });
  }

  async end(): Promise<void> {
    if (!this.#headers['mcp-session-id']) return;
    await ask(this.#target.fetch, this.#target.url, { method: 'DELETE', headers: this.#headers });
  }

  #post(message: object): Promise<Answer> {
    const init = { method: 'POST', headers: this.#headers, body: JSON.stringify(message) };
    return ask(this.#target.fetch, this.#target.url, init);
  }
}

async function visitWithSdk(wire: Wire, target: McpTarget, call: ToolCall): Promise<Outcome<ToolVisit>> {
  const mode = wire === 'sdk-modern' ? { pin: '2026-07-28' } : 'legacy';
  const client = new Client(INITIALIZE.clientInfo, { versionNegotiation: { mode } });
  const transport = new StreamableHTTPClientTransport(new URL(target.url), {
    authProvider: { token: async () => target.token },
    requestInit: { headers: { 'user-agent': target.userAgent } },
    fetch: target.fetch,
  });
  try {
    await client.connect(transport);
    return await callWithSdk(client, call);
  } catch (error) {
    return sdkFailure(error);
  } finally {
    await client.close();
  }
}

/** Lists the tools and calls one, over a connected client of the official SDK. */
export async function callWithSdk(client: Client, call: ToolCall): Promise<Outcome<ToolVisit>> {
  const tools = names((await client.listTools()).tools);
  const tool = call.name ?? tools[0] ?? '';
  return judge(tools, tool, await client.callTool({ name: tool, arguments: { ...call.arguments } }));
}

/** What the SDK throws when the host says no, as a failure. */
export function sdkFailure(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof SdkHttpError) return fail('mcp', error.status, `http_${error.status}`, message);
  if (error instanceof UnauthorizedError) return fail('mcp', 401, 'http_401', message);
  const code = record(error).code;
  return fail('mcp', 0, code === undefined ? 'mcp_error' : `mcp_${String(code)}`, message);
}

function judge(
  tools: readonly string[],
  tool: string,
  result: Readonly<Record<string, unknown>>,
): Outcome<ToolVisit> {
  if (result.isError) return fail('mcp', 200, 'tool_error', JSON.stringify(result.content));
  return { ok: true, tools, tool, toolResult: result };
}

function rpcFailure(answer: Answer, error: Readonly<Record<string, unknown>>): Failure {
  if (answer.status === 401 || answer.status === 403) return httpFailure(answer);
  return fail('mcp', answer.status, `rpc_${String(error.code)}`, String(error.message));
}

function httpFailure(answer: Answer): Failure {
  const { error, error_description: description } = bearerParameters(answer.headers.get('www-authenticate'));
  const failure = failFrom('mcp', answer);
  return { ...failure, error: error ?? failure.error, description: description ?? failure.description };
}

function names(tools: unknown): readonly string[] {
  return Array.isArray(tools) ? tools.map((tool) => String(record(tool).name)) : [];
}
