import type { JWK } from 'jose';
import { toObject } from './exchange.ts';

/** The difference that clocks may have, in seconds. */
export const LEEWAY_S = 30;

/** Asymmetric only: with HS256 the issuer's public key would do as a secret. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** The claims of a signed token, and whether it is as it should be. */
export interface Verified {
  claims: Readonly<Record<string, unknown>>;
  algorithm: string;
  /** The fault; undefined where it is good. */
  problem: string | undefined;
}

/** Verifies signature, issuer and times (leeway 30 s) of a token; never throws. */
export async function verifyToken(
  token: string,
  jwks: unknown,
  issuer: string | undefined,
  now: number,
): Promise<Verified> {
  const { createLocalJWKSet, decodeJwt, decodeProtectedHeader, errors, jwtVerify } = await import('jose');
  let claims: Record<string, unknown>;
  let algorithm: string;
  try {
    claims = decodeJwt(token);
    algorithm = String(decodeProtectedHeader(token).alg);
  } catch {
    return { claims: {}, algorithm: 'none', problem: 'it is not a signed JWT' };
  }
  if (!ALGORITHMS.includes(algorithm)) {
    return { claims, algorithm, problem: `it is signed with ${algorithm}, which hosts must not accept` };
  }
  try {
    const keys = createLocalJWKSet(toObject(jwks) as { keys: JWK[] });
    await jwtVerify(token, keys, {
      algorithms: ALGORITHMS,
      clockTolerance: LEEWAY_S,
      currentDate: new Date(now),
      ...(issuer === undefined ? {} : { issuer }),
    });
    return { claims, algorithm, problem: undefined };
  } catch (error) {
    if (error instanceof errors.JWTExpired)
      return { claims, algorithm, problem: 'it has expired by this machine’s clock' };
    if (error instanceof errors.JWTClaimValidationFailed) {
      return {
        claims,
        algorithm,
        problem: `its ${error.claim} is ${String(claims[error.claim])}, which is wrong here`,
      };
    }
    return { claims, algorithm, problem: 'its signature is by none of the keys in the JWKS' };
  }
}
