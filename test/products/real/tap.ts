/** A proxy in front of a server that keeps what a product sends, byte for byte, and lets everything through. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request and its answer, as they passed. */
export interface Passed {
  readonly origin: string;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  status: number;
  answer: string;
  answerHeaders: IncomingHttpHeaders;
  /** Sent by the recorder itself: the person's browser, or the example server that asks for the issuer's keys. */
  readonly own: boolean;
  readonly at: number;
}

/** A running tap. */
export interface Tap {
  readonly origin: string;
  stop(): Promise<void>;
}

/** The header by which the recorder knows its own requests; it is not passed on. */
export const OWN_HEADER = 'x-recorder';

/** Starts a tap on a free loopback port; `target` is asked for at each request, so it may start later. */
export async function startTap(
  target: () => string,
  passed: Passed[],
  rewrite: (path: string, body: string) => string = (_, body) => body,
): Promise<Tap> {
  const server = createServer((incoming, outgoing) => {
    void pass(incoming, outgoing, target(), passed, rewrite).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: originOf(server.address() as AddressInfo),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function originOf({ port }: AddressInfo): string {
  return `http://127.0.0.1:${port}`;
}

async function pass(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  target: string,
  passed: Passed[],
  rewrite: (path: string, body: string) => string,
): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  const body = Buffer.concat(parts);
  const { [OWN_HEADER]: mark, ...headers } = incoming.headers;
  const entry: Passed = {
    origin: `http://${incoming.headers.host}`,
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers,
    body: body.toString('utf8'),
    status: 0,
    answer: '',
    answerHeaders: {},
    own: mark !== undefined,
    at: Date.now(),
  };
  passed.push(entry);
  // The Host header goes on as it came: Keycloak without a fixed hostname makes its issuer from it.
  const whole: Buffer[] = [];
  const asked = request(new URL(entry.path, target), { method: entry.method, headers });
  asked.on('response', (answer) => {
    entry.status = answer.statusCode ?? 0;
    entry.answerHeaders = answer.headers;
    const isStream = String(answer.headers['content-type']).startsWith('text/event-stream');
    const { 'content-length': _, 'transfer-encoding': __, ...rest } = answer.headers;
    if (isStream) outgoing.writeHead(entry.status, answer.headers);
    answer.on('data', (part: Buffer) => {
      entry.answer += part.toString('utf8');
      if (isStream) outgoing.write(part);
      else whole.push(part);
    });
    answer.on('end', () => {
      if (isStream) return void outgoing.end();
      const told = Buffer.concat(whole);
      const text = told.toString('utf8');
      // What is no text (fonts, images of the login page) goes on as it came.
      const changed = Buffer.from(text).equals(told) ? rewrite(entry.path, text) : text;
      const body = changed === text ? told : Buffer.from(changed);
      const hasBody = entry.method !== 'HEAD' && entry.status !== 204 && entry.status !== 304;
      outgoing.writeHead(entry.status, hasBody ? { ...rest, 'content-length': body.length } : answer.headers);
      outgoing.end(hasBody ? body : undefined);
    });
    answer.on('error', () => outgoing.destroy());
  });
  asked.on('error', () => outgoing.destroy());
  outgoing.on('close', () => asked.destroy());
  asked.end(body);
}
