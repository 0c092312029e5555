import type { Keycloak } from './connect.ts';

/** What mcpkc's own access token says of its account. */
export interface OwnToken {
  /** Its roles in the client that administers this realm; undefined where the token tells none. */
  roles: string[] | undefined;
  /** Its roles in its own realm. */
  realmRoles: string[];
  /** The administrator of all realms: an account in `master` with the role `admin`. */
  superuser: boolean;
  audiences: string[];
}

type Claims = Record<string, unknown>;

/** Reads the token that administration is done with. The token itself is never given away. */
export async function readOwnToken(keycloak: Keycloak): Promise<OwnToken> {
  const claims = claimsOf((await keycloak.admin.getAccessToken()) ?? '');
  const access = (claims.resource_access ?? {}) as Record<string, { roles?: unknown } | undefined>;
  const { aud } = claims;
  const realmRoles = texts((claims.realm_access as { roles?: unknown } | undefined)?.roles);
  return {
    roles: claims.resource_access === undefined ? undefined : texts(access[keycloak.place.roleClient]?.roles),
    realmRoles,
    superuser: keycloak.accountRealm === 'master' && realmRoles.includes('admin'),
    audiences: typeof aud === 'string' ? [aud] : texts(aud),
  };
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function claimsOf(token: string): Claims {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as Claims;
  } catch {
    // An opaque token: then nothing is known of the account beside what it may read.
    return {};
  }
}
