// biome-ignore-all lint/style/noRestrictedGlobals: the recorder is what sends the probes, and it times them.
import { lookup } from 'node:dns/promises';
import { networkCode, TLS_PROBLEMS } from '../keycloak/connection/failures.ts';
import { VERSION } from '../version.ts';
import type { Exchange, ExchangeProblem } from './exchange.ts';
import { judgeTarget, type LookUp } from './guard.ts';
import { Secrets } from './mask.ts';
import { readBody } from './read-body.ts';

/** The parts of a request beside its URL. */
export interface Sending {
  method?: string;
  to: Exchange['to'];
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Whether the URL is the operator's own, not one that a server named: it is not looked at. */
  own?: boolean;
  /** Stops reading the body here: an event stream need not end. */
  enough?: (text: string) => boolean;
  /** An event stream need not send anything: it is not read at all. */
  onlyOpens?: boolean;
  /** Runs on when the run is aborted: a thing that it makes has to be known, to be removed. */
  detached?: boolean;
}

/** The parts that the recorder works with. */
export interface RecorderSetup {
  runId: string;
  now(): number;
  signal: AbortSignal;
  timeoutMs: number;
  dispatcher?: RequestInit['dispatcher'];
  /** Looks names up; null where a proxy does that, so that nobody here knows where they lead. */
  lookUp?: LookUp | null;
  /** Carries a request to these addresses alone, whatever the name leads to by then. */
  pin?(addresses: readonly string[]): Promise<Pinned>;
}

/** A way to fixed addresses, for one request. */
export interface Pinned {
  dispatcher: NonNullable<RequestInit['dispatcher']>;
  close(): Promise<void>;
}

const MOST_REDIRECTS = 3;
const NEVER = () => false;

/**
 * Sends the requests of a run and keeps each with its answer. A request carries an id of the run and a User-Agent, and
 * ends after a time-out. It follows no redirect on its own, and asks no address that a client must not be sent to.
 * Nothing that a server does makes it throw.
 */
export class Recorder {
  readonly exchanges: Exchange[] = [];
  readonly secrets = new Secrets();
  readonly #setup: RecorderSetup;
  readonly #lookUp: LookUp | undefined;
  #publicOnly = false;
  readonly #known = new Set<string>();
  #sent = 0;

  constructor(setup: RecorderSetup) {
    this.#setup = setup;
    const inquire: LookUp = async (name) => (await lookup(name, { all: true })).map(({ address }) => address);
    this.#lookUp = setup.lookUp === null ? undefined : (setup.lookUp ?? inquire);
  }

  /** The function that looks names up here; undefined where a proxy does it. */
  get lookUp(): LookUp | undefined {
    return this.#lookUp;
  }

  /** Restricts requests from now on: to public addresses, and to these origins, the operator's own. */
  keepToPublic(origins: Iterable<string>): void {
    this.#publicOnly = true;
    for (const origin of origins) this.#known.add(origin);
  }

