import { McpkcError } from '../errors.ts';
import { aliasOf, differenceOf, readResource } from '../names/resource-url.ts';
import { audiencesOf, mapperOf } from './audiences.ts';
import { type RealmList, realmListOf } from './lists.ts';
import { ATTRIBUTE, type Mode } from './marks.ts';

import { AUDIENCE_MAPPER, type ClientScope } from './representations.ts';
import { type RealmSnapshot, scopeNamed } from './snapshot.ts';

/** Where a command's scope name may come from. */
export interface ScopeWish {
  /** Canonical URL of the MCP server. */
  resource: string;
  /** `--scope`. */
  scope?: string | undefined;
  /** `--alias`, instead of the first label of the host. */
  alias?: string | undefined;
  /** The resource of the configuration and its MCP_SCOPE_NAME. */
  configured: { resource: string | undefined; scopeName: string };
}

/** The resource that a scope is for: as marked, else the URL among its audiences. */
export function resourceOf(scope: ClientScope): string | undefined {
  // Anybody who administers the realm can edit the mark: one that is no URL counts as none.
  const candidates = [scope.attributes[ATTRIBUTE.resource] ?? '', ...audiencesOf(scope)];
  return candidates.find((candidate) => 'url' in readResource(candidate));
}

/** Whether a scope is an audience scope: marked by mcpkc, or with a mapper that adds a URL to `aud`. */
export function isAudienceScope(scope: ClientScope): boolean {
  return (
    scope.attributes[ATTRIBUTE.mode] !== undefined ||
    (scope.mappers.some(({ protocolMapper }) => protocolMapper === AUDIENCE_MAPPER) === true &&
      resourceOf(scope) !== undefined)
  );
}

/** The scope that is marked for a resource; the URL decides byte for byte. */
export function scopeMarkedFor(snapshot: RealmSnapshot, resource: string): ClientScope | undefined {
  return snapshot.scopes.find((scope) => scope.attributes[ATTRIBUTE.resource] === resource);
}

/** The name of a resource's scope: `--scope`, the marked one, MCP_SCOPE_NAME for the configured resource, else by alias. */
export function scopeNameFor(wish: ScopeWish, snapshot: RealmSnapshot): string {
  if (wish.scope !== undefined) return wish.scope;
  const marked = scopeMarkedFor(snapshot, wish.resource);
  if (marked) return marked.name;
  if (wish.alias === undefined && wish.configured.resource === wish.resource)
    return wish.configured.scopeName;
  return `mcp-resource-${wish.alias ?? aliasOf(wish.resource)}`;
}

/** A scope's mode: as marked; unmarked, a scope in neither list of the realm is windowed. */
export function modeOf(scope: ClientScope, snapshot: RealmSnapshot): Mode {
  const marked = scope.attributes[ATTRIBUTE.mode];
  if (marked === 'standing' || marked === 'windowed') return marked;
  return realmListOf(snapshot, scope.name) === 'none' ? 'windowed' : 'standing';
}

/** In which list a scope of this mode belongs: a standing one stays where it is, or becomes a default. */
export function listFor(mode: Mode, now: RealmList): RealmList {
  if (mode === 'windowed') return 'none';
  return now === 'optional' ? 'optional' : 'default';
}

/** Whose audience a scope carries that is another host's: what taking it over would cut off. */
export function foreignAudience(scope: ClientScope, resource: string): string | undefined {
  const marked = scope.attributes[ATTRIBUTE.resource] || undefined;
  const audiences = audiencesOf(scope);
  if (audiences.includes(resource)) return undefined;
  const isUrl = (one: string) => 'url' in readResource(one);
  const isForeign = (one: string) => differenceOf(one, resource) === 'host';
  if (marked !== undefined && isForeign(marked)) return marked;
  if (marked !== undefined || audiences.some((one) => !isForeign(one))) {
    // Ours by its mark or by an audience of this host: foreign only if the mapper that we would change is.
    const ours = mapperOf(scope, resource);
    return ours && audiencesOf({ ...scope, mappers: [ours] }).find((one) => isUrl(one) && isForeign(one));
  }
  return audiences.find(isUrl) ?? audiences[0];
}

/**
 * Refuses (SCOPE_TAKEN, exit status 5) a scope that carries another host's audience: taking it over would cut that
 * server's clients off. A difference in slash, case, scheme or path on the same host is repaired by the plan.
 */
export function requireOwnScope(name: string, wish: ScopeWish, snapshot: RealmSnapshot): void {
  const scope = scopeNamed(snapshot, name);
  if (!scope) return;
  const { resource } = wish;
  const foreign = foreignAudience(scope, resource);
  if (foreign === undefined && scope.protocol === 'openid-connect') return;
  const free = freeName(resource, snapshot);
  const what = foreign === undefined ? `is a ${scope.protocol} scope` : `is the scope of ${foreign}`;
  const hint = `Use another name: --scope ${free}\nOr, if ${foreign ?? 'its owner'} is gone, take it over: --replace-audience --yes`;
  throw new McpkcError('SCOPE_TAKEN', `The client scope '${name}' ${what}, not of ${resource}.`, hint, {
    details: { scope: name, heldBy: foreign ?? null, free },
  });
}

/** A name `mcp-resource-<alias>` that no scope of the realm has. */
export function freeName(resource: string, snapshot: RealmSnapshot): string {
  const base = `mcp-resource-${aliasOf(resource)}`;
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!scopeNamed(snapshot, name)) return name;
  }
}
