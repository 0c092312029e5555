/** From what passed a tap to a recording: what varies from run to run becomes a placeholder. */
import { bearerParameters } from '../../support/connectors/discovery.ts';
import { record } from '../../support/connectors/outcome.ts';
import { claimsOf } from '../../support/connectors/tokens.ts';
import type { RecordedRun, RequestKind, SentRequest, Situation } from '../recording.ts';
import type { Passed } from './tap.ts';

/** Where the run took place, and which port its product doesn't pick. */
export interface Place {
  readonly mcpUrl: string;
  readonly issuer: string;
  readonly fixedPort?: number | undefined;
}

/** Headers that a server or a proxy may act upon. */
const HEADERS = [
  'accept',
  'authorization',
  'content-type',
  'mcp-method',
  'mcp-name',
  'mcp-protocol-version',
  'origin',
  'sec-fetch-mode',
  'user-agent',
];

/** The run as a recording keeps it, from the first request to the first MCP request that a token opened. */
export function recordedRun(passed: readonly Passed[], place: Place): RecordedRun {
  const sent = passed
    .map((one) => ({ one, kind: kindOf(one, place) }))
    .filter((found): found is { one: Passed; kind: RequestKind } => found.kind !== undefined);
  const opened = sent.findIndex(
    ({ one, kind }) => kind === 'mcp' && one.headers.authorization !== undefined && one.status < 300,
  );
  const kept = opened < 0 ? sent : sent.slice(0, opened + 1);
  const names = placeholders(kept, place);
  return {
    met: situationOf(passed, place),
    requests: kept.map(({ one, kind }) => sentRequest(one, kind, names)),
  };
}

/** What a request of the product is; undefined for the browser's pages and the recorder's own requests. */
export function kindOf(one: Passed, { mcpUrl, issuer }: Place): RequestKind | undefined {
  const url = new URL(one.path, one.origin);
  const kind = kindOfPath(url, mcpUrl, issuer);
  // The browser opens the product's authorization URL; whatever else is the recorder's own is not the product's.
  if (kind === 'authorization') return url.searchParams.has('client_id') ? kind : undefined;
  return one.own || one.method === 'OPTIONS' ? undefined : kind;
}

function kindOfPath(url: URL, mcpUrl: string, issuer: string): RequestKind | undefined {
  const { pathname } = url;
  if (pathname.includes('/.well-known/oauth-protected-resource')) return 'resource-metadata';
  if (pathname.includes('/.well-known/')) return 'server-metadata';
  if (`${url.origin}${pathname}` === mcpUrl) return 'mcp';
  if (!`${url.origin}${pathname}`.startsWith(issuer)) return undefined;
  if (pathname.includes('/clients-registrations/')) return 'registration';
  if (pathname.endsWith('/protocol/openid-connect/auth')) return 'authorization';
  return pathname.endsWith('/protocol/openid-connect/token') ? 'token' : undefined;
}

