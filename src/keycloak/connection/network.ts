import { McpkcError } from '../../errors.ts';

/** The codes of Node's and undici's network failures: the request never reached the server. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The code of the network failure at the bottom of a `fetch` failure, where it is one. */
export function networkCode(error: unknown): string | undefined {
  let at: unknown = error;
  for (let depth = 0; at instanceof Error && depth < 5; depth++) {
    if (at.name === 'TimeoutError') return 'TIMEOUT';
    const { code } = at as NodeJS.ErrnoException;
    // undici's own patience (five minutes), where --request-timeout is longer.
    if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return 'TIMEOUT';
    if (typeof code === 'string') return code;
    if (at.message === 'bad port') return 'BAD_PORT';
    at = at instanceof AggregateError ? at.errors[0] : at.cause;
  }
  return error instanceof TypeError && error.message === 'fetch failed' ? 'UNKNOWN' : undefined;
}

/** Whether the request certainly never reached the server, so that sending it again is safe whatever it was. */
export function neverSent(code: string | undefined): boolean {
  return code !== undefined && NEVER_SENT.has(code);
}

/** What the codes of TLS failures mean, as the end of a sentence about a server. */
export const TLS_PROBLEMS: Record<string, string> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'a certificate in its chain is self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the authority that signed its certificate is unknown here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the authority that signed its certificate is unknown here',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it speaks plain http at this port',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it speaks plain http at this port',
};

/** A network failure as a sentence: unreachable, time-out, TLS, a port that `fetch` refuses. */
export function networkFailure(server: string, code: string, error: unknown): McpkcError {
  const options = { cause: error, details: { network: code } };
  if (code === 'TIMEOUT') {
    const hint = 'Is it overloaded? --request-timeout 60s waits longer.';
    return new McpkcError('KEYCLOAK_TIMEOUT', `${server} did not answer in time.`, hint, options);
  }
  if (code === 'BAD_PORT') {
    const message = `${server}: Node’s fetch refuses this port (WHATWG Fetch, "port blocking").`;
    return new McpkcError('PORT_BLOCKED', message, 'Give Keycloak another port, such as 8080.', options);
  }
  const tls =
    TLS_PROBLEMS[code] ?? (code.startsWith('CERT_') || code.startsWith('ERR_SSL') ? code : undefined);
  if (tls !== undefined) {
    const hint =
      'Name the authority’s PEM file with --ca-file, or mend the certificate or the URL (KC_SERVER).';
    return new McpkcError('TLS_FAILED', `${server}: no trusted connection, ${tls}.`, hint, options);
  }
  const why: Record<string, string> = {
    ECONNREFUSED: 'nothing listens there (connection refused)',
    ENOTFOUND: 'there is no such host',
    EAI_AGAIN: 'the host’s name can’t be looked up now',
    ECONNRESET: 'the connection was cut',
    UND_ERR_SOCKET: 'the connection was cut',
  };
  const message = `Keycloak can’t be reached at ${server}: ${why[code] ?? code}.`;
  const hint = 'Is it running, and is KC_SERVER right? --wait 60s waits for one that is still starting.';
  return new McpkcError('KEYCLOAK_UNREACHABLE', message, hint, options);
}
