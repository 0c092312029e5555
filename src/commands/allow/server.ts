import type { Context } from '../../cli/command.ts';
import type { Config } from '../../config/load.ts';
import { McpkcError } from '../../errors.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { readPublicFace } from '../../keycloak/read/issuer-metadata.ts';
import { readRealm } from '../../keycloak/read/realm.ts';
import { readRecord } from '../../keycloak/read/record.ts';
import { scopeWish } from '../../plan/input.ts';
import type { IssuerSays } from '../../products/way.ts';
import { listFor, requireOwnScope, requireSamePath } from '../../realm/mcp-scope.ts';
import { mcpServerIn, type NamedServer, putInMode } from '../../realm/mcp-server.ts';
import type { RealmRecord } from '../../realm/record.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import { formatCommand } from '../../text.ts';

/** The facts that `allow` knows of an MCP server and its realm before it decides. */
export interface ServerAtHand extends NamedServer {
  context: Context;
  config: Config;
  keycloak: Keycloak;
  /** Whether the resource's scopes are still to be made. */
  isNew: boolean;
  snapshot: RealmSnapshot;
  record: RealmRecord;
  issuer: IssuerSays;
}

/** Reads the realm, its record and what its issuer advertises, side by side; chooses scopes as `onboard` does. */
export async function readServer(
  context: Context,
  config: Config,
  keycloak: Keycloak,
  resource: string,
  scopeFlag: unknown,
): Promise<ServerAtHand> {
  const [snapshot, record, face] = await Promise.all([
    readRealm(keycloak, [...(config.clientId === undefined ? [] : [config.clientId]), resource]),
    readRecord(keycloak),
    readPublicFace(keycloak, config.issuer),
  ]);
  snapshot.record = record;
  const wish = scopeWish(config, resource, { scope: scopeFlag });
  const found = mcpServerIn(snapshot, wish);
  requireOwnScope(found.scope, wish, snapshot);
  requireSamePath(found.scope, wish, snapshot);
  requireMoved(found);
  const { mode } = found;
  return {
    ...putInMode(found, { mode, list: listFor(mode, found.list) }),
    context,
    config,
    keycloak,
    isNew: found.scopes.named === undefined,
    snapshot,
    record,
    issuer: { documents: (face.atIssuer ?? face.atKeycloak)?.cimd === true },
  };
}

/** Refuses (OLD_WINDOW) a resource that is as mcpkc 0.1.0 left it: moving it may revoke the audience of clients. */
function requireMoved({ resource, scope, window, windowed }: NamedServer): void {
  if (window === undefined && !windowed) return;
  const line = formatCommand(['create-scope', ['--resource', resource], ['--attach', 'none'], '--dry-run']);
  const message = `The scope '${scope}' of ${resource} is as mcpkc 0.1.0 made it: it has no hidden audience scope.`;
  throw new McpkcError('OLD_WINDOW', message, `Move it first; what that changes:\n${line}`);
}
