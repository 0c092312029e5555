/** What a POST to the endpoint must look like, with answers that say what is missing. */
import { isJsonContentType } from '@modelcontextprotocol/server';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { rpcError } from './answers.ts';

const NEEDED = ['application/json', 'text/event-stream'];

/** 406 unless `Accept` names both media types. The SDK looks at this in the legacy era only. */
export const acceptGate: RequestHandler = (req, res, next) => {
  const accepted = (req.headers.accept ?? '')
    .split(',')
    .map((range) => range.split(';')[0]?.trim().toLowerCase());
  const missing = NEEDED.filter((type) => !accepted.includes(type));
  if (req.method !== 'POST' || missing.length === 0) {
    next();
    return;
  }
  res.locals.reason = 'accept';
  rpcError(
    res,
    406,
    -32000,
    `Not acceptable: send "Accept: ${NEEDED.join(', ')}" (missing: ${missing.join(', ')})`,
  );
};

/** Parses the body of a POST. Anything that is not JSON ends here. */
export function jsonBody(limit: number): (RequestHandler | ErrorRequestHandler)[] {
  const mediaType: RequestHandler = (req, res, next) => {
    if (req.method !== 'POST' || isJsonContentType(req.headers['content-type'])) next();
    else rpcError(res, 415, -32000, 'Unsupported media type: send "Content-Type: application/json"');
  };
  const notEmpty: RequestHandler = (req, res, next) => {
    if (req.method !== 'POST' || req.body !== undefined) next();
    else rpcError(res, 400, -32700, 'Parse error: the request has no body');
  };
  return [mediaType, express.json({ limit, type: () => true }), bodyError, notEmpty];
}

/** Express would answer these in HTML, with a stack outside production. */
const bodyError: ErrorRequestHandler = (error: { type?: string; status?: number }, _req, res, next) => {
  if (error.type === 'entity.too.large') rpcError(res, 413, -32000, 'The request body is too large');
  else if (error.status === 415)
    rpcError(res, 415, -32000, 'Unsupported encoding or character set of the body');
  else if (error.status === 400)
    rpcError(res, 400, -32700, 'Parse error: the request body is not valid JSON');
  else next(error);
};
