import { trustedHost } from '../names/resource-url.ts';
import type { Preset } from '../products/preset.ts';
import { ATTRIBUTE } from '../realm/marks.ts';
import { isAudienceScope, nameScopeOf, resourceOf } from '../realm/mcp-scope.ts';
import { mcpServerOf, type PresentServer } from '../realm/mcp-server.ts';
import { beforeOf, type RealmRecord } from '../realm/record.ts';
import { trustedHostNames } from '../realm/registration-policies.ts';
import type { RealmSnapshot } from '../realm/snapshot.ts';

/** The MCP servers that a realm has, made by anybody. */
export function serversIn(snapshot: RealmSnapshot): PresentServer[] {
  return snapshot.scopes
    .filter((scope) => isAudienceScope(scope) && nameScopeOf(scope) === undefined)
    .map((scope) => mcpServerOf(snapshot, scope));
}

/**
 * Hosts from which anybody may register, each once, and that none of these products and no MCP server of the realm needs.
 * Keycloak compares letter by letter: `ChatGPT.com` is no product's (26.7.3).
 */
export function listStrangeHosts(snapshot: RealmSnapshot, products: readonly Preset[]): string[] {
  const servers = snapshot.scopes.flatMap((scope) => resourceOf(scope) ?? []);
  const known = [...products.flatMap(({ trustedHosts }) => trustedHosts), ...servers.map(trustedHost)];
  const trusted = new Set(trustedHostNames(snapshot.registrationPolicies));
  return [...trusted].filter((host) => !known.includes(host));
}

/**
 * Whether mcpkc made a server's scope: its record shows that nothing was there before. A mark on the scope proves
 * nothing.
 */
export function isMadeServer({ scope }: Pick<PresentServer, 'scope'>, record: RealmRecord): boolean {
  const before = beforeOf(record, 'client-scope', scope);
  return before !== undefined && before.value === null;
}

/** Whether mcpkc works on a server: it made its scope, or took it over. */
export function isKnownServer({ scopes: { named } }: Pick<PresentServer, 'scopes'>): boolean {
  return named.attributes[ATTRIBUTE.mode] !== undefined;
}
