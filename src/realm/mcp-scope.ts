import { McpkcError } from '../errors.ts';
import { countEdits } from '../names/nearest.ts';
import { aliasOf, differenceOf, parseResource } from '../names/resource-url.ts';
import { formatCommand } from '../text.ts';
import { audiencesOf, mapperOf } from './audiences.ts';
import { heldAs, type RealmList, realmListOf } from './lists.ts';
import { ATTRIBUTE, type Mode } from './marks.ts';

import { AUDIENCE_MAPPER, type Client, type ClientScope } from './representations.ts';
import { ADMIN_API_SCOPE } from './roles.ts';
import { type RealmSnapshot, scopeNamed } from './snapshot.ts';

/** The sources of a command's scope name. */
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

/**
 * Whether a name may go into a token's `scope`: RFC 6749 §3.3 (visible ASCII without quote and backslash); and without a
 * slash, which Keycloak's paths and our keys divide by.
 */
export function isScopeName(name: string): boolean {
  return /^[\x21\x23-\x2e\x30-\x5b\x5d-\x7e]{1,255}$/.test(name);
}

/** The sentence about a name that may not. */
export const NO_SCOPE_NAME =
  'this is not a name for a client scope (visible ASCII without blank, quote, slash and backslash, at most 255 characters)';

/** The resource that a scope is for: as marked, else the URL among its audiences. */
export function resourceOf(scope: ClientScope): string | undefined {
  // Anybody who administers the realm can edit the mark: one that is no URL counts as none.
  const candidates = [scope.attributes[ATTRIBUTE.resource] ?? '', ...audiencesOf(scope)];
  return candidates.find((candidate) => 'value' in parseResource(candidate));
}

/** The other resource that a scope is for; undefined for one that is this resource's, or no resource's. */
export function otherResourceOf(scope: ClientScope | undefined, resource: string): string | undefined {
  const owner = scope && resourceOf(scope);
  return owner === resource ? undefined : owner;
}

/**
 * Whether a scope is an MCP server's audience scope: marked by mcpkc, or with a mapper that adds a URL to `aud`. The
 * admin API's own (26.8.2) isn't one.
 */
export function isAudienceScope(scope: ClientScope): boolean {
  if (scope.name === ADMIN_API_SCOPE) return false;
  return (
    scope.attributes[ATTRIBUTE.mode] !== undefined ||
    (scope.mappers.some(({ protocolMapper }) => protocolMapper === AUDIENCE_MAPPER) === true &&
      resourceOf(scope) !== undefined)
  );
}

/** The scope that is marked for a resource; the URL decides byte for byte. */
function scopeMarkedFor(snapshot: RealmSnapshot, resource: string): ClientScope | undefined {
  return snapshot.scopes.find(
    (scope) => scope.attributes[ATTRIBUTE.resource] === resource && nameScopeOf(scope) === undefined,
  );
}

/** The name scope that an audience scope belongs to; undefined for every other scope. */
export function nameScopeOf({ attributes }: ClientScope): string | undefined {
  return attributes[ATTRIBUTE.audienceOf] || undefined;
}

/** The audience scope that belongs to a name scope: hidden, in no list of the realm, attached by the admin API alone. */
export function audienceScopeOf(
  snapshot: Pick<RealmSnapshot, 'scopes'>,
  name: string,
): ClientScope | undefined {
  return snapshot.scopes.find((scope) => nameScopeOf(scope) === name);
}

/** A fresh name for a resource's audience scope. Its end can't be guessed: a metadata document may name any scope. */
export function newAudienceScopeName(name: string): string {
  const end = crypto.randomUUID().replaceAll('-', '');
  return `mcp-audience-${name.replace(/^mcp-resource-?/, '').slice(0, 200) || 'mcp'}-${end}`;
}