/** Placeholders in the order in which they are put in; longer texts before those that they hold. */
function placeholders(
  sent: readonly { one: Passed; kind: RequestKind }[],
  { mcpUrl, issuer, fixedPort }: Place,
): [string, string][] {
  const found = new Map<string, string>();
  const add = (text: unknown, name: string) => {
    if (typeof text === 'string' && text.length > 3 && !found.has(text)) found.set(text, name);
  };
  const mcpOrigin = new URL(mcpUrl).origin;
  const keycloakOrigin = new URL(issuer).origin;
  const clients = sent.filter(({ kind, one }) => kind === 'registration' && one.status === 201);
  for (const [index, { one }] of clients.entries()) {
    const number = clients.length > 1 ? `:${index + 1}` : '';
    const answer = parsed(one.answer);
    add(answer.client_secret, `{client_secret${number}}`);
    add(answer.client_id, `{client_id${number}}`);
  }
  const confidential = [...found.values()].some((name) => name.startsWith('{client_secret'));
  for (const { one } of sent.filter(({ kind }) => kind === 'authorization')) {
    const query = new URL(one.path, one.origin).searchParams;
    add(query.get('code_challenge'), '{code_challenge}');
    add(query.get('state'), '{state}');
    add(query.get('nonce'), '{nonce}');
    const port = URL.parse(query.get('redirect_uri') ?? '')?.port;
    if (port && Number(port) !== fixedPort) add(`:${port}/`, ':<port>/');
  }
  for (const { one } of sent.filter(({ kind }) => kind === 'token')) {
    const form = new URLSearchParams(one.body);
    add(form.get('code'), '{code}');
    add(form.get('code_verifier'), '{code_verifier}');
    const { access_token: access, refresh_token: refresh } = parsed(one.answer);
    add(access, '{access_token}');
    add(refresh, '{refresh_token}');
    const basic = /^Basic (.*)$/i.exec(one.headers.authorization ?? '')?.[1];
    add(basic, confidential ? 'base64({client_id}:{client_secret})' : 'base64({client_id}:)');
  }
  const listed = parsed(
    sent.find(({ kind, one }) => kind === 'server-metadata' && one.status === 200)?.one.answer ?? '',
  ).scopes_supported;
  // Keycloak lists them in another order in each realm.
  if (Array.isArray(listed)) add(listed.join(' '), '{issuer_scopes}');
  const ordered = [...found].sort(([a], [b]) => b.length - a.length);
  return [
    ...ordered,
    [mcpUrl, '{mcp}'],
    [encodeURIComponent(mcpUrl), '{mcp}'],
    [issuer, '{issuer}'],
    [mcpOrigin, '{mcp-origin}'],
    [keycloakOrigin, '{keycloak-origin}'],
    [new URL(issuer).pathname, '{issuer-path}'],
  ];
}

function sentRequest(one: Passed, kind: RequestKind, names: readonly [string, string][]): SentRequest {
  const name = (text: string) => names.reduce((rest, [from, to]) => rest.replaceAll(from, to), text);
  const nameAll = (value: unknown): unknown => {
    if (typeof value === 'string') return name(value);
    if (Array.isArray(value)) return value.map(nameAll);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, nameAll(inner)]));
  };
  const url = new URL(one.path, one.origin);
  const query = Object.fromEntries(url.searchParams);
  const body = kind === 'authorization' ? query : bodyOf(one);
  const headers = HEADERS.flatMap((header) => {
    const value = one.headers[header];
    return kind === 'authorization' || value === undefined ? [] : [[header, name(String(value))]];
  });
  return {
    kind,
    method: one.method,
    url: name(kind === 'authorization' ? `${url.origin}${url.pathname}` : `${url.origin}${one.path}`),
    headers: Object.fromEntries(headers),
    ...(body === undefined ? {} : { body: nameAll(body) }),
    status: one.status,
  };
}

function bodyOf({ body, headers }: Passed): unknown {
  if (body === '') return undefined;
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    const { scope, ...form } = Object.fromEntries(new URLSearchParams(body));
    // Who asks with a token's own scopes has them in Keycloak's order, another for each realm.
    return scope === undefined ? form : { ...form, scope: scope.split(' ').sort().join(' ') };
  }
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return record(JSON.parse(text));
  } catch {
    return {};
  }
}

/** What the product's scopes may have come from. */
export function situationOf(passed: readonly Passed[], place: Place): Situation {
  const answered = (kind: RequestKind) =>
    passed.filter((one) => kindOfPath(new URL(one.path, one.origin), place.mcpUrl, place.issuer) === kind);
  const ok = (one: Passed | undefined) => parsed(one?.answer ?? '');
  const challenge = answered('mcp').find(({ status }) => status === 401);
  const resource = ok(answered('resource-metadata').find(({ status }) => status === 200)).scopes_supported;
  const issuer = ok(answered('server-metadata').find(({ status }) => status === 200)).scopes_supported;
  const registered = ok(answered('registration').findLast(({ status }) => status === 201)).scope;
  const header = challenge?.answerHeaders['www-authenticate'] ?? null;
  return {
    challengeScope: bearerParameters(header).scope ?? null,
    resourceScopes: Array.isArray(resource) ? resource.map(String) : null,
    // Keycloak lists them in an order of its own, another for each realm.
    issuerScopes: Array.isArray(issuer) ? issuer.map(String).sort() : [],
    registeredScope: typeof registered === 'string' ? registered.split(' ').sort().join(' ') : null,
  };
}

