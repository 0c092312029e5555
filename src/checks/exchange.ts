/** The reason why there is no answer, or only a part of one. */
export interface ExchangeProblem {
  kind: 'refused' | 'timeout' | 'tls' | 'network' | 'too-long' | 'cut';
  /** A sentence without the URL. */
  message: string;
}

/** The fix of a certificate that is not trusted here; `which` names it: `the MCP server’s certificate`. */
export function certificateFix(which: string): string {
  return `Fix ${which}. Where a private authority issued it: --ca-file with that authority’s certificate (products need it, too).`;
}

/** One request of a run and its answer, as it came: it may hold secrets, so it is shown through `showExchange`. */
export interface Exchange {
  /** Sent as `X-Request-Id`. */
  id: string;
  method: string;
  url: string;
  to: 'mcp-server' | 'keycloak';
  /** Milliseconds since the epoch, and how long it took. */
  at: number;
  ms: number;
  /** Headers that were set, and the body as text. */
  sent: { headers: Readonly<Record<string, string>>; body: string | undefined };
  /** Undefined where nobody answered. */
  status: number | undefined;
  headers: Headers;
  /** The body, at most a mebibyte. */
  text: string;
  /** The body where it is JSON. */
  json: unknown;
  problem: ExchangeProblem | undefined;
}

/** The value as an object to look into; anything else is an empty one. */
export function toObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** The strings of a list; empty for anything else. */
export function listStrings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

/** Whether the body is a JSON object that arrived whole. */
export function isDocument(exchange: Exchange | undefined): exchange is Exchange {
  const { json, problem } = exchange ?? {};
  return problem === undefined && typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** Whether the body is a page for people, whatever it calls itself. */
export function isPage({ headers, text }: Exchange): boolean {
  return headers.get('content-type')?.includes('html') === true || /^\s*<(!doctype|html)/i.test(text);
}

/** The answer in a few words: "401", "200 with a page instead of JSON", "no answer: …". */
export function outcomeOf(exchange: Exchange): string {
  const { status, problem } = exchange;
  if (status === undefined) return `no answer (${problem?.message ?? 'unknown'})`;
  const location = exchange.headers.get('location');
  const where = status >= 300 && status < 400 && location ? ` to ${location}` : '';
  if (problem) return `${status}${where}, and ${problem.message}`;
  return isPage(exchange) ? `${status}${where} with a page` : `${status}${where}`;
}
