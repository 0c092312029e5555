import type { Io } from '../../cli/io.ts';
import { type Config, hasAccount } from '../../config/config.ts';
import { resourceOf } from '../../realm/mcp-scope.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import { connect } from '../connection/connect.ts';
import { readAccess } from './access.ts';
import { readClientScopes, readRealmScopes } from './read.ts';

/** The realm's client scopes and which of them clients get; takes `view-clients` alone. */
export type RealmScopes = Pick<RealmSnapshot, 'scopes' | 'defaultScopes' | 'optionalScopes' | 'access'>;

/**
 * Reads the realm's scopes, and the roles that those of one MCP server map, with the configured service account.
 * Undefined, without a request, where none is configured. An account that can't sign in is a failure: anybody who
 * configured one doesn't want guesses.
 */
export async function scopesIfConfigured(
  config: Config,
  io: Io,
  signal: AbortSignal,
  resource: string,
): Promise<RealmScopes | undefined> {
  if (!hasAccount(config)) return undefined;
  const keycloak = await connect(config, io, signal);
  const [scopes, lists] = await Promise.all([readClientScopes(keycloak), readRealmScopes(keycloak)]);
  const names = scopes.filter((scope) => resourceOf(scope) === resource).map(({ name }) => name);
  const access = await readAccess(keycloak, { scopes }, names);
  return { scopes, defaultScopes: lists.defaults, optionalScopes: lists.optionals, access };
}
