/** The MCP endpoint behind the gates: picks the protocol era of each request. */
import { toNodeHandler, toWebRequest } from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  isLegacyRequest,
  legacyStatelessFallback,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/server';
import type { Request, RequestHandler, Response } from 'express';
import { rpcError } from './answers.ts';
import type { HostConfig } from './config.ts';
import { createSessions } from './sessions.ts';
import { createServer } from './tools.ts';

export interface Endpoint {
  handler: RequestHandler;
  close(): Promise<void>;
}

type Serve = (req: Request, res: Response) => Promise<void>;

/** Serves both eras on one URL, as configured. The body of the request must have been parsed. */
export function createEndpoint(config: HostConfig): Endpoint {
  const make = () => createServer(config.toolRoles);
  const modern = createMcpHandler(make, { legacy: 'reject' });
  const serveModern: Serve = nodeHandler(modern.fetch);
  const sessions = config.sessions ? createSessions(make) : undefined;
  const serveLegacy: Serve = sessions?.handle ?? nodeHandler(legacyStatelessFallback(make));

  const handler: RequestHandler = async (req, res) => {
    const legacy =
      config.eras === 'legacy' ||
      (await isLegacyRequest(await toWebRequest(req, req.body ?? null), req.body));
    res.locals.era = legacy ? 'legacy' : 'modern';
    if (!legacy || config.eras === 'modern') await serveModern(req, res);
    else if (unknownVersion(req)) rpcError(res, 400, -32000, `Unsupported protocol version. ${VERSIONS}`);
    else await serveLegacy(req, res);
  };
  return {
    handler,
    async close() {
      await Promise.all([modern.close(), sessions?.close()]);
    },
  };
}

const VERSIONS = `Supported: ${SUPPORTED_PROTOCOL_VERSIONS.join(', ')}`;

/** The SDK checks the header of all requests but `initialize`; the specification makes no exception. */
function unknownVersion(req: Request): boolean {
  const version = req.headers['mcp-protocol-version'];
  return version !== undefined && !SUPPORTED_PROTOCOL_VERSIONS.includes(String(version));
}

function nodeHandler(fetch: Parameters<typeof toNodeHandler>[0]['fetch']): Serve {
  const handle = toNodeHandler({ fetch });
  return (req, res) => handle(req, res, req.body);
}
