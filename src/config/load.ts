import type { Io } from '../cli/io.ts';
import { McpkcError } from '../errors.ts';
import { visible } from '../text.ts';
import { type Config, optionOf } from './config.ts';
import { isOwnFolder } from './own-folder.ts';
import { makeRelative } from './paths.ts';
import { defaultOf } from './schema.ts';
import { readSecret, type Secret, warnOfForeignServer } from './secret.ts';
import { type Given, gather, type Sources } from './sources.ts';
import { accountNotTrustedError, administratorNotTrustedError, type Route } from './trust.ts';
import * as value from './values.ts';

export type { Config } from './config.ts';
export { hasAccount, requireAccount, requireRealm } from './config.ts';

/**
 * Reads the configuration. Precedence: flag, environment, credentials file, config file, default. `flags` are the
 * program's global options in commander's camel case, durations in milliseconds; others are ignored. Throws
 * CONFIG_INVALID with every problem at once, a line each, with key and origin. A key that is merely missing is no
 * problem here (`requireRealm`, `requireAccount`). `newFiles`: files that flags name need not be there yet, since they
 * are about to be written.
 */
export async function loadConfig(
  flags: Record<string, unknown>,
  io: Io,
  how: { newFiles?: boolean } = {},
): Promise<Config> {
  const sources = await gather(flags, io, how.newFiles === true);
  const given = (key: string) => lookUp(sources, key);
  const take = <T>(key: string, read: (raw: value.Raw) => T) => readKey(sources, key, read);
  const server = take('KC_SERVER', value.baseUrl) ?? defaultOf('KC_SERVER');
  const secret = await readSecret(sources, io, how.newFiles === true);
  const realm = take('KC_REALM', value.realmName);
  const allowHttp = take('MCPKC_ALLOW_HTTP', value.onOff) ?? false;
  const route: Route = {
    url: server,
    server: given('KC_SERVER'),
    caFile: given('MCPKC_CA_FILE'),
    allowHttp: allowHttp ? given('MCPKC_ALLOW_HTTP') : undefined,
  };
  const caPath = await caFile(sources, io);
  const isDoubtful = [route.server, route.caFile, route.allowHttp].some((one) => one?.found === true);
  const isOwn = isDoubtful && (await isOwnFolder(io, { server, caFile: caPath, allowHttp }));
  const refused = isOwn && secret?.outside === undefined ? undefined : accountNotTrustedError(secret, route);
  const hostname = take('KC_HOSTNAME', value.hostname);
  const publicBaseUrl = take('MCP_PUBLIC_BASE_URL', value.url);
  const config: Omit<Config, 'clientSecret' | 'clientKey'> = {
    server,
    realm,
    adminRealm: adminRealm(sources, realm),
    clientId: take('KC_CLIENT_ID', value.plainText),
    clientKeyFile: secret?.key === 'KC_CLIENT_KEY_FILE' ? secret.file : undefined,
    hostname,
    hostnameAdmin: take('KC_HOSTNAME_ADMIN', value.hostname),
    issuer: take('KC_ISSUER', value.url) ?? issuerOf(hostname ?? server, realm),
    publicBaseUrl,
    transportUrl: take('MCP_TRANSPORT_URL', value.endpoint) ?? transportOf(publicBaseUrl),
    scopeName: take('MCP_SCOPE_NAME', value.scopeName) ?? defaultOf('MCP_SCOPE_NAME'),
    scopeNameGiven: given('MCP_SCOPE_NAME') !== undefined,
    audiences: take('OIDC_AUDIENCE', value.audiences) ?? { urls: [], clients: [] },
    allowedOrigins: take('ALLOWED_ORIGINS', value.origins) ?? [],
    caFile: caPath,
    allowHttp,
    requestTimeoutMs:
      take('MCPKC_REQUEST_TIMEOUT', value.duration) ?? value.duration(defaultOf('MCPKC_REQUEST_TIMEOUT')),
    waitMs: typeof flags.wait === 'number' ? flags.wait : 0,
    presets: sources.presets,
    protect: protect(sources),
    warnings: [
      ...sources.warnings,
      ...(how.newFiles === true || refused
        ? []
        : warnOfForeignServer(secret, route.server, server, io.cwd, serverBeside(sources, secret))),
    ],
    refusals: { account: refused, administrator: isOwn ? undefined : administratorNotTrustedError(route) },
    originOf: (key) => given(key)?.origin,
    files: sources.files,
    profile: sources.profile,
  };
  refuse(sources.problems);
  const isKey = secret?.key === 'KC_CLIENT_KEY_FILE';
  return withProof(config, {
    clientSecret: isKey ? undefined : secret?.value,
    clientKey: isKey ? secret.value : undefined,
  });
}

