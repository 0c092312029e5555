/** Where on its way a connector was stopped. */
export type Stage =
  | 'challenge'
  | 'resource-metadata'
  | 'server-metadata'
  | 'registration'
  | 'authorization'
  | 'sign-in'
  | 'consent'
  | 'token'
  | 'refresh'
  | 'mcp';

/** A server's no, as data: connectors throw for nothing that a server says. */
export interface Failure {
  readonly ok: false;
  readonly stage: Stage;
  /** The HTTP status that stopped it; 0 when nobody answered. */
  readonly status: number;
  /** The protocol's error code (`invalid_scope`), or a word of mcpkc where the protocol has none. */
  readonly error: string;
  readonly description: string;
}

export type Outcome<T> = ({ readonly ok: true } & T) | Failure;

export type Fetch = typeof globalThis.fetch;

/** One HTTP answer, read to its end. */
export interface Answer {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body where it is JSON, or the last JSON-RPC message of an event stream; `undefined` otherwise. */
  readonly json: unknown;
}

/** Makes a failure. */
export function fail(stage: Stage, status: number, error: string, description: string): Failure {
  return { ok: false, stage, status, error, description };
}

/** Makes a failure from an OAuth error answer, or from whatever else came. */
export function failFrom(stage: Stage, answer: Answer): Failure {
  const body = record(answer.json);
  const code = typeof body.error === 'string' ? body.error : undefined;
  const fallback = answer.status === 0 ? 'network_error' : `http_${answer.status}`;
  const description = typeof body.error_description === 'string' ? body.error_description : undefined;
  return fail(stage, answer.status, code ?? fallback, description ?? answer.text.slice(0, 500));
}

const PATIENCE_MS = 30_000;

/** Sends a request without following redirects; a server that can't be reached is status 0. */
export async function ask(fetch: Fetch, url: string | URL, init: RequestInit = {}): Promise<Answer> {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await fetch(url, { redirect: 'manual', signal, ...init });
    const text = await response.text();
    const json = parse(response.headers.get('content-type') ?? '', text);
    return { url: String(url), status: response.status, headers: response.headers, text, json };
  } catch (error) {
    return { url: String(url), status: 0, headers: new Headers(), text: reason(error), json: undefined };
  }
}

/** The value as an object to look into; anything else is an empty one. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function parse(contentType: string, text: string): unknown {
  const isStream = contentType.startsWith('text/event-stream');
  const source = isStream
    ? text
        .split(/\r?\n/)
        .filter((line) => line.startsWith('data:'))
        .at(-1)
        ?.slice(5)
    : text;
  try {
    return JSON.parse(source ?? '');
  } catch {
    return undefined;
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
