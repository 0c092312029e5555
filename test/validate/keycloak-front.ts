import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request on its way to Keycloak. */
export interface Arriving {
  method: string;
  /** Path and query. */
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** An answer. */
export interface Answering {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** One way of being a bad proxy, or of standing for a bad server. */
export interface Spoiling {
  before?(request: Arriving): Answering | undefined;
  after?(request: Arriving, answer: Answering): Answering | Promise<Answering>;
}

/** A proxy that keeps `Host`, so that Keycloak takes the proxy's address for its own: the issuer is there. */
export interface Front {
  url: string;
  spoil: Spoiling;
  stop(): Promise<void>;
}

/** Starts one in front of Keycloak's base URL; what it spoils may change while it runs. */
export async function startFront(target: string): Promise<Front> {
  const upstream = new URL(target);
  const server = createServer(async (incoming, response) => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const { method = '', url = '', headers } = incoming;
    const request: Arriving = {
      method,
      path: url,
      headers: { ...headers },
      body: Buffer.concat(parts).toString(),
    };
    const made = front.spoil.before?.(request);
    const kept = made ?? (await forward(upstream, request));
    send(response, made ?? (await front.spoil.after?.(request, kept)) ?? kept);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const front: Front = {
    url: `http://127.0.0.1:${port}${upstream.pathname.replace(/\/$/, '')}`,
    spoil: {},
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return front;
}

function forward(upstream: URL, { method, path, headers, body }: Arriving): Promise<Answering> {
  return new Promise((resolve, reject) => {
    const options = {
      method,
      path,
      headers,
      host: upstream.hostname,
      port: upstream.port,
      agent: false as const,
    };
    const outgoing = httpRequest(options, async (message) => {
      const parts: Buffer[] = [];
      for await (const part of message) parts.push(part as Buffer);
      const kept = { ...message.headers };
      for (const name of ['transfer-encoding', 'connection', 'content-length']) delete kept[name];
      resolve({ status: message.statusCode ?? 0, headers: kept, body: Buffer.concat(parts).toString() });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function send(response: ServerResponse, { status, headers, body }: Answering): void {
  const given = Object.entries(headers).filter(([, value]) => value !== undefined);
  response.writeHead(status, Object.fromEntries(given) as Record<string, string | string[]>);
  response.end(status === 204 ? undefined : body);
}

/** A JSON answer of one's own. */
export function json(status: number, body: unknown): Answering {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** The metadata, edited, wherever it is served. */
export function metadata(edit: (document: Record<string, unknown>) => Record<string, unknown>): Spoiling {
  return {
    after: ({ path }, answer) => {
      if (!path.includes('/.well-known/') || answer.status !== 200) return answer;
      return json(200, edit(JSON.parse(answer.body) as Record<string, unknown>));
    },
  };
}
