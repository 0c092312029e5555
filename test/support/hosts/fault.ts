/** A fault: one way of being wrong, as a small function between the client and a host that is right. */
import type { Env } from './good.ts';

export interface FaultRequest {
  method: string;
  /** Without the query. */
  path: string;
  /** With its question mark, or empty. */
  query: string;
  headers: Headers;
  body: string;
}

/** Hands the request, changed or not, to the good host. `env` picks one that is configured differently. */
export type Pass = (request: FaultRequest, env?: Env) => Promise<Response>;

/** What a fault may need to know about the host that it spoils. */
export interface Facts {
  origin: string;
  url: string;
  issuer: string;
}

export type Fault = (request: FaultRequest, pass: Pass, facts: Facts) => Response | Promise<Response>;

export interface Knob {
  /** What is wrong, as a sentence about the host. */
  message: string;
  /** The checks that it breaks on its own; those that need them are not run. Empty: it must not break any. */
  breaks: readonly string[];
  fault: Fault;
}

/** Thrown by a fault that cuts the connection instead of answering. */
export class ConnectionReset extends Error {}

export const PLACES = {
  endpoint: '/mcp',
  prmRoot: '/.well-known/oauth-protected-resource',
  prmPath: '/.well-known/oauth-protected-resource/mcp',
  manifest: '/.well-known/mcp/manifest.json',
};

export const isPrm = (request: FaultRequest) => request.path.startsWith(PLACES.prmRoot);
export const isManifest = (request: FaultRequest) => request.path === PLACES.manifest;
export const isIssuerPlace = (request: FaultRequest) =>
  /oauth-authorization-server|openid-configuration/.test(request.path);
export const isEndpoint = (request: FaultRequest) => request.path === PLACES.endpoint;

/** Applies the fault where `where` says so, and leaves everything else alone. */
export function only(where: (request: FaultRequest) => boolean, fault: Fault): Fault {
  return (request, pass, facts) => (where(request) ? fault(request, pass, facts) : pass(request));
}

/** The JSON-RPC method of a request, if it is one. */
export function rpcMethod(request: FaultRequest): string | undefined {
  return (rpcBody(request) as { method?: string } | undefined)?.method;
}

export function rpcBody(request: FaultRequest): Record<string, unknown> | undefined {
  try {
    return JSON.parse(request.body) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

export function bearer(request: FaultRequest): string | undefined {
  return /^Bearer +(.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
}

/** The request with other headers; `undefined` takes one away. */
export function withHeaders(
  request: FaultRequest,
  changes: Record<string, string | undefined>,
): FaultRequest {
  return { ...request, headers: headersWith(request.headers, changes) };
}

/** The response with other headers; `undefined` takes one away. */
export function reheaded(response: Response, changes: Record<string, string | undefined>): Response {
  return new Response(response.body, {
    status: response.status,
    headers: headersWith(response.headers, changes),
  });
}

/** The response with its JSON edited. */
export async function rewritten(
  response: Response,
  edit: (document: Record<string, unknown>) => unknown,
): Promise<Response> {
  const document = edit((await response.json()) as Record<string, unknown>);
  const headers = headersWith(response.headers, { 'content-length': undefined, etag: undefined });
  return new Response(JSON.stringify(document), { status: response.status, headers });
}

export function html(status: number): Response {
  const page = '<!doctype html><title>Sign in</title><h1>Please sign in</h1>';
  return new Response(page, { status, headers: { 'content-type': 'text/html; charset=utf-8' } });
}

export function json(status: number, body: unknown): Response {
  return Response.json(body, { status });
}

/** A copy with some headers set; `undefined` takes one away. */
export function headersWith(headers: Headers, changes: Record<string, string | undefined>): Headers {
  const copy = new Headers(headers);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) copy.delete(name);
    else copy.set(name, value);
  }
  return copy;
}
