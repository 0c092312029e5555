/** What every host for tests has in common: a free port, its own URL, and a record of what it was asked. */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordedRequest {
  method: string;
  /** Path and query as they came. */
  path: string;
  headers: Record<string, string>;
  at: number;
}

export interface TestHost {
  /** The URL that a person would type. */
  url: string;
  origin: string;
  /** Every request in the order of arrival, `authorization` included: shows who was sent which token. */
  requests: RecordedRequest[];
  stop(): Promise<void>;
}

/** What all hosts for tests are told. */
export interface HostSetup {
  issuer: string;
  /** Named in the challenge. */
  scope?: string;
  /** Listed in the metadata. */
  advertisedScopes?: string[];
}

export interface Built {
  listener: RequestListener;
  close?(): Promise<unknown>;
}

/** Listens on a free loopback port, then builds the host, which is given its own origin. */
export async function serve(
  build: (origin: string) => Built | Promise<Built>,
  path = '/mcp',
): Promise<TestHost> {
  const requests: RecordedRequest[] = [];
  let built: Built | undefined;
  const server = createServer((req, res) => {
    requests.push(recorded(req));
    built?.listener(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await built?.close?.();
    await closed;
  };
  try {
    built = await build(origin);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: origin + path, origin, requests, stop };
}

function recorded(req: IncomingMessage): RecordedRequest {
  const headers = Object.entries(req.headers).map(([name, value]) => [name, String(value)]);
  return {
    method: req.method ?? '',
    path: req.url ?? '',
    headers: Object.fromEntries(headers),
    at: Date.now(),
  };
}
