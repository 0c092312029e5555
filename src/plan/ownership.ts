import { ATTRIBUTE } from '../realm/marks.ts';
import { isAudienceScope, nameScopeOf } from '../realm/mcp-scope.ts';
import { mcpServerOf, type PresentServer } from '../realm/mcp-server.ts';
import { beforeOf, type RealmRecord } from '../realm/record.ts';
import type { RealmSnapshot } from '../realm/snapshot.ts';

/** The MCP servers that a realm has, made by anybody. */
export function serversIn(snapshot: RealmSnapshot): PresentServer[] {
  return snapshot.scopes
    .filter((scope) => isAudienceScope(scope) && nameScopeOf(scope) === undefined)
    .map((scope) => mcpServerOf(snapshot, scope));
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
