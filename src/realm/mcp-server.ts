import { gatesOf, type Role, rolesOf, rolesOn, type ScopeAccess } from './access.ts';
import { type RealmList, realmListOf } from './lists.ts';
import type { Mode } from './marks.ts';
import {
  audienceScopeOf,
  carriersOf,
  isWindowed,
  modeOf,
  newAudienceScopeName,
  resourceOf,
  type ScopeWish,
  scopeNameFor,
} from './mcp-scope.ts';
import { type Allowed, allowedIn, type RealmRecord, wantedIn } from './record.ts';
import type { ClientScope } from './representations.ts';
import { type RealmSnapshot, scopeNamed } from './snapshot.ts';
import { type WindowMark, windowMarkOf } from './window-mark.ts';

/** The roles by which people may use an MCP server, as its scopes map them. */
export interface ServerRoles {
  /** All of them, each once; the role that nobody holds is one of them. */
  mapped: Role[];
  /** The roles of which a person needs one; undefined where everybody may use it: a scope that carries its audience maps none. */
  gates: Role[] | undefined;
}

/** The ways by which products connect to an MCP server, as mcpkc's record has them. */
export interface ServerWays {
  /** Names of the products that were to register; undefined where that was never written down. */
  registration: readonly string[] | undefined;
  /** The clients that were made for products: by their document, or beforehand. */
  made: readonly Allowed[];
}

/** An MCP server as a realm has it, or as a command would make it. */
export interface McpServer {
  /** The URL that people type; undefined where neither mark, mapper nor configuration shows it. */
  resource: string | undefined;
  /** Name of the scope that clients name, also where the realm has none of that name. */
  scope: string;
  /** Name of the hidden scope: of mode adopted, or left from it. */
  audienceScope: string | undefined;
  /** Name of the scope whose holders have the audience: the hidden one in mode adopted, else the one that clients name. */
  carrier: string;
  /** Names of all scopes by which a client can get the audience today. */
  carriers: string[];
  mode: Mode;
  /** The list of the realm that the scope which clients name is in. */
  list: RealmList;
  /** The scopes as the realm has them; undefined where they aren't there. */
  scopes: { named: ClientScope | undefined; carrier: ClientScope | undefined };
  /** As 0.1.0 left it in mode windowed: one scope in no list, with the mapper in it. */
  windowed: boolean;
  /** The window that a run of 0.1.0 left open. */
  window: WindowMark | undefined;
  /** The roles by which people may use it; undefined where the snapshot doesn't have what its scopes map. */
  roles: ServerRoles | undefined;
  /** The ways by which products connect to it; undefined where its URL isn't known, or the record wasn't read. */
  ways: ServerWays | undefined;
}

/** An MCP server whose URL is known, because a command was asked for it. */
export type NamedServer = McpServer & { resource: string };

/** An MCP server whose scope is in the realm. */
export type PresentServer = McpServer & { scopes: { named: ClientScope; carrier: ClientScope } };

/** The MCP server that a command is about; `fresh` is the mode of one that the realm doesn't have yet. */
export function mcpServerIn(snapshot: RealmSnapshot, wish: ScopeWish, fresh: Mode = 'adopted'): NamedServer {
  const scope = scopeNameFor(wish, snapshot);
  const named = scopeNamed(snapshot, scope);
  const { resource } = wish;
  if (named) return completeServer({ ...mcpServerOf(snapshot, named), resource }, snapshot);
  const hidden = audienceScopeOf(snapshot, scope);
  const server: NamedServer = {
    resource,
    scope,
    audienceScope: hidden?.name,
    carrier: (fresh === 'adopted' && hidden?.name) || scope,
    carriers: carriersOf(scope, snapshot),
    mode: fresh,
    list: realmListOf(snapshot, scope),
    scopes: { named, carrier: fresh === 'adopted' ? hidden : undefined },
    windowed: false,
    window: undefined,
    roles: undefined,
    ways: undefined,
  };
  return completeServer(server, snapshot);
}

/** The MCP server that a scope of the realm belongs to. */
export function mcpServerOf(snapshot: RealmSnapshot, named: ClientScope): PresentServer {
  const scope = named.name;
  const mode = modeOf(named, snapshot);
  const hidden = audienceScopeOf(snapshot, scope);
  const carrier = (mode === 'adopted' && hidden) || named;
  const server: PresentServer = {
    resource: resourceOf(named),
    scope,
    audienceScope: hidden?.name,
    carrier: carrier.name,
    carriers: carriersOf(scope, snapshot),
    mode,
    list: realmListOf(snapshot, scope),
    scopes: { named, carrier },
    windowed: isWindowed(scope, snapshot),
    window: windowMarkOf(named.attributes),
    roles: undefined,
    ways: undefined,
  };
  return completeServer(server, snapshot);
}

/** The server with its roles and ways as the snapshot has them by now: a command reads those once it knows the scopes. */
export function completeServer<Server extends McpServer>(server: Server, snapshot: RealmSnapshot): Server {
  const { resource, carriers, scopes } = server;
  const { access, record } = snapshot;
  const there = [...(scopes.named ? [scopes.named.name] : []), ...carriers];
  const isRead = there.every((name) => access?.some(({ scope }) => scope === name));
  return {
    ...server,
    roles: access && isRead ? rolesOfServer(access, server) : undefined,
    ways: record && resource !== undefined ? waysIn(record, resource) : undefined,
  };
}

/** The roles by which people may use a server, given what the realm's scopes map. */
export function rolesOfServer(
  access: readonly ScopeAccess[],
  { scope, carriers }: Pick<McpServer, 'scope' | 'carriers'>,
): ServerRoles {
  const mapped = rolesOn(access, [scope, ...carriers]);
  const isOpen = mapped.length === 0 || carriers.some((name) => rolesOf(access, name).length === 0);
  return { mapped, gates: isOpen ? undefined : gatesOf(mapped) };
}

/** The ways by which products connect to a resource. */
export function waysIn(record: RealmRecord, resource: string): ServerWays {
  return { registration: wantedIn(record, resource), made: allowedIn(record, resource) };
}

/** Names of all scopes that name a server or carry its audience, today and as it is wanted. */
export function scopeNames({ scope, carrier, carriers }: McpServer): string[] {
  return [...new Set([scope, carrier, ...carriers])];
}

/** The server as a command wants it: in a mode and a list. An audience scope that isn't there yet gets its name. */
export function putInMode<Server extends McpServer>(
  server: Server,
  { mode, list }: Pick<McpServer, 'mode' | 'list'>,
): Server {
  const { scope, audienceScope: there } = server;
  if (mode === 'standing') return { ...server, mode, list, carrier: scope };
  const audienceScope = there ?? newAudienceScopeName(scope);
  return { ...server, mode, list, audienceScope, carrier: audienceScope };
}