/** The ends of such names in a text, between blanks, quotes and slashes. */
const RANDOM_END = /(?<=\bmcp-audience-[^\s"/]*)[0-9a-f]{32}\b/g;

/** A text without the random ends of audience scopes' names: of one that is to be made each plan draws another. */
export function withoutRandomEnds(text: string): string {
  return text.replaceAll(RANDOM_END, '…');
}

/** Attributes that keep an audience scope out of metadata, consent page and the token's `scope` (Keycloak 26.4 to 26.7). */
export const HIDDEN: Readonly<Record<string, string>> = {
  'include.in.token.scope': 'false',
  'display.on.consent.screen': 'false',
  'include.in.openid.provider.metadata': 'false',
};

/**
 * The scopes by which a client can get a resource's audience. They are the audience scope, and the scope of that name
 * where it has an audience mapper itself (standing mode, and scopes of 0.1.0).
 */
export function carriersOf(name: string, snapshot: Pick<RealmSnapshot, 'scopes'>): string[] {
  const audience = audienceScopeOf(snapshot, name);
  const named = snapshot.scopes.find((scope) => scope.name === name);
  return [...(audience ? [audience.name] : []), ...(named && audiencesOf(named).length > 0 ? [name] : [])];
}

/** The way in which a client holds one of some scopes: a default counts before an optional one. */
export function heldOf(client: Client, scopes: readonly string[]): RealmList {
  const held = scopes.map((scope) => heldAs(client, scope));
  return held.find((list) => list === 'default') ?? held.find((list) => list === 'optional') ?? 'none';
}

/** So many letters are a slip: a typing error, a slash, http for https. */
const SLIPS = 2;

/**
 * Resources of the realm that are spelled nearly like this one. A person who typed one may have meant the other, and
 * tokens for one are refused at the other.
 */
export function nearResources(resource: string, { scopes }: Pick<RealmSnapshot, 'scopes'>): string[] {
  const known = scopes.flatMap((scope) => resourceOf(scope) ?? []);
  return [...new Set(known)].filter((other) => {
    if (other === resource || Math.abs(other.length - resource.length) > SLIPS) return false;
    return countEdits(other, resource) <= SLIPS;
  });
}

/** Whether a resource is as 0.1.0 left it in mode windowed: one scope in no list, with the mapper in it. */
export function isWindowed(name: string, snapshot: RealmSnapshot): boolean {
  const scope = scopeNamed(snapshot, name);
  return (
    scope !== undefined &&
    modeOf(scope, snapshot) === 'adopted' &&
    audienceScopeOf(snapshot, name) === undefined &&
    audiencesOf(scope).length > 0
  );
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

/** A scope's mode: as marked (`windowed` by 0.1.0); unmarked, a scope in neither list of the realm is for the adopted. */
export function modeOf(scope: ClientScope, snapshot: RealmSnapshot): Mode {
  const marked = scope.attributes[ATTRIBUTE.mode];
  if (marked === 'standing' || marked === 'adopted') return marked;
  if (marked === 'windowed') return 'adopted';
  return realmListOf(snapshot, scope.name) === 'none' ? 'adopted' : 'standing';
}

/** The audience scopes that every client of the realm can get. */
export function standingScopes(snapshot: RealmSnapshot): ClientScope[] {
  return snapshot.scopes.filter(
    (scope) =>
      isAudienceScope(scope) &&
      modeOf(scope, snapshot) === 'standing' &&
      realmListOf(snapshot, scope.name) !== 'none',
  );
}

/**
 * The list in which the scope that clients name belongs. Adopted: optional, so that anybody may register with it (it
 * carries no audience). Standing: where it is, or a default.
 */
export function listFor(mode: Mode, now: RealmList): RealmList {
  if (mode === 'adopted') return 'optional';
  return now === 'optional' ? 'optional' : 'default';
}

/** The audience of another host that a scope carries: taking the scope over would cut its clients off. */
export function foreignAudience(scope: ClientScope, resource: string): string | undefined {
  const marked = scope.attributes[ATTRIBUTE.resource] || undefined;
  const audiences = audiencesOf(scope);
  if (audiences.includes(resource)) return undefined;
  const isUrl = (one: string) => 'value' in parseResource(one);
  const isForeign = (one: string) => differenceOf(one, resource) === 'host';
  if (marked !== undefined && isForeign(marked)) return marked;
  if (marked !== undefined || audiences.some((one) => !isForeign(one))) {
    // mcpkc's by its mark or by an audience of this host: foreign only if the mapper to change is.
    const ours = mapperOf(scope, resource);
    return ours && audiencesOf({ ...scope, mappers: [ours] }).find((one) => isUrl(one) && isForeign(one));
  }
  return audiences.find(isUrl) ?? audiences[0];
}

/**
 * Refuses (SCOPE_TAKEN, exit status 5) a scope that carries another host's audience: taking it over would cut that
 * server's clients off. A difference in slash, case, scheme or path on the same host is repaired by the plan. Refused
 * likewise, also where another host's may be taken over (`replace`): a scope that serves applications (`profile`), whose
 * tokens would all name the MCP server.
 */
export function requireOwnScope(
  name: string,
  wish: ScopeWish,
  snapshot: RealmSnapshot,
  { replace = false }: { replace?: boolean } = {},
): void {
  const scope = scopeNamed(snapshot, name);
  if (!scope) return;
  const { resource } = wish;
  const foreign = foreignAudience(scope, resource);
  const free = freeName(resource, snapshot);
  const details = { scope: name, heldBy: foreign ?? null, free };
  const other = `Use another name: --scope ${free}`;
  if (foreign === undefined && servesApplications(scope, snapshot))
    throw new McpkcError(
      'SCOPE_TAKEN',
      `The client scope '${name}' is one of the realm’s own, and applications may use it: their tokens would name ${resource}.`,
      other,
      { details },
    );
  if (replace || (foreign === undefined && scope.protocol === 'openid-connect')) return;
  const what = foreign === undefined ? `is a ${scope.protocol} scope` : `is the scope of ${foreign}`;
  const fix = `${other}\nOr, if ${foreign ?? 'its owner'} is gone, take it over: --replace-audience --yes`;
  throw new McpkcError('SCOPE_TAKEN', `The client scope '${name}' ${what}, not of ${resource}.`, fix, {
    details,
  });
}

/**
 * Refuses (SCOPE_TAKEN, exit status 5) the scope of an MCP server with another path at the same host, for commands that
 * must not move it to the URL that was typed: a slip of the keys would cut that server's clients off.
 */
export function requireSamePath(name: string, { resource }: ScopeWish, snapshot: RealmSnapshot): void {
  const owner = otherResourceOf(scopeNamed(snapshot, name), resource);
  if (owner === undefined || differenceOf(owner, resource) !== 'path') return;
  const free = freeName(resource, snapshot);
  throw new McpkcError(
    'SCOPE_TAKEN',
    `The client scope '${name}' is the scope of ${owner}, not of ${resource}.`,
    `Was ${owner} meant? For a second server at that host: --scope ${free}\nIf it moved: ${formatCommand(['create-scope', resource, ['--scope', name]])}`,
    { details: { scope: name, heldBy: owner, free } },
  );
}

/**
 * Whether a scope is there for something else than an MCP server: it bears no mark of mcpkc's and no audience, and it
 * has mappers, or stands in a list of the realm's (as all scopes that Keycloak makes for a realm do, 26.7.4).
 */
function servesApplications(scope: ClientScope, snapshot: RealmSnapshot): boolean {
  const isMarked = [ATTRIBUTE.mode, ATTRIBUTE.resource].some((key) => scope.attributes[key] !== undefined);
  if (isMarked || audiencesOf(scope).length > 0) return false;
  return scope.mappers.length > 0 || realmListOf(snapshot, scope.name) !== 'none';
}

/** A name `mcp-resource-<alias>` that no scope of the realm has. */
export function freeName(resource: string, snapshot: RealmSnapshot): string {
  const base = `mcp-resource-${aliasOf(resource)}`;
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!scopeNamed(snapshot, name)) return name;
  }
}
