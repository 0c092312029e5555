import { audiencesOf } from './audiences.ts';
import type { ClientScope } from './representations.ts';
import { ADMIN_API_SCOPE } from './roles.ts';
import type { RealmSnapshot } from './snapshot.ts';

/** A product's way to connect: it registers, it is known by its metadata document, or a client was made beforehand. */
export type Way = 'registration' | 'document' | 'client';

/**
 * The attribute that holds until when a client's metadata document is fresh (epoch seconds). Source:
 * AbstractPersistentClientIdMetadataDocumentProvider in github.com/keycloak/keycloak, 26.6 and later.
 */
export const CIMD_ATTRIBUTE = 'cimd.cache.expiry.time.in.sec';

/** The latest time that Keycloak reads there (19 January 2038): nobody's policy fetches the document again (26.7.4). */
export const PINNED_UNTIL = '2147483647';

/** Whether a client has a document's URL as its id and is never fetched. It doesn't show the client's maker. */
export function isPinned({
  clientId = '',
  attributes = {},
}: {
  clientId?: string | undefined;
  attributes?: Readonly<Record<string, unknown>> | undefined;
}): boolean {
  return /^https:\/\//i.test(clientId) && attributes[CIMD_ATTRIBUTE] === PINNED_UNTIL;
}

/** Scopes of a client beside those of an MCP server. */
export interface PlainScopes {
  defaults: string[];
  optionals: string[];
}

/** The scope that puts `sub` into tokens; clients without it sign in and have none (Keycloak 26.7.4). */
const BASIC = 'basic';
/** OpenID Connect Core, section 11. */
const OFFLINE = 'offline_access';

/** Whether a scope may be held without opening anything: no audience of anybody's, and not the admin API's. */
function isPlain(scope: ClientScope): boolean {
  return (
    scope.protocol === 'openid-connect' && scope.name !== ADMIN_API_SCOPE && audiencesOf(scope).length === 0
  );
}

/** Whether a scope is to be listed in the issuer's metadata. Keycloak 26.7.4 leaves others out, 26.4.0 lists them all. */
export function isAdvertised({ attributes, protocol }: ClientScope): boolean {
  return protocol === 'openid-connect' && attributes['include.in.openid.provider.metadata'] !== 'false';
}

/**
 * The scopes of a client that mcpkc makes, without those of the MCP server. They are those of any client of the realm,
 * without those that carry an audience. `asked`: scopes that its product asks for at every sign-in.
 */
export function plainScopes(
  snapshot: Pick<RealmSnapshot, 'scopes' | 'defaultScopes' | 'optionalScopes'>,
  asked: readonly string[],
): PlainScopes {
  const plain = snapshot.scopes.filter(isPlain).map(({ name }) => name);
  const defaults = [...snapshot.defaultScopes, BASIC].filter((name) => plain.includes(name));
  const offline = snapshot.scopes.filter((scope) => scope.name === OFFLINE && isAdvertised(scope));
  const optionals = [...snapshot.optionalScopes, ...asked, ...offline.map(({ name }) => name)];
  return {
    defaults: [...new Set(defaults)].sort(),
    optionals: [...new Set(optionals)]
      .filter((name) => plain.includes(name) && !defaults.includes(name))
      .sort(),
  };
}
