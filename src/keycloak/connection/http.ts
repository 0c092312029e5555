// biome-ignore-all lint/style/noRestrictedGlobals: requests are timed and limited here.
// biome-ignore-all lint/style/noRestrictedImports: requests are timed and limited here.

import { randomBytes } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Dispatcher } from 'undici';
import type { Io } from '../../cli/io.ts';
import { readNamed } from '../../cli/named-files.ts';
import { type Config, optionOf } from '../../config/config.ts';
import { McpkcError } from '../../errors.ts';
import { isLoopback } from '../../names/loopback.ts';
import { visible } from '../../text.ts';
import { isUnknownAuthority } from './network.ts';

/** A run's place in a trace (W3C Trace Context): what joins its requests, its errors and the servers' logs. */
export interface Trace {
  /** 32 hexadecimal digits. */
  id: string;
  /** Two hexadecimal digits: whether the caller records the trace. */
  flags: string;
}

/** The trace that the environment names (TRACEPARENT, as OpenTelemetry hands it to child processes), else a new one. */
export function newTrace(traceparent: string | undefined): Trace {
  const [, id, flags] = /^00-([\da-f]{32})-[\da-f]{16}-([\da-f]{2})$/.exec(traceparent ?? '') ?? [];
  // All zeros are invalid (W3C Trace Context §3.2.2.3).
  if (id !== undefined && flags !== undefined && !/^0+$/.test(id)) return { id, flags };
  return { id: randomBytes(16).toString('hex'), flags: '01' };
}

function traceparentOf({ id, flags }: Trace): string {
  return `00-${id}-${randomBytes(8).toString('hex')}-${flags}`;
}

/** Options that every request of a run shares; spread into `fetch`'s init, a fresh time-out each time. */
export interface RequestOptions {
  readonly signal: AbortSignal;
  /** `traceparent` (W3C Trace Context) with a span of its own for each request. */
  readonly headers: Record<string, string>;
  /** Never followed: a token or a password goes to the server that was named and nowhere else. */
  readonly redirect: 'manual';
  readonly dispatcher?: NonNullable<RequestInit['dispatcher']>;
}

/**
 * The options for requests that end with `signal` or after `timeoutMs`. The getter is on purpose: the admin client
 * spreads the object for each request, and a time-out has to start then.
 */
export function requestOptions(
  timeoutMs: number,
  signal: AbortSignal,
  dispatcher?: RequestInit['dispatcher'],
  trace: Trace = newTrace(undefined),
): RequestOptions {
  return {
    get headers() {
      return { traceparent: traceparentOf(trace) };
    },
    get signal() {
      // biome-ignore lint/plugin/clock: requests are timed and limited here.
      return AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    },
    redirect: 'manual',
    ...(dispatcher === undefined ? {} : { dispatcher }),
  };
}

type Dispatching = Promise<RequestInit['dispatcher']>;
/** The dispatchers of a run: one for each list of authorities and each set of proxies. */
const dispatchers = new WeakMap<Io, Map<string, Dispatching>>();

/**
 * The dispatcher of requests that Node's own `fetch` doesn't carry: through the proxy of HTTPS_PROXY, HTTP_PROXY,
 * NO_PROXY, and with a private certificate authority. Undefined where neither is asked for, so undici isn't loaded.
 * A run has one for each such way, so that its connections, and an administrator's sign-in, are shared.
 * Requests to this machine never take the proxy: they may carry a secret in the clear, and the proxy's loopback is
 * another one. `system`: trusts the system's authorities, too. Reading them takes 50 ms and more, so that is for a
 * server whose certificate Node's own list doesn't know (`isUnknownAuthority`).
 */
export function obtainDispatcher(
  config: Config,
  io: Io,
  { system = false }: { system?: boolean } = {},
): Dispatching {
  const all = dispatchers.get(io) ?? new Map<string, Dispatching>();
  dispatchers.set(io, all);
  const key = JSON.stringify([config.caFile, system, proxiesOf(io.env)]);
  const there = all.get(key);
  if (there) return there;
  const making = makeDispatcher(config, io, system);
  all.set(key, making);
  // A file that couldn't be read may be there at the next question.
  making.catch(() => all.delete(key));
  io.atEnd(() => void all.delete(key));
  return making;
}

