/** Sessions of the legacy era: `initialize` opens one, `Mcp-Session-Id` names it, DELETE ends it, idleness too. */
import { randomUUID } from 'node:crypto';
// Declares `req.auth`.
import type {} from '@modelcontextprotocol/express';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import { isInitializeRequest, type McpServer } from '@modelcontextprotocol/server';
import type { Request, Response } from 'express';
import { rpcError } from './answers.ts';

interface Session {
  transport: NodeStreamableHTTPServerTransport;
  /** Who opened it. A session id is no credential: another user's request doesn't find the session. */
  owner: string;
  usedAt: number;
}

export interface Sessions {
  handle(req: Request, res: Response): Promise<void>;
  close(): Promise<void>;
}

const IDLE_MS = 30 * 60_000;
const MAX_SESSIONS = 1000;

export function createSessions(make: () => McpServer): Sessions {
  const sessions = new Map<string, Session>();
  const sweeper = setInterval(() => void endIdle(sessions, Date.now() - IDLE_MS), 60_000);
  sweeper.unref();

  async function open(req: Request, res: Response): Promise<void> {
    if (sessions.size >= MAX_SESSIONS) {
      rpcError(res.set('Retry-After', '60'), 503, -32000, 'Too many open sessions');
      return;
    }
    const transport: NodeStreamableHTTPServerTransport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => {
        res.locals.session = id;
        sessions.set(id, { transport, owner: ownerOf(req), usedAt: Date.now() });
      },
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await make().connect(transport);
    await transport.handleRequest(req, res, req.body);
  }

  return {
    async handle(req, res) {
      const id = req.headers['mcp-session-id'];
      if (id === undefined) {
        if (req.method === 'POST' && isInitializeRequest(req.body)) await open(req, res);
        else
          rpcError(
            res,
            400,
            -32000,
            'Bad request: open a session with initialize, then send its Mcp-Session-Id',
          );
        return;
      }
      const session = sessions.get(String(id));
      if (session === undefined || session.owner !== ownerOf(req)) {
        rpcError(res, 404, -32001, 'Session not found: open a new one with initialize');
        return;
      }
      session.usedAt = Date.now();
      await session.transport.handleRequest(req, res, req.body);
    },
    async close() {
      clearInterval(sweeper);
      await endIdle(sessions, Number.POSITIVE_INFINITY);
    },
  };
}

async function endIdle(sessions: Map<string, Session>, before: number): Promise<void> {
  const idle = [...sessions].filter(([, session]) => session.usedAt < before);
  for (const [id] of idle) sessions.delete(id);
  await Promise.all(idle.map(([, session]) => session.transport.close()));
}

function ownerOf(req: Request): string {
  return JSON.stringify([req.auth?.extra?.sub, req.auth?.clientId]);
}
