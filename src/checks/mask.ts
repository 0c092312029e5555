import { visibleLines } from '../text.ts';
import type { Exchange } from './exchange.ts';

/** Headers of answers that a check may have looked at. */
const TELLING = [
  'content-type',
  'www-authenticate',
  'location',
  'allow',
  'age',
  'cache-control',
  'cf-cache-status',
  'mcp-session-id',
  'retry-after',
  'x-request-id',
  'access-control-allow-origin',
  'access-control-allow-methods',
  'access-control-allow-headers',
];

const MOST_BODY = 600;
const MOST_HEADER = 400;
const JWT = /\beyJ[\w-]{5,}(?:\.[\w-]+){1,4}/g;
const SECRET_FIELD =
  /("(?:client_secret|access_token|refresh_token|id_token|registration_access_token|code)"\s*:\s*")[^"]*/g;
const SECRET_PARAMETER =
  /\b((?:access_token|refresh_token|id_token|code|client_secret|code_verifier|session_state|assertion)=)[^&\s"]+/g;

/** The secrets of a run: everything that is shown goes through `clean`, even text that an MCP server echoes. */
export class Secrets {
  readonly #known = new Set<string>();

  /** Shorter ones are no secrets, and would tear holes into everything. */
  keep(secret: string | undefined): void {
    if (secret !== undefined && secret.length >= 8) this.#known.add(secret);
  }

  /** The text without secrets, tokens, codes, and with control characters made visible. */
  clean(text: string): string {
    let shown = text;
    for (const secret of this.#known) {
      shown = shown.replaceAll(secret, '***').replaceAll(encodeURIComponent(secret), '***');
    }
    shown = shown.replace(JWT, '***').replace(SECRET_FIELD, '$1***').replace(SECRET_PARAMETER, '$1***');
    return visibleLines(shown);
  }
}

/** An exchange for the document. */
export interface ShownExchange {
  requestId: string;
  request: string;
  status: number | null;
  ms: number;
  headers: Record<string, string>;
  body: string;
  problem: string | null;
}

/**
 * The part of an exchange that may be shown: request line, status, the headers that matter, the beginning of the body.
 */
export function showExchange(exchange: Exchange, secrets: Secrets): ShownExchange {
  const { id, method, url, status, ms, headers, text, problem } = exchange;
  const clean = (value: string, most: number) => cut(secrets.clean(value.slice(0, most * 2)), most);
  const telling = TELLING.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, clean(value, MOST_HEADER)] as const];
  });
  return {
    requestId: id,
    request: `${method} ${clean(url, MOST_HEADER)}`,
    status: status ?? null,
    ms,
    headers: Object.fromEntries(telling),
    body: clean(text, MOST_BODY),
    problem: problem === undefined ? null : secrets.clean(problem.message),
  };
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
