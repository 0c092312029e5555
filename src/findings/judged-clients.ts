import { isSelfRegistered, presetOf } from '../products/dynamic.ts';
import type { Preset } from '../products/preset.ts';
import { audiencesOf } from '../realm/audiences.ts';
import { heldAs } from '../realm/lists.ts';
import { isMark } from '../realm/marks.ts';
import { isAudienceScope } from '../realm/mcp-scope.ts';
import { entriesOf, keepOf, type RealmRecord } from '../realm/record.ts';
import type { Client, ClientScope } from '../realm/representations.ts';
import { RESOURCE_URL } from '../realm/resource-client.ts';
import { isNamedLikeServers } from './seen.ts';

/** The facts that decide which clients are judged. */
export interface JudgedBy {
  presets: readonly Preset[];
  /** MCP_SCOPE_NAME. */
  scopeName: string;
  /** The realm's client scopes. */
  scopes: readonly ClientScope[];
  record: RealmRecord;
}

/**
 * Whether rules or the table of `status --clients` may have something to tell of a client. Of tens of thousands most are
 * an administrator's, and have nothing to do with MCP servers: they are read, and not kept in memory.
 */
export function judgedClients({ presets, scopeName, scopes, record }: JudgedBy): (client: Client) => boolean {
  const held = scopes.filter((scope) => mayBeJudged(scope, scopeName)).map(({ name }) => name);
  const isAnyKept = entriesOf(record, 'kept').length > 0;
  return (client) =>
    isSelfRegistered(client) ||
    Object.keys(client.attributes).some((name) => name === RESOURCE_URL || isMark(name)) ||
    held.some((name) => heldAs(client, name) !== 'none') ||
    presetOf(client, presets) !== undefined ||
    (isAnyKept && keepOf(record, client).state !== 'none');
}

/** Whether a scope may be one of an MCP server's, by any of the signs that count (`listServers`). */
function mayBeJudged(scope: ClientScope, scopeName: string): boolean {
  return (
    scope.name === scopeName ||
    isNamedLikeServers(scope) ||
    isAudienceScope(scope) ||
    audiencesOf(scope).length > 0 ||
    Object.keys(scope.attributes).some(isMark)
  );
}
