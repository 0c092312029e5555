import type { Part, StatusSnapshot } from '../keycloak/read/status-parts.ts';
import type { Preset } from '../products/preset.ts';
import { ATTRIBUTE } from '../realm/marks.ts';
import { isAudienceScope, nameScopeOf, scopeNameFor } from '../realm/mcp-scope.ts';
import { completeServer, mcpServerOf, type PresentServer } from '../realm/mcp-server.ts';
import { entriesOf } from '../realm/record.ts';
import { hasNoTrustedHost, isRegistrationRefused } from '../realm/registration-policies.ts';
import type { ClientScope } from '../realm/representations.ts';
import { emptyRealm, type RealmSnapshot } from '../realm/snapshot.ts';
import type { CommandPart } from '../text.ts';

/** Everything that rules look at. */
export interface Seen {
  parts: StatusSnapshot;
  realm: string;
  server: string;
  /** The MCP server that `status` was asked about or that is configured. */
  resource: string | undefined;
  /** Whether `--resource` was named: other resources are not judged. */
  only: boolean;
  /** The configured resource and MCP_SCOPE_NAME. */
  configured: { resource: string | undefined; scopeName: string };
  presets: readonly Preset[];
  /** The issuer that everybody is told (KC_ISSUER, or made from KC_HOSTNAME or KC_SERVER). */
  issuer: string | undefined;
  /** Client id of mcpkc's own account, and the client that holds its roles. */
  account: string;
  roleClient: string;
  /** Client ids of OIDC_AUDIENCE. */
  staticClients: readonly string[];
  /** Audiences that the MCP server in question accepts in `aud` beside its URL (OIDC_AUDIENCE). */
  otherAudiences: readonly string[];
  /** Global flags that printed commands need, as this run got them. */
  globalFlags: readonly CommandPart[];
  /** Flags that a printed `init` needs besides, since an administrator's password goes to no server that only a file here names. */
  initFlags: readonly CommandPart[];
  /** Milliseconds since the epoch. */
  now: number;
  /** Products' documents as they are now; undefined where they were not asked for. */
  documents?: ReadonlyMap<string, { redirectUris: string[] } | { why: string }> | undefined;
  /** Name of the profile in use. */
  profile?: string | undefined;
  /** Looks up the backup of pruned clients that holds a client; undefined where none is known. */
  backupOf(clientId: string): string | undefined;
}

/** The value of a part that a rule declared to need. */
export function requireShown<T>(part: Part<T>): T {
  if (part.visible) return part.value;
  throw new Error(`a rule looked at what takes the role ${part.role} without needing it`);
}

/** Whether no product can register; a command that names no product leaves that so. */
export function isClosed(seen: Seen): boolean {
  const { registrationPolicies } = seen.parts;
  return registrationPolicies.visible && hasNoTrustedHost(registrationPolicies.value);
}

/** Whether every anonymous registration is refused: faults of registrations then concern nobody. */
export function isShut(seen: Seen): boolean {
  const { registrationPolicies } = seen.parts;
  return registrationPolicies.visible && isRegistrationRefused(registrationPolicies.value);
}

/** Whether registration was kept shut when the realm's MCP servers were provisioned, and no product was wanted since. */
export function isShutOnPurpose(seen: Seen): boolean {
  const { record } = seen.parts;
  const wishes = record.visible ? entriesOf(record.value, 'wanted') : [];
  return isShut(seen) && wishes.length > 0 && wishes.every(({ products }) => products.length === 0);
}

/** The realm as the functions of `realm/` want it, as far as its MCP servers go. */
export function realmOf({ realm, parts }: Seen): RealmSnapshot {
  const { all, defaults, optionals } = requireShown(parts.scopes);
  return {
    ...emptyRealm(realm),
    scopes: all,
    defaultScopes: defaults,
    optionalScopes: optionals,
    ...(parts.access.visible && { access: parts.access.value.mapped }),
    ...(parts.record.visible && { record: parts.record.value }),
  };
}

/** The name of the scope of a resource, as every command would choose it. */
export function nameFor(seen: Seen, resource: string): string {
  return scopeNameFor({ resource, configured: seen.configured }, realmOf(seen));
}

/**
 * The MCP servers that `status` judges: whose scope is marked, MCP_SCOPE_NAME, or named `mcp-resource…`; with
 * `--resource`, that one.
 */
export function listServers(seen: Seen): readonly PresentServer[] {
  const known = LISTED.get(seen);
  if (known) return known;
  const servers = serversIn(seen);
  LISTED.set(seen, servers);
  return servers;
}

/** Each rule asks for the servers; they are worked out once for a look. */
const LISTED = new WeakMap<Seen, readonly PresentServer[]>();

function serversIn(seen: Seen): PresentServer[] {
  const realm = realmOf(seen);
  const wanted = seen.resource === undefined ? undefined : nameFor(seen, seen.resource);
  return realm.scopes
    .filter((scope) => isJudged(seen, scope, wanted))
    .map((scope) => {
      const server = mcpServerOf(realm, scope);
      return scope.name === wanted ? completeServer({ ...server, resource: seen.resource }, realm) : server;
    });
}

/** Whether a client scope has a name as mcpkc gives it to an MCP server's. */
export function isNamedLikeServers({ name }: Pick<ClientScope, 'name'>): boolean {
  return /^mcp-resource(?:-|$)/.test(name);
}

function isJudged(seen: Seen, scope: ClientScope, wanted: string | undefined): boolean {
  const { name, attributes, protocol } = scope;
  if (name === wanted) return true;
  if (seen.only || protocol !== 'openid-connect' || nameScopeOf(scope) !== undefined) return false;
  const configured = seen.configured.resource !== undefined && name === seen.configured.scopeName;
  return configured || attributes[ATTRIBUTE.mode] !== undefined || isNamedLikeServers(scope);
}

/** Audience scopes that are somebody else's: they are counted, not judged. */
export function otherAudienceScopes(seen: Seen): string[] {
  const names = listServers(seen).map(({ scope }) => scope);
  return realmOf(seen)
    .scopes.filter(
      (scope) =>
        isAudienceScope(scope) && !names.includes(scope.name) && !names.includes(nameScopeOf(scope) ?? ''),
    )
    .map(({ name }) => name);
}
