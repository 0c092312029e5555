/** Browsers: who may call the endpoint from a page (CORS), and who is turned away before anything else happens. */
import type { RequestHandler } from 'express';
import { rpcError } from './answers.ts';

const ALLOWED_HEADERS = [
  'Authorization',
  'Content-Type',
  'Accept',
  'Mcp-Session-Id',
  'MCP-Protocol-Version',
  'Mcp-Method',
  'Mcp-Name',
  'Last-Event-ID',
  'X-Request-Id',
].join(', ');
const EXPOSED_HEADERS = 'Mcp-Session-Id, WWW-Authenticate, X-Request-Id';
const METHODS = 'GET, POST, DELETE, OPTIONS';

/**
 * The gate for the endpoint. A request without `Origin` comes from no browser and passes; a foreign `Origin` is 403,
 * token or not; a preflight ends here, for a browser sends it without a token.
 */
export function originGate(allowed: ReadonlySet<string>): RequestHandler {
  return (req, res, next) => {
    const origin = req.headers.origin;
    res.vary('Origin');
    if (origin !== undefined && !allowed.has(origin)) {
      res.locals.reason = 'foreign origin';
      rpcError(res, 403, -32000, 'This origin is not allowed to call the server. Add it to ALLOWED_ORIGINS.');
      return;
    }
    if (origin !== undefined) {
      res.set({ 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': EXPOSED_HEADERS });
    }
    if (req.method !== 'OPTIONS') {
      next();
      return;
    }
    res
      .status(204)
      .set({
        Allow: METHODS,
        'Access-Control-Allow-Methods': METHODS,
        'Access-Control-Allow-Headers': ALLOWED_HEADERS,
        'Access-Control-Max-Age': '600',
      })
      .end();
  };
}