/** A configuration with the account's secret or key, which neither JSON nor a spread copy shows. */
export function withProof(
  config: Omit<Config, 'clientSecret' | 'clientKey'>,
  { clientSecret, clientKey }: Pick<Config, 'clientSecret' | 'clientKey'>,
): Config {
  return Object.defineProperties(config, {
    clientSecret: { value: clientSecret },
    clientKey: { value: clientKey },
  }) as Config;
}

function lookUp({ levels }: Sources, key: string): Given | undefined {
  return levels.find((level) => level.has(key))?.get(key);
}

/** A key's value; where it is no good, the problem is noted and the value is undefined. */
function readKey<T>(sources: Sources, key: string, read: (raw: value.Raw) => T): T | undefined {
  const found = lookUp(sources, key);
  if (!found) return undefined;
  try {
    if (found.raw === '') throw new value.ValueProblem('it is empty');
    return read(found.raw);
  } catch (error) {
    if (!(error instanceof value.ValueProblem)) throw error;
    sources.problems.push(problemOf(key, found, error.message));
    return undefined;
  }
}

/** The server that the file with the secret names, too; undefined where it names none. */
function serverBeside({ levels }: Sources, secret: Secret | undefined): string | undefined {
  const file = secret?.given.file;
  const beside = levels.map((level) => level.get('KC_SERVER')).find((one) => one?.file === file);
  if (file === undefined || beside === undefined) return undefined;
  try {
    return value.baseUrl(beside.raw);
  } catch {
    return undefined;
  }
}

/** A problem of a value: by the option that somebody typed, else by its key and where that is set. */
function problemOf(key: string, given: Given | undefined, problem: string): string {
  const option = optionOf(given?.origin);
  return option === undefined ? `${key}: ${problem} (${given?.origin})` : `${option} (${key}): ${problem}`;
}

function adminRealm(sources: Sources, realm: string | undefined): string | undefined {
  const own = readKey(sources, 'KC_ADMIN_REALM', (raw) => {
    const name = value.realmName(raw);
    const fits = name === 'master' || realm === undefined || name === realm;
    if (!fits) throw new value.ValueProblem('a service account lives in the realm of KC_REALM, or in master');
    return name;
  });
  return own ?? realm;
}

/** The issuer as Keycloak writes it: the realm is one path segment, in which `$` and `,` stay as they are. */
export function issuerOf(base: string, realm: string | undefined): string | undefined {
  if (realm === undefined) return undefined;
  return `${base}/realms/${encodeURIComponent(realm).replaceAll(/%24|%2C/g, decodeURIComponent)}`;
}

function transportOf(publicBaseUrl: string | undefined): string | undefined {
  if (publicBaseUrl === undefined) return undefined;
  return new URL(publicBaseUrl).origin === publicBaseUrl ? `${publicBaseUrl}/mcp` : publicBaseUrl;
}

async function caFile(sources: Sources, io: Io): Promise<string | undefined> {
  const file = readKey(sources, 'MCPKC_CA_FILE', value.path);
  if (file === undefined) return undefined;
  const found = lookUp(sources, 'MCPKC_CA_FILE');
  const path = makeRelative(found?.folder ?? '', file);
  // A loop of links, or a folder that may not be entered: it is there, and its reader shows why it can't.
  if (!(await io.files.exists(path).catch(() => true))) {
    sources.problems.push(problemOf('MCPKC_CA_FILE', found, `there is no file ${visible(path)}`));
  }
  return path;
}

function protect(sources: Sources): string[] {
  const bad = sources.protect.some((entry) => entry.trim() === '' || /\p{Cc}/u.test(entry));
  if (bad)
    sources.problems.push(
      `protect: it has an empty entry or a control character (file ${sources.files.config})`,
    );
  return sources.protect;
}

function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const title =
    problems.length === 1
      ? 'The configuration has a problem'
      : `The configuration has ${problems.length} problems`;
  throw new McpkcError(
    'CONFIG_INVALID',
    `${title}:\n${problems.map((problem) => `- ${problem}`).join('\n')}`,
    'Flags win over the environment, the environment over the credentials file, that over the config file.',
    { details: { problems } },
  );
}
