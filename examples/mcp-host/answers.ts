/** The two shapes that errors have here: JSON-RPC at the endpoint, plain JSON elsewhere. Never HTML, never a stack. */
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';

/** Answers with a JSON-RPC error that belongs to no request id. */
export function rpcError(res: Response, status: number, code: number, message: string): void {
  res.status(status).json({ jsonrpc: '2.0', error: { code, message }, id: null });
}

export const notFound: RequestHandler = (_req, res) => {
  res.status(404).json({ error: 'not_found' });
};

/** The last resort: tells the log what happened, and the client only that something did. */
export const serverError: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  res.locals.error = error instanceof Error ? error.stack : String(error);
  if (res.headersSent) next(error);
  else rpcError(res, 500, -32603, 'Internal server error');
};
