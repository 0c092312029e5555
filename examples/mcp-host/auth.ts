/** The bearer check in front of the endpoint, and the 401 challenge that starts a client's sign-in. */
// Declares `req.auth`.
import type {} from '@modelcontextprotocol/express';
import type { RequestHandler, Response } from 'express';
import { IssuerUnavailable } from './issuer.ts';
import { InvalidToken, type VerifyToken } from './token.ts';

export interface Challenge {
  /** Absolute URL of the protected resource metadata. */
  metadataUrl: string;
  /** What clients should ask for. */
  scopes: string[];
}

/**
 * Lets requests with a good token through, with `req.auth` set. The token is read from the `Authorization` header
 * only: one in the URL ends up in logs and histories.
 */
export function requireToken(verify: VerifyToken, challenge: Challenge): RequestHandler {
  return async (req, res, next) => {
    const header = req.headers.authorization;
    if (header === undefined || !/^bearer\b/i.test(header)) {
      refuse(res, challenge);
      return;
    }
    try {
      const token = /^bearer +([\w.~+/=-]+)$/i.exec(header)?.[1];
      if (token === undefined)
        throw new InvalidToken('malformed', 'The Authorization header does not read "Bearer <token>"');
      req.auth = await verify(token);
    } catch (error) {
      if (error instanceof InvalidToken) refuse(res, challenge, error);
      else if (error instanceof IssuerUnavailable) unavailable(res, error);
      else next(error);
      return;
    }
    res.locals.client = req.auth.clientId;
    next();
  };
}

/** 401. Without a token the challenge has no `error` (RFC 6750, section 3.1): nothing was wrong yet. */
function refuse(res: Response, challenge: Challenge, invalid?: InvalidToken): void {
  res.locals.reason = invalid?.reason ?? 'no token';
  const parameters = [`resource_metadata=${quoted(challenge.metadataUrl)}`];
  if (challenge.scopes.length > 0) parameters.push(`scope=${quoted(challenge.scopes.join(' '))}`);
  if (invalid !== undefined) {
    parameters.push('error="invalid_token"', `error_description=${quoted(invalid.message)}`);
  }
  res
    .status(401)
    .set('WWW-Authenticate', `Bearer ${parameters.join(', ')}`)
    .json({ error: 'invalid_token', error_description: invalid?.message ?? 'A bearer token is required' });
}

/** 503. A client that got a 401 here would throw away a good token. */
function unavailable(res: Response, error: IssuerUnavailable): void {
  res.locals.reason = error.message;
  res.status(503).set('Retry-After', '5').json({
    error: 'temporarily_unavailable',
    error_description: 'The token cannot be checked at the moment',
  });
}

/** Parts of a description are the sender's words: keep them from breaking out of the header. */
function quoted(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')}"`;
}