/** How far a run came: the first refusal after which nothing worked any more, or the audiences of the last token. */
export interface Reached {
  readonly stage: 'nothing' | 'registration' | 'authorization' | 'token' | 'mcp' | 'connected';
  readonly status: number;
  readonly error?: string | undefined;
  readonly audiences: readonly string[];
  /** Where the MCP server refused its token: what the product was refused on its way to another one. */
  readonly afterwards?: string | undefined;
}

/** Reads from the wire how far the product came. */
export function reached(passed: readonly Passed[], place: Place): Reached {
  const of = (kind: RequestKind) => passed.filter((one) => kindOf(one, place) === kind);
  const token = of('token').at(-1);
  const audiences = token?.status === 200 ? audiencesOf(String(parsed(token.answer).access_token)) : [];
  const authorized = of('mcp').filter(({ headers }) => headers.authorization !== undefined);
  if (authorized.some(({ status }) => status < 300)) return { stage: 'connected', status: 200, audiences };
  const [refused] = authorized;
  if (refused) {
    const last = afterRefusal(passed, place)
      .filter(({ status }) => status >= 400)
      .at(-1);
    return {
      stage: 'mcp',
      status: refused.status,
      error: errorOf(refused),
      audiences: audiencesOf(bearerOf(refused)),
      afterwards: last && `${kindOf(last, place)}: ${errorOf(last) ?? last.status}`,
    };
  }
  if (token) return { stage: 'token', status: token.status, error: errorOf(token), audiences };
  const asked = of('authorization').at(-1);
  if (asked) return { stage: 'authorization', status: asked.status, error: redirectError(asked), audiences };
  const registration = of('registration').at(-1);
  if (!registration) return { stage: 'nothing', status: 0, audiences };
  const { status } = registration;
  return { stage: 'registration', status, error: errorOf(registration), audiences };
}

/** What the product asked of the realm after the MCP server had refused its token for the first time. */
function afterRefusal(passed: readonly Passed[], place: Place): readonly Passed[] {
  const refusal = passed.findIndex(
    (one) => kindOf(one, place) === 'mcp' && one.headers.authorization !== undefined && one.status >= 400,
  );
  if (refusal < 0) return [];
  return passed
    .slice(refusal + 1)
    .filter((one) => ['registration', 'authorization', 'token'].includes(kindOf(one, place) ?? ''));
}

/**
 * The same as a recording keeps it, with the names of the whole run: each request once, in the order of its first time.
 * How often a product tries hangs on the moment.
 */
export function recordedRefusal(passed: readonly Passed[], place: Place): readonly SentRequest[] {
  const sent = passed
    .map((one) => ({ one, kind: kindOf(one, place) }))
    .filter((found): found is { one: Passed; kind: RequestKind } => found.kind !== undefined);
  const names = placeholders(sent, place);
  const asked = afterRefusal(passed, place).flatMap((one) => {
    const kind = kindOf(one, place);
    return kind === undefined ? [] : [sentRequest(one, kind, names)];
  });
  return [...new Map(asked.map((one) => [JSON.stringify(one), one])).values()];
}

function bearerOf({ headers }: Passed): string {
  return headers.authorization?.replace(/^Bearer /i, '') ?? '';
}

function audiencesOf(token: string): readonly string[] {
  return [claimsOf(token).aud ?? []].flat().map(String);
}

function errorOf(one: Passed): string | undefined {
  const error =
    parsed(one.answer).error ?? bearerParameters(one.answerHeaders['www-authenticate'] ?? null).error;
  return typeof error === 'string' ? error : undefined;
}

function redirectError(one: Passed): string | undefined {
  const target = URL.parse(one.answerHeaders.location ?? '', one.origin);
  return target?.searchParams.get('error') ?? undefined;
}
