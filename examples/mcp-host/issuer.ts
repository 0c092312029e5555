/** The issuer as this host sees it: where its keys are, found when first needed. */
import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';

/** The issuer can't be asked for its keys right now. Says nothing about the token: the answer is 503, never 401. */
export class IssuerUnavailable extends Error {
  constructor(cause: unknown) {
    super(`The issuer can't be asked for its keys: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
    this.name = 'IssuerUnavailable';
  }
}

export interface Issuer {
  /** URL of the issuer's metadata. Keycloak serves it here with every relative path and in every version. */
  metadataUrl: string;
  /** The issuer's keys. The first call discovers them; a failure is not remembered, so a late issuer is no problem. */
  keys(): Promise<JWTVerifyGetKey>;
}

const TIMEOUT_MS = 5000;

export function createIssuer(issuer: string): Issuer {
  const metadataUrl = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  let pending: Promise<JWTVerifyGetKey> | undefined;

  async function discover(): Promise<JWTVerifyGetKey> {
    const response = await fetch(metadataUrl, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new Error(`${metadataUrl} answered ${response.status}`);
    const metadata = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
    if (metadata.issuer !== issuer) {
      throw new Error(`it calls itself ${JSON.stringify(metadata.issuer)}; OIDC_ISSUER must be exactly that`);
    }
    if (typeof metadata.jwks_uri !== 'string') throw new Error('its metadata has no jwks_uri');
    return createRemoteJWKSet(new URL(metadata.jwks_uri), { timeoutDuration: TIMEOUT_MS });
  }

  return {
    metadataUrl,
    keys() {
      pending ??= discover().catch((cause: unknown) => {
        pending = undefined;
        throw new IssuerUnavailable(cause);
      });
      return pending;
    },
  };
}
