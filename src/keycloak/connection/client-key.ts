// biome-ignore lint/style/noRestrictedImports: reading the public part of a key is pure.
import { createPublicKey } from 'node:crypto';
import { parsePrivateKey } from '../../config/private-key.ts';

/** The life of an assertion, in seconds: one request. Keycloak refuses more than a minute's age (26.7.3). */
const LIFE_SECONDS = 60;

/** A key pair for an account: the private part as PEM (PKCS #8), the public one as Keycloak keeps it. */
export interface ClientKey {
  /** Never print it. */
  pem: string;
  /** A JWK set as JSON, with this key alone (client attribute `jwks.string`). */
  jwks: string;
}

/**
 * A new key pair for ES256, which client policies of FAPI take too. As `jwks.string`, since `jwt.credential.public.key`
 * takes neither EC nor PS256 (Keycloak 26.7.3: "Unable to load public key").
 */
export async function makeClientKey(): Promise<ClientKey> {
  const { exportPKCS8, generateKeyPair } = await import('jose');
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const pem = await exportPKCS8(privateKey);
  return { pem: pem.endsWith('\n') ? pem : `${pem}\n`, jwks: await derivePublicPart(pem) };
}

/** The public part of a private key as a JWK set; its `kid` is its thumbprint (RFC 7638). */
export async function derivePublicPart(pem: string): Promise<string> {
  const { exportJWK, calculateJwkThumbprint } = await import('jose');
  const { key, algorithm } = parsePrivateKey(pem);
  const jwk = await exportJWK(createPublicKey(key));
  const kid = await calculateJwkThumbprint(jwk);
  return JSON.stringify({ keys: [{ ...jwk, kid, use: 'sig', alg: algorithm }] });
}

/**
 * A signed assertion by which a client proves who it is (RFC 7523 §2.2, `private_key_jwt`). Each is taken once: a request
 * that is repeated needs a new one. `audience` is the issuer: Keycloak takes one audience alone (26.7.3).
 */
export async function signAssertion(
  pem: string,
  clientId: string,
  audience: string,
  nowMs: number,
): Promise<string> {
  const { SignJWT } = await import('jose');
  const { key, algorithm } = parsePrivateKey(pem);
  const [part] = (JSON.parse(await derivePublicPart(pem)) as { keys: { kid: string }[] }).keys;
  const now = Math.floor(nowMs / 1000);
  return new SignJWT({})
    .setProtectedHeader({ alg: algorithm, typ: 'JWT', kid: part?.kid ?? '' })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(audience)
    .setJti(crypto.randomUUID())
    .setIssuedAt(now)
    .setExpirationTime(now + LIFE_SECONDS)
    .sign(key);
}
