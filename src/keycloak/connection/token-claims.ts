/** The claims of a token. Nobody verified them, so they decide nothing but words and what an account may read. */
export type Claims = Readonly<Record<string, unknown>>;

/** The claims of a JWT (RFC 7519 §7.2, without its signature); undefined for an opaque token. */
export function readClaims(token: string): Claims | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return isRecord(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}

/** `aud` as a list (RFC 7519 §4.1.3: a text or a list of texts). */
export function audiencesIn(claims: Claims | undefined): string[] {
  return [claims?.aud].flat().filter((one): one is string => typeof one === 'string');
}

/** Roles of a client in `resource_access`; undefined where the token names no roles of clients at all. */
export function clientRolesIn(claims: Claims | undefined, client: string): string[] | undefined {
  const access = claims?.resource_access;
  if (!isRecord(access)) return undefined;
  const own = access[client];
  return isRecord(own) ? texts(own.roles) : [];
}

/** Roles of the realm in `realm_access`. */
export function realmRolesIn(claims: Claims | undefined): string[] {
  return isRecord(claims?.realm_access) ? texts(claims.realm_access.roles) : [];
}

/** The names in `scope` (RFC 9068 §2.2.3). */
export function scopesIn(claims: Claims | undefined): string[] {
  return typeof claims?.scope === 'string' ? claims.scope.split(' ').filter((name) => name !== '') : [];
}

/**
 * The URLs of the admin API among a token's audiences. The client scope `kc-admin-api` puts one there (Keycloak
 * 26.8.2, upgrading guide); before 26.8.2 no token has one.
 */
export function adminAudiencesIn(claims: Claims | undefined): string[] {
  return audiencesIn(claims).filter(
    (one) => URL.canParse(one) && /\/admin(?:\/|$)/.test(new URL(one).pathname),
  );
}

/** The binding of a token to its sender: by DPoP (RFC 9449 §6) or by a certificate (RFC 8705 §3.1). */
export function bindingOf(claims: Claims | undefined): 'DPoP' | 'a certificate' | undefined {
  const cnf = claims?.cnf;
  if (!isRecord(cnf)) return undefined;
  if ('jkt' in cnf) return 'DPoP';
  return 'x5t#S256' in cnf ? 'a certificate' : undefined;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
