import { McpkcError } from '../errors.ts';

/**
 * The audiences that an MCP server takes beside its URL, as OIDC_AUDIENCE has them. That is said of the configured server:
 * where another one is configured, nothing of it.
 */
export function otherAudiences(
  { audiences, transportUrl }: Pick<Config, 'audiences' | 'transportUrl'>,
  resource: string | undefined,
): string[] {
  if (transportUrl !== undefined && transportUrl !== resource) return [];
  return [...audiences.urls, ...audiences.clients].filter((one) => one !== resource);
}

/** The settings of flags, environment and files, checked and with defaults; made by `loadConfig`. */
export interface Config {
  /** KC_SERVER: base URL for admin and token requests; lower-case scheme and host, no default port, no slash at the end. */
  server: string;
  /** KC_REALM, as it is called (not encoded). */
  realm: string | undefined;
  /** Realm that the service account lives in: KC_ADMIN_REALM, else KC_REALM. */
  adminRealm: string | undefined;
  clientId: string | undefined;
  /**
   * KC_CLIENT_SECRET, or the content of KC_CLIENT_SECRET_FILE. Not enumerable, so that neither JSON nor a spread copy
   * nor an inspection shows it.
   */
  readonly clientSecret: string | undefined;
  /**
   * The content of KC_CLIENT_KEY_FILE: a private key in PEM, where the account has no secret. Not enumerable either.
   */
  readonly clientKey: string | undefined;
  /** The file that holds that key, seen from the working directory. */
  clientKeyFile: string | undefined;
  /** KC_HOSTNAME and KC_HOSTNAME_ADMIN as base URLs, without a slash at the end. */
  hostname: string | undefined;
  hostnameAdmin: string | undefined;
  /** KC_ISSUER, else made from hostname or server, and realm; undefined without a realm. */
  issuer: string | undefined;
  /** MCP_PUBLIC_BASE_URL as a canonical resource URL. */
  publicBaseUrl: string | undefined;
  /** The configured resource: MCP_TRANSPORT_URL, else made from MCP_PUBLIC_BASE_URL; canonical. */
  transportUrl: string | undefined;
  /** MCP_SCOPE_NAME, or its default. */
  scopeName: string;
  /** Whether MCP_SCOPE_NAME was given, rather than taken from the default. */
  scopeNameGiven: boolean;
  /** OIDC_AUDIENCE: URLs are audiences (canonical), anything else is the client id of a static client. */
  audiences: { urls: string[]; clients: string[] };
  /** ALLOWED_ORIGINS as `scheme://host[:port]`. */
  allowedOrigins: string[];
  /** PEM file with certificate authorities; relative to the working directory or absolute. */
  caFile: string | undefined;
  allowHttp: boolean;
  requestTimeoutMs: number;
  /** The time to wait for a Keycloak that is still starting, in milliseconds; 0 is not at all. */
  waitMs: number;
  /** `presets` of the config file as they stand there; their users check them. */
  presets: unknown[];
  /** `protect` of the config file: client ids or globs that are never pruned. */
  protect: string[];
  /** Things that deserve attention but stop nothing; a sentence each, without secrets. */
  warnings: string[];
  /** The origin of a key's value ("flag --realm", "file .keycloak-env line 3"); undefined for defaults. */
  originOf(key: string): string | undefined;
  /**
   * The reasons why a secret is not sent to the server (FOLDER_NOT_TRUSTED): the service account's, an administrator's.
   * Undefined where it may be.
   */
  refusals: { account: McpkcError | undefined; administrator: McpkcError | undefined };
  /** The files that were read. */
  files: { config: string | undefined; credentials: string | undefined };
  /** Name of the profile in use (`--profile`, MCPKC_PROFILE); undefined where none is. */
  profile: string | undefined;
}

const SETUP = 'mcpkc init --server <url> --realm <name>';

function missingKeysError(config: Config, keys: readonly string[]): McpkcError {
  const bare = config.files.config === undefined && config.files.credentials === undefined;
  const names =
    keys.length === 1 ? `${keys[0]} is` : `${keys.slice(0, -1).join(', ')} and ${keys.at(-1)} are`;
  const message = bare
    ? `mcpkc is not set up here: there is neither .keycloak-env nor config.local.json, and ${names} not set.`
    : `${names} not set by flag, environment or file.`;
  const fix =
    keys.length === 1 && keys[0] === 'KC_REALM'
      ? `Name the realm with --realm or KC_REALM. Or set mcpkc up:\n${SETUP}`
      : `Set mcpkc up:\n${SETUP}\nIt makes the service account and writes both files. With an account that you already have, set the keys in the environment.`;
  return new McpkcError('CONFIG_MISSING', message, fix, { details: { missing: keys } });
}

/** The realm; throws CONFIG_MISSING with what to do next where none is configured. */
export function requireRealm(config: Config): string {
  if (config.realm === undefined) throw missingKeysError(config, ['KC_REALM']);
  return config.realm;
}

/** Whether the operator wrote the issuer down, or the public name that it is made of. */
export function isIssuerGiven({ originOf }: Pick<Config, 'originOf'>): boolean {
  return ['KC_ISSUER', 'KC_HOSTNAME'].some((key) => originOf(key) !== undefined);
}

/** Whether a service account is configured, even if its secret may not be sent to this server. */
export function hasAccount({ clientId, clientSecret, clientKey, refusals }: Config): boolean {
  const proof = clientSecret ?? clientKey;
  return clientId !== undefined && (proof !== undefined || refusals.account !== undefined);
}

/**
 * The service account's id, and its secret or key. Throws FOLDER_NOT_TRUSTED where the secret may not go to the
 * configured server, and CONFIG_MISSING with what to do next. Everything that is missing to talk to Keycloak is named
 * at once, the realm too: commands that need both call this one first.
 */
export function requireAccount(config: Config): {
  clientId: string;
  clientSecret?: string;
  clientKey?: string;
} {
  const { realm, clientId, clientSecret, clientKey, refusals } = config;
  if (refusals.account !== undefined) throw refusals.account;
  if (realm !== undefined && clientId !== undefined) {
    if (clientSecret !== undefined) return { clientId, clientSecret };
    if (clientKey !== undefined) return { clientId, clientKey };
  }
  const keys = [
    realm === undefined ? ['KC_REALM'] : [],
    clientId === undefined ? ['KC_CLIENT_ID'] : [],
    clientSecret === undefined && clientKey === undefined
      ? ['KC_CLIENT_SECRET (or KC_CLIENT_SECRET_FILE, or KC_CLIENT_KEY_FILE)']
      : [],
  ].flat();
  throw missingKeysError(config, keys);
}

/** The option that an origin names, with its dashes; undefined for another origin, or none. */
export function optionOf(origin: string | undefined): string | undefined {
  return /^flag (--.*)$/.exec(origin ?? '')?.[1];
}
