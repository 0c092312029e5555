import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A request by what it asks for, without the ids of this realm: the same in each run of the same command. */
export interface Position {
  method: string;
  /** The path with query, ids as `{id}`, the realm's name as `{realm}`. */
  path: string;
  /** 1 for the first request of this kind in a run. */
  occurrence: number;
  /** Whether the server's answer had a body (in the recorded run). */
  hasBody: boolean;
}

/** What the server answered. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** The request that a fault happens to. */
export interface Exchange {
  /** Sends it to the server, as often as it is called. */
  forward(): Promise<Answer>;
  answer(status: number, body: string | Buffer, headers?: Record<string, string>): void;
  /** Gives the server's own answer. */
  pass(answer: Answer): void;
  /** Promises the whole answer, gives half of it, cuts the connection. */
  passHalf(answer: Answer): void;
  /** Cuts the connection. */
  cut(): void;
}

/** What a fault does to the proxy for later requests. */
export interface Control {
  /** Refuses connections for that long. */
  away(ms: number): Promise<void>;
  /** From now on the server takes no token that was sent until now. */
  withdrawTokens(): void;
  /** Every request from now on meets this. */
  always(act: (exchange: Exchange) => Promise<void>): void;
}

/** What happens at a position. */
export interface Armed {
  position: Position;
  act(exchange: Exchange, control: Control): Promise<void>;
}

/** A proxy on the loopback address in front of a Keycloak, which breaks one request of a run. */
export interface FaultProxy {
  /** The Keycloak's base URL through the proxy. */
  readonly url: string;
  /** Begins a run: forgets the last one; `realm` is the name that positions leave out. */
  begin(realm: string, armed?: Armed): Promise<void>;
  /** The requests of the run, in order. */
  positions(): Position[];
  /** Whether the armed position came. */
  wasHit(): boolean;
  /** Every token that the run sent or was given. */
  tokens(): string[];
  close(): Promise<void>;
}

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'host']);

/** `GET /admin/realms/{realm}/clients?first=0 #2` */
export function nameOf({ method, path, occurrence }: Position): string {
  return `${method} ${path}${occurrence > 1 ? ` #${occurrence}` : ''}`;
}

