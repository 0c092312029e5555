import type { Keycloak } from '../connection/connect.ts';

/** An authorization server's public description of itself (RFC 8414, OpenID Connect Discovery). */
export interface IssuerMetadata {
  /** The address where it was read. */
  url: string;
  issuer: string;
  /** Whether it takes client id metadata documents. */
  cimd: boolean;
  /** Ways to authenticate at the token endpoint; undefined where it names none. */
  authMethods: string[] | undefined;
  /** `scopes_supported`: names of the realm's client scopes. */
  scopes: string[];
}

/** The answers of the two addresses: the public issuer, and the address that administration is done at. */
export interface PublicFace {
  /** Undefined where nobody answered there with metadata: the address may not be reachable from this machine. */
  atIssuer: IssuerMetadata | undefined;
  atKeycloak: IssuerMetadata | undefined;
}

/** Reads both, without a token. */
export async function readPublicFace(keycloak: Keycloak, issuer: string | undefined): Promise<PublicFace> {
  const { server, realm } = keycloak;
  const here = `${server}/realms/${encodeURIComponent(realm)}`;
  const [atIssuer, atKeycloak] = await Promise.all([
    issuer === undefined ? undefined : readMetadata(keycloak, issuer),
    issuer === here ? undefined : readMetadata(keycloak, here),
  ]);
  return issuer === here ? { atIssuer, atKeycloak: atIssuer } : { atIssuer, atKeycloak };
}

async function readMetadata(keycloak: Keycloak, issuer: string): Promise<IssuerMetadata | undefined> {
  const url = `${issuer}/.well-known/openid-configuration`;
  try {
    // biome-ignore lint/style/noRestrictedGlobals: keycloak/ sends requests.
    const answer = await fetch(url, { ...keycloak.options, headers: { accept: 'application/json' } });
    const body = (await answer.json()) as Record<string, unknown>;
    if (answer.status !== 200 || typeof body.issuer !== 'string') return undefined;
    const methods = body.token_endpoint_auth_methods_supported;
    return {
      url,
      issuer: body.issuer,
      cimd: body.client_id_metadata_document_supported === true,
      authMethods: Array.isArray(methods) ? methods.map(String) : undefined,
      scopes: Array.isArray(body.scopes_supported) ? body.scopes_supported.map(String) : [],
    };
  } catch {
    if (keycloak.waiting.signal.aborted) throw keycloak.waiting.signal.reason;
    return undefined;
  }
}
