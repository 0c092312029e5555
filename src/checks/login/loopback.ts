// biome-ignore-all lint/style/noRestrictedImports: the sign-in’s redirect comes to a server of this process.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A page that a browser's redirect is waited for on (RFC 8252 §7.3). */
export interface Loopback {
  redirectUri: string;
  /** The redirect's parameters; rejects with the signal's reason. */
  arrived(signal: AbortSignal): Promise<URLSearchParams>;
  close(): Promise<void>;
}

const PAGE = (words: string) =>
  `<!doctype html><meta charset="utf-8"><title>mcpkc</title><p style="font:1.2em sans-serif;margin:3em">${words}</p>`;
const PATH = '/callback';

/** Listens on a free port of 127.0.0.1. Only a GET of the callback with `state` is taken; the first one counts. */
export async function listenForRedirect(state: string): Promise<Loopback> {
  let take: (params: URLSearchParams) => void = () => {};
  const redirected = new Promise<URLSearchParams>((resolve) => {
    take = resolve;
  });
  // A sign-in is rare: anybody who doesn't ask for one starts without an HTTP server.
  const { createServer } = await import('node:http');
  const server = createServer((req, res) => {
    const url = URL.parse(req.url ?? '/', 'http://127.0.0.1');
    const ours = req.method === 'GET' && url?.pathname === PATH && url.searchParams.get('state') === state;
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      connection: 'close',
    };
    res.writeHead(ours ? 200 : 404, headers);
    const failed = url?.searchParams.has('error');
    res.end(
      PAGE(
        ours
          ? failed
            ? 'The sign-in failed. The terminal shows why.'
            : 'Signed in. You can close this page.'
          : 'Nothing here.',
      ),
    );
    if (ours && url) take(url.searchParams);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    redirectUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`,
    arrived: (signal) => orAborted(redirected, signal),
    close: () => closed(server),
  };
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    void work.then((value) => {
      signal.removeEventListener('abort', stop);
      resolve(value);
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
