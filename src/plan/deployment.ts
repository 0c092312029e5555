import type { Config } from '../config/config.ts';
import { requireRealm } from '../config/config.ts';
import type { RealmScopes } from '../keycloak/read/configured-scopes.ts';
import { distinctRoles, gatesOf, roleLabel } from '../realm/access.ts';
import type { RealmList } from '../realm/lists.ts';
import type { Mode } from '../realm/marks.ts';
import { mcpServerIn, type NamedServer } from '../realm/mcp-server.ts';
import type { RealmSnapshot } from '../realm/snapshot.ts';
import { envBlock } from './env-block.ts';
import { scopeWish } from './input.ts';

/** One MCP server as it is, or would be, provisioned in the configured realm. */
export interface Deployment extends Pick<NamedServer, 'resource' | 'scope' | 'mode'> {
  realm: string;
  issuer: string;
  /** The realm's list that has the scope; undefined where nobody looked. */
  list: RealmList | undefined;
  /** The roles that let people in; undefined where everybody may use it, or nobody looked. */
  roles: string[] | undefined;
  /** Source of scope and mode: the realm, the realm that has no such scope yet, or the configuration alone. */
  source: 'realm' | 'not in realm' | 'configuration';
  /** The MCP server's environment. */
  env: Record<string, string>;
}

const NO_SCOPES: RealmScopes = { scopes: [], defaultScopes: [], optionalScopes: [] };
const NOTHING_ELSE = {
  registrationPolicies: [],
  clientPolicies: [],
  clientProfiles: [],
  clients: [],
};

/**
 * A resource's deployment as the realm has it. Where nobody looked, or there is no such scope, it is as the commands
 * would make it. `create-scope` makes a standing scope for the configured resource, `onboard` one of mode adopted for
 * any other. Throws CONFIG_MISSING where no realm is configured.
 */
export function deploymentOf(
  config: Config,
  resource: string,
  scopes: RealmScopes | undefined,
  flags: { scope?: unknown } = {},
): Deployment {
  const realm = requireRealm(config);
  const snapshot: RealmSnapshot = { realm, ...(scopes ?? NO_SCOPES), ...NOTHING_ELSE };
  const made: Mode = resource === config.transportUrl ? 'standing' : 'adopted';
  const server = mcpServerIn(snapshot, scopeWish(config, resource, flags), made);
  const { scope, mode } = server;
  const source = server.scopes.named ? 'realm' : scopes ? 'not in realm' : 'configuration';
  const list = scopes && server.list;
  const issuer = config.issuer ?? '';
  const { audiences, allowedOrigins } = config;
  const accepted = [...audiences.urls, ...audiences.clients];
  const advertises = !server.windowed;
  const mapped = (snapshot.access ?? []).flatMap((one) => one.roles);
  const roles = mapped.length === 0 ? undefined : distinctRoles(gatesOf(mapped)).map(roleLabel);
  const given = { resource, scope, issuer, audiences: accepted, allowedOrigins, advertises };
  const env = envBlock({ ...given, roles: roles ?? [] });
  return { resource, realm, issuer, scope, mode, list, roles, source, env };
}
