/** One line of JSON per request on stdout, found again by its request id. Never a token in it. */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHandler } from 'express';

/** Where log lines go. */
export type WriteLine = (line: string) => void;

const SECRET_HEADERS = new Set(['authorization', 'proxy-authorization', 'cookie', 'dpop']);
const SANE_ID = /^[\w.:-]{1,128}$/;

/** Gives each request an id (a sane `X-Request-Id` is kept), returns it in the response, and logs the request's end. */
export function requestLog(write: WriteLine, withHeaders: boolean): RequestHandler {
  return (req, res, next) => {
    const started = performance.now();
    const sent = req.get('x-request-id');
    const id = sent !== undefined && SANE_ID.test(sent) ? sent : randomUUID();
    res.locals.requestId = id;
    res.set('X-Request-Id', id);
    if (withHeaders) write(JSON.stringify({ time: now(), requestId: id, headers: masked(req.headers) }));
    res.once('close', () => {
      write(
        JSON.stringify({
          time: now(),
          requestId: id,
          method: req.method,
          // Without the query: people put tokens there.
          path: req.originalUrl.split('?')[0],
          status: res.statusCode,
          ms: Math.round(performance.now() - started),
          ip: req.ip,
          origin: req.get('origin'),
          accept: req.get('accept'),
          session: req.get('mcp-session-id') ?? res.locals.session,
          era: res.locals.era,
          client: res.locals.client,
          reason: res.locals.reason,
          error: res.locals.error,
        }),
      );
    });
    next();
  };
}

/** Headers fit for a log. Whatever looks like a JWT goes, wherever it stands. */
function masked(headers: IncomingHttpHeaders): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => {
    const text = String(value);
    if (SECRET_HEADERS.has(name))
      return [name, `${text.match(/^(Bearer|Basic|DPoP)\b/i)?.[0] ?? ''} ***`.trim()];
    return [name, text.replace(/\beyJ[\w.-]+/g, '***').replace(/(token=)[^&\s]+/gi, '$1***')];
  });
  return Object.fromEntries(entries);
}

function now(): string {
  return new Date().toISOString();
}
