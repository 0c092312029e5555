import { VERSION } from '../version.ts';
import { type Exchange, toObject } from './exchange.ts';

/** The stateless revision (2026-07-28), and the last one of those that begin with `initialize`. */
const MODERN = '2026-07-28';
export const LEGACY = '2025-11-25';

/** The protocol that an MCP server speaks: with `server/discover`, or with `initialize`. */
export type Era = 'modern' | 'legacy';

const CLIENT = { name: 'mcpkc', version: VERSION };
const ACCEPT = 'application/json, text/event-stream';

/** A request to the endpoint, ready to be sent. */
export interface Message {
  headers: Record<string, string>;
  body: string;
  id: number;
}

let lastId = 0;

/** A request of the modern era: version and method stand in headers and the version in `_meta` too (2026-07-28). */
export function modernMessage(method: string, version = MODERN): Message {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': version,
    'io.modelcontextprotocol/clientInfo': CLIENT,
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const message = legacyMessage(method, { _meta: meta });
  return {
    ...message,
    headers: { ...message.headers, 'mcp-protocol-version': version, 'mcp-method': method },
  };
}

/** A request of the legacy era. */
export function legacyMessage(method: string, params: object = {}): Message {
  lastId += 1;
  const body = JSON.stringify({ jsonrpc: '2.0', id: lastId, method, params });
  return { id: lastId, body, headers: { accept: ACCEPT, 'content-type': 'application/json' } };
}

/** `initialize` of the legacy era. */
export function initializeMessage(): Message {
  return legacyMessage('initialize', { protocolVersion: LEGACY, capabilities: {}, clientInfo: CLIENT });
}

/** The answer to a request: a result, an error, or neither. */
export interface RpcAnswer {
  result: Readonly<Record<string, unknown>> | undefined;
  error: { code: number | undefined; message: string } | undefined;
  /** Whether the answer's id is the request's. */
  ours: boolean;
}

/** The answer to a request in a JSON body or among the events of a stream; undefined where there is none. */
export function answerIn(text: string, id: number): RpcAnswer | undefined {
  const messages = [text, ...eventsIn(text)].map(parsed).filter((one) => one.jsonrpc === '2.0');
  const answers = messages.filter((one) => one.result !== undefined || one.error !== undefined);
  const found = answers.find((one) => one.id === id) ?? answers[0];
  if (!found) return undefined;
  const error = toObject(found.error);
  const code = typeof error.code === 'number' ? error.code : undefined;
  return {
    result: found.result === undefined ? undefined : toObject(found.result),
    error: found.error === undefined ? undefined : { code, message: String(error.message ?? '') },
    ours: found.id === id,
  };
}

/** The data of the events that have come whole (the stream may go on). */
function eventsIn(text: string): string[] {
  return text
    .split(/\r?\n\r?\n/)
    .slice(0, -1)
    .map((event) =>
      event
        .split(/\r?\n/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).trimStart())
        .join('\n'),
    )
    .filter((data) => data !== '');
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return toObject(JSON.parse(text));
  } catch {
    return {};
  }
}

/** Whether the text read so far holds the answer: then the rest of a stream isn't waited for. */
export function hasAnswer(id: number): (text: string) => boolean {
  const mention = new RegExp(`"id"\\s*:\\s*${id}\\b`);
  return (text) => mention.test(text) && eventsIn(text).some((data) => parsed(data).id === id);
}

/** The answer to a message in its exchange. */
export function answerTo({ id }: Message, exchange: Exchange): RpcAnswer | undefined {
  return answerIn(exchange.text, id);
}