  /** The verdict on a URL that a server named: where it may be fetched from, or why it may not be. */
  judge(url: string) {
    const origin = URL.parse(url)?.origin;
    const publicOnly = this.#publicOnly && !(origin !== undefined && this.#known.has(origin));
    return judgeTarget(url, this.#lookUp, { publicOnly });
  }

  /** Rejects with the run's reason where it was aborted. */
  throwIfAborted(): void {
    this.#setup.signal.throwIfAborted();
  }

  /** One request, one answer. Rejects only where the run was aborted. */
  async send(url: string, sending: Sending): Promise<Exchange> {
    const { signal, now, runId } = this.#setup;
    if (!sending.detached) signal.throwIfAborted();
    this.#sent += 1;
    const headers = { ...sending.headers };
    const exchange: Exchange = {
      id: `mcpkc-${runId}-${this.#sent}`,
      method: sending.method ?? 'GET',
      url,
      to: sending.to,
      at: now(),
      ms: 0,
      sent: { headers, body: sending.body },
      status: undefined,
      headers: new Headers(),
      text: '',
      json: undefined,
      problem: undefined,
    };
    this.exchanges.push(exchange);
    const { why, addresses } = sending.own ? { why: undefined, addresses: [] } : await this.judge(url);
    if (why !== undefined) exchange.problem = { kind: 'refused', message: `it is not asked: ${why}` };
    else await this.#fetch(exchange, sending, addresses);
    if (!sending.detached) signal.throwIfAborted();
    return exchange;
  }

  /** A GET that follows redirects, each looked at and kept; returns the last. A loop ends in a redirect. */
  async get(url: string, sending: Sending): Promise<Exchange> {
    let exchange = await this.send(url, sending);
    for (let hop = 0; hop < MOST_REDIRECTS; hop++) {
      const location = exchange.headers.get('location');
      const { status = 0 } = exchange;
      if (status < 300 || status > 399 || location === null) return exchange;
      const target = URL.parse(location, exchange.url);
      if (!target) return exchange;
      const next = await this.send(target.href, { ...sending, own: false });
      if (next.problem?.kind === 'refused') {
        exchange.problem = {
          kind: 'refused',
          message: `it redirects to ${target.href}, which ${next.problem.message.replace('it is', 'is')}`,
        };
        return exchange;
      }
      exchange = next;
    }
    return exchange;
  }

  async #fetch(exchange: Exchange, sending: Sending, addresses: readonly string[]): Promise<void> {
    const { signal, timeoutMs } = this.#setup;
    const pinned = addresses.length === 0 ? undefined : await this.#setup.pin?.(addresses);
    const dispatcher = pinned?.dispatcher ?? this.#setup.dispatcher;
    // biome-ignore lint/plugin/clock: the recorder is what sends the probes, and it times them.
    const limit = AbortSignal.timeout(timeoutMs);
    const started = performance.now();
    let answered = false;
    try {
      const response = await fetch(exchange.url, {
        method: exchange.method,
        headers: {
          'user-agent': `mcpkc/${VERSION} (validate)`,
          'x-request-id': exchange.id,
          ...exchange.sent.headers,
        },
        redirect: 'manual',
        signal: sending.detached ? limit : AbortSignal.any([signal, limit]),
        ...(exchange.sent.body === undefined ? {} : { body: exchange.sent.body }),
        ...(dispatcher === undefined ? {} : { dispatcher }),
      });
      answered = true;
      exchange.status = response.status;
      exchange.headers = response.headers;
      const endless = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
      if (sending.onlyOpens && endless) return void response.body?.cancel().catch(() => {});
      Object.assign(exchange, await readBody(response, sending.enough ?? NEVER));
      exchange.json = parsed(exchange.text);
    } catch (error) {
      exchange.problem = problemOf(error, answered, timeoutMs);
    } finally {
      exchange.ms = Math.round(performance.now() - started);
      void pinned?.close().catch(() => {});
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the host’s name can’t be looked up now',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  BAD_PORT: 'Node’s fetch refuses this port (WHATWG Fetch, port blocking)',
};

/** A failed request in words; never throws, since a server may break the protocol in ways that nobody listed. */
function problemOf(error: unknown, answered: boolean, timeoutMs: number): ExchangeProblem {
  const code = networkCode(error) ?? (error instanceof Error ? error.name : String(error));
  if (code === 'TIMEOUT') {
    const time = timeoutMs >= 1000 ? `${Math.round(timeoutMs / 100) / 10} s` : `${timeoutMs} ms`;
    return {
      kind: 'timeout',
      message: answered ? `its body did not end within ${time}` : `nothing came within ${time}`,
    };
  }
  const tls = TLS_PROBLEMS[code];
  if (tls !== undefined) return { kind: 'tls', message: `TLS: ${tls}` };
  if (/^(CERT_|ERR_SSL|ERR_TLS)/.test(code)) return { kind: 'tls', message: `TLS: ${code}` };
  if (answered) return { kind: 'cut', message: 'its body broke off in the middle' };
  return { kind: 'network', message: NETWORK[code] ?? `the request failed (${code})` };
}
