import type { Context } from '../cli/command.ts';
import { type Config, hasAccount, requireRealm } from '../config/config.ts';
import { connect, type Keycloak } from '../keycloak/connection/connect.ts';
import { readAccess } from '../keycloak/read/access.ts';
import { readClientScopes, readRealmScopes } from '../keycloak/read/read.ts';
import { roleLabel } from '../realm/access.ts';
import type { Mode } from '../realm/marks.ts';
import { completeServer, mcpServerIn, type NamedServer, scopeNames } from '../realm/mcp-server.ts';
import { emptyRealm, type RealmSnapshot } from '../realm/snapshot.ts';
import { envBlock } from './env-block.ts';
import { scopeWish } from './input.ts';

/** One MCP server as it is, or would be, provisioned in the configured realm, with the environment that it needs. */
export interface ConfiguredServer extends NamedServer {
  realm: string;
  issuer: string;
  /** Source of scope and mode: the realm, the realm that has no such scope yet, or the configuration alone. */
  source: 'realm' | 'not in realm' | 'configuration';
  /** The MCP server's environment. */
  env: Record<string, string>;
}

/** The part of a realm that shows its MCP servers; takes `view-clients` alone. */
type Scopes = Pick<RealmSnapshot, 'scopes' | 'defaultScopes' | 'optionalScopes'>;

/**
 * A resource's MCP server as the realm has it, read with the configured service account; without one no request is
 * made. Where nobody looked, or there is no such scope, it is as the commands would make it. `create-scope` makes a
 * standing scope for the configured resource, `onboard` one of mode adopted for any other. Throws CONFIG_MISSING where
 * no realm is configured. An account that can't sign in is a failure: anybody who configured one doesn't want guesses.
 */
export async function readConfiguredServer(
  { io, signal }: Pick<Context, 'io' | 'signal'>,
  config: Config,
  resource: string,
  flags: { scope?: unknown } = {},
): Promise<ConfiguredServer> {
  const realm = requireRealm(config);
  const wish = scopeWish(config, resource, flags);
  const made: Mode = resource === config.transportUrl ? 'standing' : 'adopted';
  const keycloak = hasAccount(config) ? await connect(config, io, signal) : undefined;
  const snapshot: RealmSnapshot = { ...emptyRealm(realm), ...(keycloak && (await readScopes(keycloak))) };
  const found = mcpServerIn(snapshot, wish, made);
  if (keycloak) snapshot.access = await readAccess(keycloak, snapshot, scopeNames(found));
  const server = completeServer(found, snapshot);
  const { scope } = server;
  const source = server.scopes.named ? 'realm' : keycloak ? 'not in realm' : 'configuration';
  const issuer = config.issuer ?? '';
  const { audiences, allowedOrigins } = config;
  const accepted = [...audiences.urls, ...audiences.clients];
  const advertises = !server.windowed;
  const roles = (server.roles?.gates ?? []).map(roleLabel);
  const env = envBlock({ resource, scope, issuer, audiences: accepted, allowedOrigins, advertises, roles });
  return { ...server, realm, issuer, source, env };
}

async function readScopes(keycloak: Keycloak): Promise<Scopes> {
  const [scopes, { defaults, optionals }] = await Promise.all([
    readClientScopes(keycloak),
    readRealmScopes(keycloak),
  ]);
  return { scopes, defaultScopes: defaults, optionalScopes: optionals };
}
