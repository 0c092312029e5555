/** Routing by the exact path. Express' patterns would read characters of a configured path as syntax. */
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { Router } from 'express';

/** Runs the handlers in turn for this path, byte for byte, and for no other. */
export function exactly(path: string, ...handlers: (RequestHandler | ErrorRequestHandler)[]): RequestHandler {
  const router = Router();
  router.use(...handlers);
  return (req, res, next) => {
    if (req.path === path) router(req, res, next);
    else next();
  };
}