async function makeDispatcher(config: Config, io: Io, system: boolean): Dispatching {
  const proxies = proxiesOf(io.env);
  const ca = config.caFile === undefined && !system ? undefined : await authorities(config, io, system);
  if (proxies === undefined && ca === undefined) return undefined;
  const { Agent, EnvHttpProxyAgent } = await import('undici');
  const tls = ca === undefined ? {} : { ca };
  const agent = proxies
    ? new EnvHttpProxyAgent({ ...proxies, connect: tls, requestTls: tls, proxyTls: tls })
    : new Agent({ connect: tls });
  // Behind a proxy that closes each connection, undici goes on connecting after the last request failed (undici 7).
  io.atEnd(() => void agent.destroy().catch(() => {}));
  return asDispatcher(agent);
}

/** An agent as Node's fetch takes it: any undici dispatcher. Only the declarations of the two copies differ. */
function asDispatcher(agent: Dispatcher): NonNullable<RequestInit['dispatcher']> {
  return agent as unknown as NonNullable<RequestInit['dispatcher']>;
}

/** Whether requests to other machines go through a proxy, which looks names up on its own. */
export function isProxied({ env }: Pick<Io, 'env'>): boolean {
  return proxiesOf(env) !== undefined;
}

/**
 * A way to these addresses alone, for the name that led to them: the checked address is the one that is connected to.
 */
export async function makePinnedDispatcher(
  config: Config,
  io: Io,
  addresses: readonly string[],
  system = false,
) {
  const [{ Agent }, { isIP }] = await Promise.all([import('undici'), import('node:net')]);
  const ca = config.caFile === undefined && !system ? undefined : await authorities(config, io, system);
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  const agent = new Agent({
    connect: {
      ...(ca === undefined ? {} : { ca }),
      lookup: (_name, options, done) => {
        const [first] = found;
        if (options.all === true) done(null, found);
        else done(null, first?.address ?? '', first?.family ?? 4);
      },
    },
  });
  return {
    dispatcher: asDispatcher(agent),
    close: () => agent.close(),
  };
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

interface Proxies {
  httpProxy: string;
  httpsProxy: string;
  noProxy: string;
}

/** The proxies that the environment names; lower case wins, as with curl. '' is none. */
function proxiesOf(env: Io['env']): Proxies | undefined {
  const http = proxyNamed(env, 'http_proxy');
  const https = proxyNamed(env, 'https_proxy');
  if (http === '' && https === '') return undefined;
  const none = env.no_proxy || env.NO_PROXY || '';
  const noProxy = none.trim() === '*' ? '*' : [none, ...LOOPBACK].filter((one) => one !== '').join(',');
  return { httpProxy: http, httpsProxy: https, noProxy };
}

function proxyNamed(env: Io['env'], name: string): string {
  const key = env[name] ? name : name.toUpperCase();
  const value = env[key] ?? '';
  if (value === '' || /^https?:\/\/[^/]/i.test(value)) return value;
  const fix = `Write it as http://host:port, or unset ${key}.`;
  throw new McpkcError('CONFIG_INVALID', `${key}: this is not a URL of a proxy (environment).`, fix);
}

async function authorities(config: Config, io: Io, system: boolean): Promise<string[]> {
  const { caFile } = config;
  const own = caFile === undefined ? [] : [await authorityFile(caFile, nameOfAuthority(config), io)];
  const tls = await import('node:tls');
  // With Node's options (--use-system-ca, NODE_EXTRA_CA_CERTS) where this Node can tell (22.15 and later).
  const known = tls.getCACertificates?.('default') ?? tls.rootCertificates;
  return [...new Set([...known, ...(system ? (tls.getCACertificates?.('system') ?? []) : []), ...own])];
}

/** The name of the authority's file in messages: the option or key that gave it; '' for an answer to a question. */
function nameOfAuthority({ originOf }: Config): string {
  const origin = originOf('MCPKC_CA_FILE') ?? '';
  return optionOf(origin) ?? (/^(?:environment|file)\b/.test(origin) ? 'MCPKC_CA_FILE' : '');
}

async function authorityFile(path: string, name: string, io: Io): Promise<string> {
  const text = await readNamed(io, name, path);
  if (text?.includes('-----BEGIN CERTIFICATE-----') === true) return text;
  const problem = text === undefined ? 'there is no such file' : 'the file holds no PEM certificate';
  const message = `${name === '' ? '' : `${name} `}${visible(path)}: ${problem}.`;
  throw new McpkcError('CONFIG_INVALID', message, 'Name a PEM file (--ca-file).');
}

/**
 * Whether it takes the system's authorities to trust the certificate at an address: found out by a TLS handshake and
 * no request. Behind a proxy the handshake isn't mcpkc's, so they are trusted at once.
 */
export async function isSystemAuthorityNeeded(url: string, config: Config, io: Io): Promise<boolean> {
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== 'https:') return false;
  if (proxiesOf(io.env) !== undefined) return true;
  const tls = await import('node:tls');
  const ca = config.caFile === undefined ? {} : { ca: await authorities(config, io, false) };
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const code = await new Promise<string | undefined>((resolve) => {
    const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
    const socket = tls.connect({ host, port: Number(port) || 443, ...servername, ...ca, timeout: 5000 });
    const end = (found?: string) => {
      socket.destroy();
      resolve(found);
    };
    socket.once('secureConnect', () => end());
    socket.once('timeout', () => end());
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code));
  });
  return isUnknownAuthority(code);
}

