import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A request that the stand-in got. */
export interface Got {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** What it answers: a status and a body, or what a test does with the socket itself. */
export type Reply =
  | { status: number; json?: unknown; text?: string; headers?: Record<string, string> }
  | ((response: ServerResponse) => void);

/** Answers requests in a Keycloak's place; undefined is what a small realm would say. */
export type Behave = (got: Got, index: number) => Reply | undefined;

/** A stand-in for a Keycloak, for what a real one can't be made to do. */
export interface FakeKeycloak {
  /** The base URL, `/auth` included. */
  url: string;
  port: number;
  got: Got[];
  stop(): Promise<void>;
}

const POLICY = 'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';

/** An empty realm that allows anybody who asks, with one Trusted Hosts policy. */
export function emptyRealm({ path }: Got): Reply {
  const json = (value: unknown): Reply => ({ status: 200, json: value });
  if (path.includes('/protocol/openid-connect/token'))
    return json({ access_token: 'fake-token', expires_in: 300 });
  if (path.includes('/components'))
    return json([
      {
        id: 'p1',
        name: 'Trusted Hosts',
        providerId: 'trusted-hosts',
        providerType: POLICY,
        subType: 'anonymous',
        config: { 'trusted-hosts': [] },
      },
    ]);
  if (/\/client-policies\/policies(\?|$)/.test(path)) return json({ policies: [], globalPolicies: [] });
  if (/\/client-policies\/profiles(\?|$)/.test(path)) return json({ profiles: [], globalProfiles: [] });
  if (path.includes('/roles/')) return { status: 404, json: { error: 'Could not find role' } };
  return json([]);
}

/** Starts one on a free loopback port, with TLS where a certificate is given; stopped when the test ends. */
export async function startFakeKeycloak(
  behave: Behave = () => undefined,
  tls?: ServerOptions,
): Promise<FakeKeycloak> {
  const got: Got[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    void (async () => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const one: Got = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(parts).toString('utf8'),
      };
      got.push(one);
      send(response, behave(one, got.length - 1) ?? emptyRealm(one));
    })().catch(() => response.destroy());
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  const port = await listen(server);
  const stop = () => close(server);
  onTestFinished(stop);
  return { url: `http${tls ? 's' : ''}://127.0.0.1:${port}/auth`, port, got, stop };
}

function send(response: ServerResponse, reply: Reply): void {
  if (typeof reply === 'function') {
    reply(response);
    return;
  }
  const { status, json, text, headers = {} } = reply;
  const type = json === undefined ? {} : { 'content-type': 'application/json' };
  response.writeHead(status, { ...type, ...headers });
  response.end(json === undefined ? (text ?? '') : JSON.stringify(json));
}

/** Listens on a free loopback port. */
export async function listen(server: Server | ReturnType<typeof createTlsServer>, port = 0): Promise<number> {
  await new Promise<void>((resolve, reject) => server.on('error', reject).listen(port, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function close(server: Server | ReturnType<typeof createTlsServer>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await close(server);
  return port;
}

/** The environment of an account at a server. */
export function envFor(server: string, more: Record<string, string> = {}): Record<string, string> {
  return {
    KC_SERVER: server,
    KC_REALM: 'demo',
    KC_CLIENT_ID: 'mcpkc',
    KC_CLIENT_SECRET: 's3cr3t-of-the-account',
    ...more,
  };
}
