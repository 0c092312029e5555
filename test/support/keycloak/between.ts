import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is done with a request on its way: an answer of one's own, or undefined to let it pass. */
export type Meddle = (
  method: string,
  path: string,
) => Promise<{ status: number; body?: unknown } | undefined> | { status: number; body?: unknown } | undefined;

/** A server in front of Keycloak. */
export interface Between {
  /** Its base URL, with Keycloak's relative path. */
  url: string;
  /** `GET /realms/…` of every request that passed or was answered here, in order. */
  seen: string[];
  meddle: Meddle;
  stop(): Promise<void>;
}

/**
 * Puts a server in front of a Keycloak: it passes everything on, but for what `meddle` answers. The Host header stays
 * the visitor's, so that tokens that were got here are good here.
 */
export async function startBetween(target: string, meddle: Meddle = () => undefined): Promise<Between> {
  const to = new URL(target);
  const server = createServer((asked, answer) => void pass(asked, answer));
  const between: Between = { url: '', seen: [], meddle, stop };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  between.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${to.pathname.replace(/\/$/, '')}`;
  return between;

  async function pass(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/', headers } = asked;
    between.seen.push(`${method} ${path}`);
    const own = await between.meddle(method, path);
    if (own) {
      asked.resume();
      answer.writeHead(own.status, { 'content-type': 'application/json' });
      answer.end(JSON.stringify(own.body ?? { error: `made-up ${own.status}` }));
      return;
    }
    const onward = request({ host: to.hostname, port: to.port, method, path, headers }, (back) => {
      answer.writeHead(back.statusCode ?? 502, back.headers);
      back.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    asked.pipe(onward);
  }

  function stop(): Promise<void> {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  }
}
