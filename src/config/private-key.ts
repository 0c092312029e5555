// biome-ignore lint/style/noRestrictedImports: parsing a key is pure.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { ValueProblem } from './values.ts';

/** The algorithm that a private key signs assertions with (RFC 7518 §3.1, RFC 8037). */
export type KeyAlgorithm = 'ES256' | 'ES384' | 'ES512' | 'PS256' | 'EdDSA';

/** Names of curves as Node shows them (OpenSSL's), with the algorithm that each is for (RFC 7518 §3.4). */
const CURVES: Readonly<Record<string, KeyAlgorithm>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

/**
 * The content of a key file: a private key in PEM, and the algorithm that it signs with. Throws ValueProblem, which
 * quotes none of it.
 */
export function parsePrivateKey(pem: string): { key: KeyObject; algorithm: KeyAlgorithm } {
  if (/ENCRYPTED/.test(pem))
    throw new ValueProblem('the key in it has a passphrase, which mcpkc can’t ask for');
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new ValueProblem('it holds no private key in PEM');
  }
  const algorithm = algorithmOf(key);
  if (algorithm === undefined)
    throw new ValueProblem(
      'its key is none to sign with: EC (P-256, P-384, P-521), RSA from 2048 bits or Ed25519',
    );
  return { key, algorithm };
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyAlgorithm | undefined {
  if (asymmetricKeyType === 'ec') return CURVES[asymmetricKeyDetails?.namedCurve ?? ''];
  if (asymmetricKeyType === 'ed25519') return 'EdDSA';
  return asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
    ? 'PS256'
    : undefined;
}
