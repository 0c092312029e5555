import { McpkcError } from '../../errors.ts';
import { visible } from '../../text.ts';

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
export function isNeverSent(code: string | undefined): boolean {
  return code !== undefined && NEVER_SENT.has(code);
}

/** Whether a TLS failure means that nobody here knows who signed the certificate. */
export function isUnknownAuthority(code: string | undefined): boolean {
  return (
    code === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' ||
    code === 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' ||
    code === 'SELF_SIGNED_CERT_IN_CHAIN' ||
    code === 'DEPTH_ZERO_SELF_SIGNED_CERT'
  );
}

/** The names that a certificate is for, as Node's failure of the wrong name holds them; at most ten. */
function namesOfCertificate(error: unknown): string[] {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; depth++, at = at.cause) {
    const { cert } = at as { cert?: { subjectaltname?: unknown; subject?: { CN?: unknown } } };
    if (cert === undefined) continue;
    const alternative = typeof cert.subjectaltname === 'string' ? cert.subjectaltname : '';
    const names = alternative.split(', ').flatMap((one) => /^(?:DNS|IP Address):(.+)$/.exec(one)?.[1] ?? []);
    // RFC 6125 §6.4.4: the common name counts only where there is no alternative name; shown it is of use anyway.
    const all = names.length > 0 ? names : [cert.subject?.CN].filter((one) => typeof one === 'string');
    return all.slice(0, 10).map((one) => visible(one));
  }
  return [];
}

/** Meanings of the codes of TLS failures, each as the end of a sentence about a server. */
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
export function networkError(server: string, code: string, error: unknown, proxy?: URL): McpkcError {
  const options = { cause: error, details: { network: code } };
  if (proxy !== undefined && isProxys(error, code, proxy))
    return proxyFailedError(server, code, error, proxy);
  if (code === 'TIMEOUT') {
    const fix = 'Is it overloaded? --request-timeout 60s waits longer.';
    return new McpkcError('KEYCLOAK_TIMEOUT', `${server} did not answer in time.`, fix, options);
  }
  if (code === 'BAD_PORT') {
    const message = `${server}: Node’s fetch refuses this port (WHATWG Fetch, port blocking).`;
    return new McpkcError('PORT_BLOCKED', message, 'Start Keycloak on another port, such as 8080.', options);
  }
  const tls =
    TLS_PROBLEMS[code] ?? (code.startsWith('CERT_') || code.startsWith('ERR_SSL') ? code : undefined);
  if (tls !== undefined) {
    const names = code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? namesOfCertificate(error) : [];
    if (names.length > 0) {
      const message = `${server}: no trusted connection, its certificate is for another name (it is for ${names.join(', ')}).`;
      const fix = 'Use a URL with one of these names (KC_SERVER), or install a certificate for this one.';
      return new McpkcError('TLS_FAILED', message, fix, { ...options, details: { network: code, names } });
    }
    const fix =
      'Name the authority’s PEM file with --ca-file, or fix the certificate or the URL (KC_SERVER).';
    return new McpkcError('TLS_FAILED', `${server}: no trusted connection, ${tls}.`, fix, options);
  }
  const why: Record<string, string> = {
    ECONNREFUSED: 'nothing listens there (connection refused)',
    ENOTFOUND: 'there is no such host',
    EAI_AGAIN: 'the host’s name can’t be looked up now',
    ECONNRESET: 'the connection was cut',
    UND_ERR_SOCKET: 'the connection was cut',
  };
  const message = `Keycloak can’t be reached at ${server}: ${why[code] ?? code}.`;
  const fix = 'Is it running, and is KC_SERVER right? --wait 60s waits for one that is still starting.';
  return new McpkcError('KEYCLOAK_UNREACHABLE', message, fix, options);
}

/** Whether it was the proxy that failed and not the server behind it: undici names the one that it could not reach. */
function isProxys(error: unknown, code: string, proxy: URL): boolean {
  const port = Number(proxy.port || (proxy.protocol === 'https:' ? 443 : 80));
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; depth++) {
    const { port: asked, hostname, message } = at as { port?: unknown; hostname?: unknown; message: string };
    if (/^Proxy response \(\d+\)/.test(message)) return true;
    if (hostname === proxy.hostname) return true;
    if (isNeverSent(code) && asked === port) return true;
    if (code === 'UND_ERR_CONNECT_TIMEOUT' && message.includes(`:${port}`)) return true;
    at = at instanceof AggregateError ? at.errors[0] : at.cause;
  }
  return false;
}

function proxyFailedError(server: string, code: string, error: unknown, proxy: URL): McpkcError {
  const where = `${proxy.protocol}//${proxy.host}`;
  const why: Record<string, string> = {
    ECONNREFUSED: 'nothing listens there (connection refused)',
    ENOTFOUND: 'there is no such host',
    EAI_AGAIN: 'its name can’t be looked up now',
    UND_ERR_CONNECT_TIMEOUT: 'it doesn’t answer',
  };
  const message = `The proxy ${where} can’t be reached, on the way to ${server}: ${why[code] ?? proxyAnswer(error) ?? code}.`;
  const fix =
    'Correct or unset HTTPS_PROXY (HTTP_PROXY for plain http), or name the server in NO_PROXY if it is reached directly.';
  return new McpkcError('KEYCLOAK_UNREACHABLE', message, fix, {
    cause: error,
    details: { network: code, proxy: where },
  });
}

/** A proxy's answer to the request for a tunnel. */
function proxyAnswer(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; depth++, at = at.cause) {
    const status = /^Proxy response \((\d+)\)/.exec(at.message)?.[1];
    if (status === '407') return 'it wants a name and a password (407)';
    if (status !== undefined) return `it answers ${status} to the request for a tunnel`;
  }
  return undefined;
}
