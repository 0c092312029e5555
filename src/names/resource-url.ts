import { inputError } from '../errors.ts';
import type { Result } from '../result.ts';
import { hasBlankOrInvisible, isAddress, parseHost } from './host-name.ts';

/** The difference of two resource URLs; `case` is also another spelling of the same host (punycode, a default port). */
export type ResourceDifference = 'same' | 'slash' | 'case' | 'scheme' | 'path' | 'host';

const LONGEST = 1024;
const PARTS = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/is;
const HINT = 'Write the URL of the MCP server as clients connect to it, such as https://mcp.example.com/mcp.';

const fault = (problem: string, fix = HINT): Result<string> => ({ problem, fix });

/**
 * The canonical spelling of a resource (RFC 8707, RFC 9728), byte for byte as given, but for four things. Scheme and
 * host are in lower case, IDN is punycode, a default port is left out, and so is the slash after a bare origin. A
 * token's audience is compared as text, so nothing else may change. With `bareHost`, a host alone means
 * `https://<host>/mcp`. Throws INPUT_INVALID for other texts: fragment, query, credentials, dot segments, blanks, other
 * schemes.
 */
export function canonicalResource(text: string, options: { bareHost?: boolean } = {}): string {
  const read = parseResource(text, options);
  if ('value' in read) return read.value;
  throw inputError('Resource', read.problem, read.fix);
}

/** As `canonicalResource`, for callers that collect problems; never throws. */
export function parseResource(
  text: string,
  { bareHost = false }: { bareHost?: boolean } = {},
): Result<string> {
  if (text === '') return fault('it is empty');
  if (text.length > LONGEST) return fault(`it is longer than ${LONGEST} characters`);
  if (hasBlankOrInvisible(text)) return fault('it has a blank, or a character that can’t be seen');
  if (text.includes('\\')) return fault('it has a backslash');
  const parts = PARTS.exec(text);
  if (!parts) {
    const read = bareHost ? parseHost(text) : undefined;
    if (read !== undefined && 'value' in read) return { value: `https://${read.value}/mcp` };
    // A port or a path makes it more than a host.
    return read === undefined || /[:/]/.test(text)
      ? fault('it is not a full URL: start it with https://')
      : read;
  }
  const [, scheme = '', authority = '', path = '', query, fragment] = parts;
  if (!/^https?$/i.test(scheme)) return fault('its scheme is neither https nor http');
  if (authority.includes('@')) return fault('it has a user name or a password');
  if (fragment !== undefined) return fault('it has a fragment (#…)');
  if (query !== undefined) return fault('it has a query (?…)');
  const host = readAuthority(scheme.toLowerCase(), authority);
  if ('problem' in host) return host;
  const problem = pathProblem(path);
  if (problem !== undefined) return fault(problem);
  return { value: `${scheme.toLowerCase()}://${host.value}${path === '/' ? '' : path}` };
}

/** Host and port, canonical; `url` is the authority alone. */
function readAuthority(scheme: string, authority: string): Result<string> {
  const [, name = '', port = ''] = /^(.*?)(?::(\d*))?$/.exec(authority) ?? [];
  if (name === '') return fault('it has no host');
  if (name.endsWith('.'))
    return fault('its host ends with a dot', 'Write the host without the dot at its end.');
  const read = parseHost(name);
  if ('problem' in read) return fault(`in its host: ${read.problem}`, read.fix);
  if (name.includes(':') && !name.startsWith('['))
    return fault('an IPv6 address in a URL stands in brackets');
  if (port === '') return { value: read.value };
  const number = Number(port);
  if (number < 1 || number > 65_535) return fault('its port is not between 1 and 65535');
  return { value: number === (scheme === 'https' ? 443 : 80) ? read.value : `${read.value}:${number}` };
}

function pathProblem(path: string): string | undefined {
  if (/%(?![0-9a-f]{2})/i.test(path)) return 'its path has a % that no two hexadecimal digits follow';
  if (!/^[\w\-.~!$&'()*+,;=:@%/]*$/.test(path)) {
    return 'its path has a character that must be percent-encoded (RFC 3986)';
  }
  if (path.split('/').some((segment) => /^\.{1,2}$/.test(segment.replaceAll(/%2e/gi, '.')))) {
    return 'its path has a . or .. segment';
  }
  return undefined;
}

/** The host of a canonical resource as Keycloak's Trusted Hosts policy compares it: an IPv6 address in brackets. */
export function trustedHost(url: string): string {
  return new URL(url).hostname;
}

/**
 * A short name for a resource, for `mcp-resource-<alias>`: the first label of its host, of an address all of it with
 * dashes. At least one and at most 40 characters of a–z, 0–9 and `-`, none of the outer ones a dash.
 */
export function aliasOf(url: string): string {
  const { hostname } = new URL(url);
  const label = isAddress(hostname) ? hostname : (hostname.split('.')[0] ?? '');
  const plain = label.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
  const alias = plain.replace(/^-+/, '').slice(0, 40).replace(/-+$/, '');
  return alias === '' ? 'resource' : alias;
}

/**
 * The difference of two resource URLs as texts; the first that applies of: host (with port), scheme, slash at the end,
 * case, path. Either may be anything that stands in Keycloak: a text that isn't a resource URL has another host.
 */
export function differenceOf(a: string, b: string): ResourceDifference {
  if (a === b) return 'same';
  const [one, other] = [loose(a), loose(b)];
  if (!one || !other || one.authority !== other.authority) return 'host';
  if (one.scheme !== other.scheme) return 'scheme';
  if (one.path === other.path) return 'case';
  if (one.path.replace(/\/$/, '') === other.path.replace(/\/$/, '')) return 'slash';
  return one.path.toLowerCase() === other.path.toLowerCase() ? 'case' : 'path';
}

function loose(text: string): { scheme: string; authority: string; path: string } | undefined {
  const [, scheme = '', authority = '', path = '', query = '', fragment = ''] = PARTS.exec(text) ?? [];
  if (!/^https?$/i.test(scheme)) return undefined;
  const read = readAuthority(scheme.toLowerCase(), authority);
  if ('problem' in read) return undefined;
  return { scheme: scheme.toLowerCase(), authority: read.value, path: path + query + fragment };
}