/** Starts a proxy in front of `target`. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const upstream = new URL(target);
  const agent = new Agent({ keepAlive: true });
  const sockets = new Set<Socket>();
  let run = newRun('', undefined);
  let server: Server = listen();
  await once(server, 0);
  const { port } = server.address() as AddressInfo;

  function listen(): Server {
    const made = createServer((incoming, response) => void handle(incoming, response));
    made.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    });
    return made;
  }

  function cutAll(): void {
    for (const socket of sockets) socket.resetAndDestroy();
  }

  async function away(ms: number): Promise<void> {
    const mine = run;
    const ended = new Promise((resolve) => server.close(resolve));
    cutAll();
    await ended;
    void sleep(ms, undefined, { ref: false }).then(async () => {
      if (mine === run) await back();
    });
  }

  async function back(): Promise<void> {
    if (server.listening) return;
    server = listen();
    await once(server, port);
  }

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(incoming).catch(() => undefined);
    if (body === undefined) return;
    const mine = run;
    const position = mine.arrive(incoming, upstream.pathname);
    const exchange = exchangeOf(incoming, response, body, mine, position);
    try {
      const act = mine.forever ?? (mine.hits(position) ? mine.armed?.act : undefined);
      if (act) await act(exchange, controlOf(mine));
      else exchange.pass(await exchange.forward());
    } catch (error) {
      // Only the test's own run counts; a request that it gave up has nobody to answer to.
      if (!response.destroyed && !response.writableEnded) response.writeHead(599).end(String(error));
    }
  }

  function controlOf(mine: Run): Control {
    return {
      away,
      withdrawTokens: () => {
        for (const token of mine.tokens) mine.withdrawn.add(token);
      },
      always: (act) => {
        mine.forever = act;
      },
    };
  }

  function exchangeOf(
    incoming: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
    mine: Run,
    position: Position,
  ): Exchange {
    const reply = (status: number, bytes: Buffer, headers: Record<string, string>) => {
      if (response.destroyed) return;
      response.writeHead(status, { ...headers, 'content-length': String(bytes.length) }).end(bytes);
    };
    return {
      forward: async () => {
        const answer = await send(upstream, agent, incoming, body, mine.withdrawn);
        position.hasBody = answer.body.length > 0;
        mine.learn(answer.body);
        return answer;
      },
      answer: (status, text, headers = {}) => reply(status, Buffer.from(text), headers),
      pass: ({ status, headers, body: bytes }) => reply(status, bytes, headers),
      passHalf: ({ status, headers, body: bytes }) => {
        response.writeHead(status, { ...headers, 'content-length': String(bytes.length) });
        response.write(bytes.subarray(0, bytes.length / 2), () => response.socket?.destroy());
      },
      cut: () => void response.socket?.resetAndDestroy(),
    };
  }

  return {
    url: `http://127.0.0.1:${port}${upstream.pathname.replace(/\/$/, '')}`,
    async begin(realm, armed) {
      run = newRun(realm, armed);
      await back();
    },
    positions: () => run.seen,
    wasHit: () => run.hit,
    tokens: () => [...run.tokens],
    close: async () => {
      cutAll();
      agent.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Run = ReturnType<typeof newRun>;

function newRun(realm: string, armed: Armed | undefined) {
  const counts = new Map<string, number>();
  const run = {
    armed,
    seen: [] as Position[],
    hit: false,
    tokens: new Set<string>(),
    withdrawn: new Set<string>(),
    forever: undefined as ((exchange: Exchange) => Promise<void>) | undefined,
    arrive(incoming: IncomingMessage, base: string): Position {
      const token = /^Bearer (.+)$/i.exec(incoming.headers.authorization ?? '')?.[1];
      if (token) run.tokens.add(token);
      const path = decodeURIComponent(incoming.url ?? '')
        .replace(base, '')
        .replaceAll(realm === '' ? '\0' : realm, '{realm}')
        .replaceAll(ID, '{id}')
        .replace(/dateFrom=\d+/, 'dateFrom={time}');
      const method = incoming.method ?? '';
      const occurrence = (counts.get(`${method} ${path}`) ?? 0) + 1;
      counts.set(`${method} ${path}`, occurrence);
      const position = { method, path, occurrence, hasBody: false };
      run.seen.push(position);
      return position;
    },
    hits(position: Position): boolean {
      if (run.hit || !run.armed || nameOf(position) !== nameOf(run.armed.position)) return false;
      run.hit = true;
      return true;
    },
    learn(body: Buffer): void {
      for (const [, token] of body.toString('utf8').matchAll(/"(?:access|refresh|id)_token":"([^"]+)"/g))
        if (token) run.tokens.add(token);
    },
  };
  return run;
}

function once(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve());
  });
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function send(
  upstream: URL,
  agent: Agent,
  incoming: IncomingMessage,
  body: Buffer,
  withdrawn: ReadonlySet<string>,
): Promise<Answer> {
  const headers: Record<string, string> = { 'content-length': String(body.length) };
  for (const [name, value] of Object.entries(incoming.headers))
    if (typeof value === 'string' && !HOP.has(name)) headers[name] = value;
  const token = headers.authorization?.replace(/^Bearer /i, '');
  if (token !== undefined && withdrawn.has(token)) headers.authorization = 'Bearer withdrawn';
  const { hostname, port } = upstream;
  return new Promise((resolve, reject) => {
    const { method, url: path } = incoming;
    request({ hostname, port, method, path, headers, agent }, (response) => {
      bodyOf(response).then((bytes) => {
        const kept = Object.entries(response.headers).filter(([name]) => !HOP.has(name));
        const plain = Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
        resolve({ status: response.statusCode ?? 0, headers: plain, body: bytes });
      }, reject);
    })
      .on('error', reject)
      .end(body);
  });
}
