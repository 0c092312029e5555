/** The host's configuration: read from environment variables, checked as a whole before anything starts. */
import { type Env, envReader, isLoopback } from './env.ts';

/** Which protocol eras are served: 2026-07-28 (`modern`), the revisions with `initialize` (`legacy`), or both. */
export type Eras = 'both' | 'modern' | 'legacy';

export interface HostConfig {
  /** Public origin of this host, e.g. `https://mcp.example.com`. */
  publicOrigin: string;
  /** The URL that a person types into the client. It is the OAuth resource too, byte for byte. */
  transportUrl: string;
  /** The issuer, exactly as it stands in the tokens' `iss`. */
  issuer: string;
  /** Accepted audiences. A token must carry at least one of them. */
  audiences: string[];
  /** Named in the 401 challenge, so that clients ask for it. Empty: the challenge names none. */
  challengeScopes: string[];
  /** What the metadata lists as `scopes_supported`. Empty: the field is left out. */
  advertisedScopes: string[];
  /** Origins of web pages that may call the endpoint, besides this host's own. */
  allowedOrigins: string[];
  eras: Eras;
  /** Whether `initialize` opens a session. Without, the legacy era is served statelessly. */
  sessions: boolean;
  streamable: boolean;
  requireAuth: boolean;
  /** Whether a tool takes its name in the token's claim `tools`. */
  toolRoles: boolean;
  debugEndpoints: boolean;
  debugHeaders: boolean;
  /** Express' setting: which proxies may tell the client's address. */
  trustProxy: boolean | number | string;
  /** Largest request body in bytes. */
  bodyLimit: number;
  /** Where to listen. */
  host: string;
  port: number;
}

/** Every problem of a configuration at once, each starting with the variable's name. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(['The configuration is not usable:', ...problems].join('\n  '));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** Where ChatGPT's web application runs, today and under its former name. */
const CHATGPT_ORIGINS = ['https://chatgpt.com', 'https://chat.openai.com'];
const MEBIBYTE = 1_048_576;

/** Reads the variables and throws one `ConfigError` that names everything that is wrong. */
export function readConfig(env: Env): HostConfig {
  const problems: string[] = [];
  const read = envReader(env, problems);
  const { transportUrl, issuer } = readUrls(env, read, problems);
  const requireAuth = read.flag('REQUIRE_AUTH', true);
  const host = read.text('HOST') ?? '127.0.0.1';
  if (!requireAuth && !isLoopback(host)) {
    problems.push(`REQUIRE_AUTH: false is for development on loopback only, but HOST is ${host}.`);
  }
  const audiences = read.list('OIDC_AUDIENCE');
  const config: HostConfig = {
    publicOrigin: originOf(transportUrl),
    transportUrl,
    issuer,
    audiences: audiences.length > 0 ? audiences : [transportUrl],
    challengeScopes: read.scopes('MCP_SCOPE_NAME'),
    advertisedScopes: read.scopes('ADVERTISE_SCOPES'),
    allowedOrigins: [...CHATGPT_ORIGINS, ...read.origins('ALLOWED_ORIGINS')],
    eras: read.oneOf('MCP_ERAS', ['both', 'modern', 'legacy'], 'both'),
    sessions: read.flag('MCP_SESSIONS', true),
    streamable: read.flag('ENABLE_STREAMABLE', true),
    requireAuth,
    toolRoles: read.flag('TOOL_ROLES', false),
    debugEndpoints: read.flag('DEBUG_ENDPOINTS', false),
    debugHeaders: read.flag('DEBUG_HEADERS', false),
    trustProxy: trustProxy(read.text('TRUST_PROXY')),
    bodyLimit: read.number('BODY_LIMIT', MEBIBYTE, 1, 64 * MEBIBYTE),
    host,
    port: read.number('PORT', 3000, 0, 65_535),
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** The URLs, each valid on its own and all of them fitting together. */
function readUrls(env: Env, read: ReturnType<typeof envReader>, problems: string[]) {
  const base = read.url('MCP_PUBLIC_BASE_URL');
  const transportUrl = read.url('MCP_TRANSPORT_URL') ?? (base && defaultTransport(base));
  const resource = read.text('PRM_RESOURCE_URL');
  const issuer = read.url('OIDC_ISSUER');

  if (!env.MCP_TRANSPORT_URL && !env.MCP_PUBLIC_BASE_URL) {
    problems.push('MCP_TRANSPORT_URL: missing. It is the URL that people type into their client.');
  }
  if (base && transportUrl && originOf(base) !== originOf(transportUrl)) {
    problems.push(
      `MCP_TRANSPORT_URL: ${transportUrl} is on another origin than MCP_PUBLIC_BASE_URL (${base}).`,
    );
  }
  if (resource && transportUrl && resource !== transportUrl) {
    problems.push(
      `PRM_RESOURCE_URL: ${resource} is not MCP_TRANSPORT_URL (${transportUrl}). Clients compare the resource ` +
        'with the URL that was typed, byte for byte. Leave it out.',
    );
  }
  if (!env.OIDC_ISSUER) problems.push('OIDC_ISSUER: missing. Keycloak: https://<host>/realms/<realm>.');
  if (issuer?.includes('/.well-known/')) {
    problems.push(
      'OIDC_ISSUER: name the issuer, not its metadata: leave out everything from /.well-known/ on.',
    );
  }
  return { transportUrl: transportUrl ?? '', issuer: issuer ?? '' };
}

function defaultTransport(base: string): string {
  return new URL(base).pathname === '/' ? `${originOf(base)}/mcp` : base;
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : '';
}

function trustProxy(value: string | undefined): HostConfig['trustProxy'] {
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  return /^\d+$/.test(value) ? Number(value) : value;
}
