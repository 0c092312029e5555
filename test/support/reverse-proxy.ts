import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A request on its way to Keycloak. */
export interface Passing {
  method: string;
  /** Path and query. */
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
  /** How many requests came before this one. */
  index: number;
}

/** An answer, Keycloak's or a made-up one. */
export interface ProxyAnswer {
  status: number;
  headers?: OutgoingHttpHeaders;
  body?: string;
}

/** What to do with a request: an answer of one's own, or cut the line before it reaches Keycloak or after. */
export type Meddling = ProxyAnswer | 'cut' | 'cut after' | 'hang' | undefined;

/** How to meddle. */
export interface ProxyOptions {
  before?(request: Passing): Meddling | Promise<Meddling>;
  after?(request: Passing, answer: Required<ProxyAnswer>): ProxyAnswer | Promise<ProxyAnswer>;
}

/** A proxy in front of Keycloak that counts and meddles. */
export interface ReverseProxy {
  url: string;
  requests: Passing[];
  /** The requests that write, without those for a token. */
  writes(): string[];
  stop(): Promise<void>;
}

/** Starts one in front of a base URL; stopped when the test ends, if one is running. */
export async function startReverseProxy(target: string, options: ProxyOptions = {}): Promise<ReverseProxy> {
  const upstream = new URL(target);
  const requests: Passing[] = [];
  const server = createServer((incoming, response) => {
    void pass(incoming, response, upstream, requests, options).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  try {
    onTestFinished(stop);
  } catch {
    // Started in a hook: anybody who started it stops it.
  }
  return {
    url: `http://127.0.0.1:${port}${upstream.pathname.replace(/\/$/, '')}`,
    requests,
    writes: () =>
      requests
        .filter(({ method, path }) => method !== 'GET' && !path.includes('/protocol/openid-connect/token'))
        .map(({ method, path }) => `${method} ${path}`),
    stop,
  };
}

async function pass(
  incoming: IncomingMessage,
  response: ServerResponse,
  upstream: URL,
  requests: Passing[],
  { before, after }: ProxyOptions,
): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  const request: Passing = {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: incoming.headers,
    body: Buffer.concat(parts).toString('utf8'),
    index: requests.length,
  };
  requests.push(request);
  const meddling = await before?.(request);
  if (meddling === 'hang') return;
  if (meddling === 'cut') return void response.socket?.resetAndDestroy();
  if (typeof meddling === 'object') return answer(response, meddling);
  const kept = await forward(upstream, request);
  if (meddling === 'cut after') return void response.socket?.resetAndDestroy();
  answer(response, (await after?.(request, kept)) ?? kept);
}

async function forward(upstream: URL, request: Passing): Promise<Required<ProxyAnswer>> {
  const { method, path, headers, body } = request;
  const sent = new Headers();
  for (const name of ['authorization', 'content-type', 'accept']) {
    const value = headers[name];
    if (typeof value === 'string') sent.set(name, value);
  }
  const got = await fetch(new URL(path, upstream.origin), {
    method,
    headers: sent,
    redirect: 'manual',
    ...(method === 'GET' || method === 'HEAD' || body === '' ? {} : { body }),
  });
  const kept: OutgoingHttpHeaders = {};
  for (const name of ['content-type', 'location', 'www-authenticate']) {
    const value = got.headers.get(name);
    if (value !== null) kept[name] = value;
  }
  return { status: got.status, headers: kept, body: await got.text() };
}

function answer(response: ServerResponse, { status, headers = {}, body = '' }: ProxyAnswer): void {
  response.writeHead(status, headers);
  response.end(status === 204 ? undefined : body);
}
