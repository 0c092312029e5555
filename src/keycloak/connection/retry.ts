import { McpkcError } from '../../errors.ts';
import { retryAfterMs, statusOf } from './failures.ts';
import { isNeverSent, networkCode } from './network.ts';

/**
 * The way in which a request may be repeated. `read` and `replace` (a PUT or DELETE with the same content each time):
 * after any passing failure, a `read` after a 500, too. `create` (a POST): only where it certainly did nothing, so after
 * connection refused, or 429.
 */
export type Repeatable = 'read' | 'replace' | 'create';

const ATTEMPTS = 5;
/**
 * A read that Keycloak answers with 500 while something else is written (a role half in its cache, a store that failed
 * for a moment; 26.7.4) is answered well the next time. One that never is has its failure after 0.6 s.
 */
const ATTEMPTS_AT_500 = 3;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 20_000;
/** All attempts and waits for one request together; then its failure is the answer. */
const BUDGET_MS = 60_000;

/** The means of waiting: the clock and a sleep that ends when the run is interrupted. */
export interface Waiting {
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  signal: AbortSignal;
  /** From 0 to 1, for tests; else by chance. */
  random?(): number;
}

/**
 * Sends, and sends again after a passing failure: 5 attempts within a minute. Waits double from 0.2 s, or are as long
 * as Retry-After asks. Each wait is spread by chance, up to half as long again, so that many runs that were refused
 * together don't come back together.
 */
export async function withRetries<T>(how: Repeatable, send: () => Promise<T>, waiting: Waiting): Promise<T> {
  const until = waiting.now() + BUDGET_MS;
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      if (waiting.signal.aborted) throw waiting.signal.reason;
      if (attempt >= attemptsAt(error, how) || !passing(error, how)) throw error;
      const least = retryAfterMs(error, waiting.now()) ?? FIRST_WAIT_MS * 2 ** (attempt - 1);
      if (least > LONGEST_WAIT_MS) throw error;
      const wait = Math.round(least * (1 + (waiting.random ?? Math.random)() / 2));
      if (waiting.now() + wait > until) throw error;
      await waiting.sleep(wait, waiting.signal);
    }
  }
}

function attemptsAt(error: unknown, how: Repeatable): number {
  return how === 'read' && statusOf(error) === 500 ? ATTEMPTS_AT_500 : ATTEMPTS;
}

function passing(error: unknown, how: Repeatable): boolean {
  if (error instanceof McpkcError) return false;
  const status = statusOf(error);
  if (status === 500) return how === 'read';
  if (status !== undefined) return status === 429 || (how !== 'create' && status >= 502 && status <= 504);
  const code = networkCode(error);
  if (isNeverSent(code)) return code !== 'ENOTFOUND';
  return how !== 'create' && (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET' || code === 'EPIPE');
}
