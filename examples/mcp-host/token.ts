/** Access tokens: what makes one good for this host, and which words tell that it isn't. */
import type { AuthInfo } from '@modelcontextprotocol/server';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { type Issuer, IssuerUnavailable } from './issuer.ts';

/** The token is no good. The message goes to the client as `error_description`. */
export class InvalidToken extends Error {
  /** One word for the log. */
  readonly reason: 'malformed' | 'signature' | 'algorithm' | 'issuer' | 'audience' | 'expired' | 'claims';

  constructor(reason: InvalidToken['reason'], message: string) {
    super(message);
    this.name = 'InvalidToken';
    this.reason = reason;
  }
}

/** Asymmetric only: with HS256 the issuer's public key would do as a secret. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'];
export const CLOCK_TOLERANCE_SECONDS = 5;

export type VerifyToken = (token: string) => Promise<AuthInfo>;

/** Makes the check: signature by the issuer's keys, `iss`, `exp`, and one of the audiences. */
export function tokenVerifier(issuerUrl: string, audiences: string[], issuer: Issuer): VerifyToken {
  return async (token) => {
    const { payload } = await jwtVerify(
      token,
      async (header, input) => {
        const keys = await issuer.keys();
        return keys(header, input);
      },
      {
        algorithms: ALGORITHMS,
        issuer: issuerUrl,
        audience: audiences,
        requiredClaims: ['exp'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      },
    ).catch((error: unknown) => {
      throw translate(error, audiences);
    });
    // Keycloak signs ID tokens with the same keys; an audience that is a client id would let them in.
    if (typeof payload.typ === 'string' && payload.typ !== 'Bearer') {
      throw new InvalidToken('claims', `This is a token of type ${payload.typ}, not an access token`);
    }
    return authInfo(token, payload);
  };
}

function authInfo(token: string, payload: JWTPayload): AuthInfo {
  return {
    token,
    clientId: typeof payload.azp === 'string' ? payload.azp : '',
    scopes: typeof payload.scope === 'string' ? payload.scope.split(' ').filter(Boolean) : [],
    expiresAt: payload.exp ?? 0,
    extra: { sub: payload.sub, azp: payload.azp, aud: payload.aud, tools: payload.tools },
  };
}

function translate(error: unknown, audiences: string[]): Error {
  if (error instanceof IssuerUnavailable) return error;
  if (error instanceof errors.JWTExpired) return new InvalidToken('expired', 'The token has expired');
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') {
      return new InvalidToken('audience', `The token's audience does not contain ${audiences.join(' or ')}`);
    }
    if (error.claim === 'iss') return new InvalidToken('issuer', 'The token comes from another issuer');
    return new InvalidToken('claims', `The token's claim ${error.claim} is missing or not valid`);
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return new InvalidToken('algorithm', 'The token is signed with an algorithm that is not accepted');
  }
  if (
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  ) {
    return new InvalidToken('signature', "The token's signature is not by a key of the issuer");
  }
  if (
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JOSENotSupported
  ) {
    return new InvalidToken('malformed', 'The token is no signed JWT');
  }
  return new IssuerUnavailable(error);
}