/** Refuses to send a secret over plain http to another machine (exit status 5), unless that is allowed. */
export function requireSafeTransport(server: string, config: Config): void {
  const url = new URL(server);
  if (url.protocol === 'https:' || isLoopback(url) || config.allowHttp) return;
  throw new McpkcError(
    'PLAIN_HTTP',
    `${server} is plain http to another machine: anybody who is on the way could read the secret.`,
    'Use https or a tunnel to 127.0.0.1; --allow-http sends it all the same.',
  );
}

interface Request {
  origin: string;
  path: string;
  method: string;
}

/** Reports each HTTP request of this process in a line: method, path without query, status, milliseconds. */
export function watchRequests(log: (line: string) => void): () => void {
  const started = new WeakMap<object, number>();
  const begin = (message: unknown) => {
    started.set((message as { request: Request }).request, performance.now());
  };
  const line = (request: Request, outcome: string) => {
    const ms = Math.round(performance.now() - (started.get(request) ?? performance.now()));
    // A query or a fragment may carry a code or a token; the path never does.
    const path = request.path.split('?')[0] ?? '';
    log(`  ${request.method} ${visible(request.origin + path)} ${outcome} ${ms} ms`);
  };
  const headers = (message: unknown) => {
    const { request, response } = message as { request: Request; response: { statusCode: number } };
    line(request, String(response.statusCode));
  };
  const failed = (message: unknown) => {
    const { request, error } = message as { request: Request; error: NodeJS.ErrnoException };
    line(request, error.code ?? error.name);
  };
  const channels = [
    ['undici:request:create', begin],
    ['undici:request:headers', headers],
    ['undici:request:error', failed],
  ] as const;
  for (const [channel, listener] of channels) subscribe(channel, listener);
  return () => {
    for (const [channel, listener] of channels) unsubscribe(channel, listener);
  };
}

/** The proxy that requests to a server take, as a person reads it (without a password); undefined where they take none. */
export function proxyTo(server: string, env: Io['env']): URL | undefined {
  const proxies = proxiesOf(env);
  const { protocol, hostname } = new URL(server);
  const named = protocol === 'https:' ? proxies?.httpsProxy : proxies?.httpProxy;
  if (!named || proxies === undefined || proxies.noProxy === '*') return undefined;
  const spared = proxies.noProxy
    .split(/[\s,]+/)
    .map((one) => one.replace(/^\*?\./, '').replace(/:\d+$/, ''))
    .some((one) => one !== '' && (hostname === one || hostname.endsWith(`.${one}`)));
  return spared ? undefined : new URL(named);
}
