/** `/debug/oidc`: does this host reach its issuer, and what does it demand? Unauthenticated, so off by default. */
import type { RequestHandler } from 'express';
import type { HostConfig } from './config.ts';
import type { Issuer } from './issuer.ts';

export function debugOidc(config: HostConfig, issuer: Issuer): RequestHandler {
  return async (_req, res) => {
    const problem = await issuer.keys().then(
      () => undefined,
      (error: Error) => error.message,
    );
    res.status(problem === undefined ? 200 : 503).json({
      issuer: config.issuer,
      metadata: issuer.metadataUrl,
      discovered: problem === undefined,
      problem,
      resource: config.transportUrl,
      audiences: config.audiences,
    });
  };
}
