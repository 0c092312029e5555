import type { Exchange } from './exchange.ts';
import {
  answerTo,
  type Era,
  hasAnswer,
  initializeMessage,
  LEGACY,
  legacyMessage,
  type Message,
  modernMessage,
  type RpcAnswer,
} from './json-rpc.ts';
import type { Run } from './step.ts';

/** A message and its answer. */
export interface Asked {
  exchange: Exchange;
  answer: RpcAnswer | undefined;
}

/** One era of the protocol, as the MCP server speaks it. */
export interface EraEvidence {
  era: Era;
  open: Asked;
  /** Whether the opening succeeded. */
  spoken: boolean;
  revision: string | undefined;
  session: string | undefined;
  tools: Asked | undefined;
  /** With a revision that does not exist. */
  oddVersion: Asked | undefined;
}

/** Sends a message to the endpoint, with the token that it was made for. */
export type Post = (
  message: Message,
  headers?: Readonly<Record<string, string>>,
  url?: string,
) => Promise<Asked>;

/** Posts with this token, or without one. */
export function makePost({ recorder, target }: Run, token: string | undefined): Post {
  return async (message, headers = {}, url = target.mcp) => {
    const exchange = await recorder.send(url, {
      method: 'POST',
      to: 'mcp-server',
      own: true,
      headers: {
        ...message.headers,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: message.body,
      enough: hasAnswer(message.id),
    });
    return { exchange, answer: answerTo(message, exchange) };
  };
}

const succeeded = ({ exchange, answer }: Asked) =>
  exchange.status === 200 && answer?.ours === true && answer.result !== undefined;

/** Opens the modern era: `server/discover`, the tools, and a revision that does not exist. */
export async function openModern(post: Post): Promise<EraEvidence> {
  const open = await post(modernMessage('server/discover'));
  const spoken = succeeded(open);
  const [tools, oddVersion] = spoken
    ? await Promise.all([
        post(modernMessage('tools/list')),
        post(modernMessage('server/discover', '2099-01-01')),
      ])
    : [];
  return {
    era: 'modern',
    open,
    spoken,
    revision: spoken ? '2026-07-28' : undefined,
    session: undefined,
    tools,
    oddVersion,
  };
}

/** Opens the legacy era: `initialize`, the tools, and a revision that does not exist. */
export async function openLegacy(post: Post): Promise<EraEvidence> {
  const open = await post(initializeMessage());
  const spoken = succeeded(open);
  const version = open.answer?.result?.protocolVersion;
  const revision = typeof version === 'string' ? version : undefined;
  const session = open.exchange.headers.get('mcp-session-id') ?? undefined;
  const headers = sessionHeaders(session, revision);
  const notification = {
    ...legacyMessage('notifications/initialized'),
    body: JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
  };
  if (spoken && session !== undefined) await post(notification, headers);
  const [tools, oddVersion] = spoken
    ? await Promise.all([
        post(legacyMessage('tools/list'), headers),
        post(legacyMessage('tools/list'), { ...headers, 'mcp-protocol-version': '1999-01-01' }),
      ])
    : [];
  return { era: 'legacy', open, spoken, revision, session, tools, oddVersion };
}

/** The headers that every request of the legacy era carries after `initialize`. */
export function sessionHeaders(session: string | undefined, revision = LEGACY): Record<string, string> {
  return {
    'mcp-protocol-version': revision,
    ...(session === undefined ? {} : { 'mcp-session-id': session }),
  };
}
