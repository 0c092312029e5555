/** The host: the gates in their order in front of the MCP endpoint, and how to start it. */
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express, type RequestHandler } from 'express';
import { notFound, serverError } from './answers.ts';
import { requireToken } from './auth.ts';
import { acceptGate, jsonBody } from './body.ts';
import type { HostConfig } from './config.ts';
import { debugOidc } from './debug.ts';
import { createEndpoint } from './endpoint.ts';
import { createIssuer } from './issuer.ts';
import { requestLog, type WriteLine } from './log.ts';
import { metadataRoutes, metadataUrl } from './metadata.ts';
import { originGate } from './origin.ts';
import { exactly } from './route.ts';
import { tokenVerifier } from './token.ts';

export interface HostOptions {
  /** Where log lines go; stdout if not given. */
  log?: WriteLine;
}

export interface Host {
  app: Express;
  /** Ends sessions and open streams. */
  close(): Promise<void>;
}

/** Builds the host without listening. */
export function createHost(config: HostConfig, options: HostOptions = {}): Host {
  const log = options.log ?? ((line) => void process.stdout.write(`${line}\n`));
  const issuer = createIssuer(config.issuer);
  const endpoint = createEndpoint(config);
  const verify = tokenVerifier(config.issuer, config.audiences, issuer);
  const challenge = { metadataUrl: metadataUrl(config), scopes: config.challengeScopes };
  const origins = new Set([config.publicOrigin, ...config.allowedOrigins]);
  const pass: RequestHandler = (_req, _res, next) => next();

  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', config.trustProxy);
  app.use(requestLog(log, config.debugHeaders));
  app.use(metadataRoutes(config, issuer.metadataUrl));
  if (config.debugEndpoints) app.use(exactly('/debug/oidc', debugOidc(config, issuer)));
  if (config.streamable) {
    app.use(
      exactly(
        new URL(config.transportUrl).pathname,
        originGate(origins),
        config.requireAuth ? requireToken(verify, challenge) : pass,
        acceptGate,
        ...jsonBody(config.bodyLimit),
        endpoint.handler,
      ),
    );
  }
  app.use(notFound);
  app.use(serverError);
  return { app, close: endpoint.close };
}

export interface RunningHost {
  /** The URL that a client is given. */
  url: string;
  /** Where it listens. */
  origin: string;
  stop(): Promise<void>;
}

export interface StartOptions extends HostOptions {
  /** 0 takes a free port. */
  port?: number;
  host?: string;
}

/**
 * Listens, then builds the host. A function as configuration is given the origin that the host listens on, for a
 * host on a free port that must know its own URL.
 */
export async function startHost(
  config: HostConfig | ((origin: string) => HostConfig),
  options: StartOptions = {},
): Promise<RunningHost> {
  const known = typeof config === 'function' ? undefined : config;
  let listener: RequestListener = (_req, res) => void res.writeHead(503).end();
  const server = createHttpServer((req, res) => listener(req, res));
  const address = options.host ?? known?.host ?? '127.0.0.1';
  const origin = await listen(server, options.port ?? known?.port ?? 0, address);
  try {
    const settled = typeof config === 'function' ? config(origin) : config;
    const host = createHost(settled, options);
    listener = host.app;
    return { url: settled.transportUrl, origin, stop: () => stop(server, host) };
  } catch (error) {
    server.close();
    throw error;
  }
}

async function listen(server: Server, port: number, address: string): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
  const bound = server.address() as AddressInfo;
  return `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
}

async function stop(server: Server, host: Host): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  await host.close();
  server.closeAllConnections();
  await closed;
}
