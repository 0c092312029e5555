/** A stand-in for Keycloak where only tokens matter: metadata, keys, and tokens on demand. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

type Claims = Record<string, unknown>;
type SigningKey = Parameters<SignJWT['sign']>[0];

export interface FakeIssuer {
  /** The issuer, with Keycloak's relative path: `http://127.0.0.1:<port>/auth/realms/demo`. */
  issuer: string;
  /** Paths that were asked for. */
  requests: string[];
  /** An access token. What is `undefined` in `claims` is left out of the token. */
  token(claims?: Claims): Promise<string>;
  /** The same, signed by a key that the issuer doesn't publish. */
  foreignKeyToken(claims?: Claims): Promise<string>;
  stop(): Promise<void>;
}

const REALM_PATH = '/auth/realms/demo';

/** Starts the issuer. A fixed port lets it come up late, after a host that was told its URL. */
export async function startFakeIssuer(port = 0): Promise<FakeIssuer> {
  const own = await generateKeyPair('RS256');
  const foreign = await generateKeyPair('RS256');
  const jwks = { keys: [{ ...(await exportJWK(own.publicKey)), kid: 'own', alg: 'RS256', use: 'sig' }] };
  const requests: string[] = [];
  const server = createServer((req, res) => {
    const path = req.url ?? '';
    requests.push(path);
    const body = documents()[path];
    res.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    res.end(JSON.stringify(body ?? { error: 'not found' }));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer = origin + REALM_PATH;

  function documents(): Record<string, unknown> {
    const metadata = {
      issuer,
      authorization_endpoint: `${issuer}/protocol/openid-connect/auth`,
      token_endpoint: `${issuer}/protocol/openid-connect/token`,
      jwks_uri: `${issuer}/protocol/openid-connect/certs`,
      registration_endpoint: `${issuer}/clients-registrations/openid-connect`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      token_endpoint_auth_methods_supported: ['client_secret_basic'],
      authorization_response_iss_parameter_supported: true,
      code_challenge_methods_supported: ['S256', 'plain'],
    };
    return {
      [`${REALM_PATH}/.well-known/openid-configuration`]: metadata,
      [`${REALM_PATH}/.well-known/oauth-authorization-server`]: metadata,
      [`${REALM_PATH}/protocol/openid-connect/certs`]: jwks,
    };
  }

  function sign(key: SigningKey, kid: string, claims: Claims): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const payload: JWTPayload = {
      iss: issuer,
      sub: 'alice',
      azp: 'connector',
      typ: 'Bearer',
      scope: 'openid mcp-resource',
      iat: now,
      exp: now + 300,
      ...claims,
    };
    return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid, typ: 'JWT' }).sign(key);
  }

  return {
    issuer,
    requests,
    token: (claims = {}) => sign(own.privateKey, 'own', claims),
    foreignKeyToken: (claims = {}) => sign(foreign.privateKey, 'own', claims),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
