import { inputError } from '../errors.ts';
import type { Result } from '../result.ts';
import { hasInvisible } from '../text.ts';

const fault = (problem: string, fix = 'Write a host name such as mcp.example.com.'): Result<string> => ({
  problem,
  fix,
});

/** Whether a text that is one word has a blank, or a character that can't be seen. */
export function hasBlankOrInvisible(text: string): boolean {
  return text.includes(' ') || hasInvisible(text);
}

const WILDCARD_FIX =
  'A wildcard is the whole first label: *.example.com covers example.com and every name below it.';

/**
 * A host for Keycloak's Trusted Hosts policy: lower case, IDN as punycode, no dot at the end; of a URL its host.
 * `*.example.com` is allowed; an IPv6 address comes out in brackets, since Keycloak compares with Java's
 * `URI.getHost()`, which keeps them. Names with underscores pass (Keycloak looks at no character). Only ASCII comes
 * out. Throws INPUT_INVALID, which shows the fault: ports, paths, blanks, credentials, wildcards elsewhere, lengths.
 */
export function normaliseHost(text: string): string {
  const read = readPattern(text);
  if ('value' in read) return read.value;
  throw inputError('Trusted host', read.problem, read.fix);
}

function readPattern(text: string): Result<string> {
  if (text === '') return fault('it is empty');
  if (hasBlankOrInvisible(text)) return fault('it has a blank, or a character that can’t be seen');
  const url = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(text);
  const name = url ? (url[1] ?? '').replace(/:\d*$/, '') : text;
  if (name.includes('@')) return fault('it has a user name or a password in front of the host');
  if (name.includes('\\')) return fault('it has a backslash');
  if (/[/?#]/.test(name))
    return fault('it has a path', 'Write the host alone, or a whole URL with https:// in front.');
  if (name === '*') return fault('a lone * would trust every host', WILDCARD_FIX);
  if (!name.startsWith('*.')) return parseHost(name);
  const rest = parseHost(name.slice(2));
  if ('problem' in rest) return rest;
  if (isAddress(rest.value))
    return fault('a wildcard in front of an address means nothing', 'Write the address alone.');
  if (rest.value.length > 251) return fault('it is longer than 253 characters');
  return { value: `*.${rest.value}` };
}

/** Whether a host, as `parseHost` gives it, is an IPv4 address or an IPv6 address in brackets. */
export function isAddress(host: string): boolean {
  return host.startsWith('[') || /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
}

/**
 * Reads one host without port or wildcard: lower case, punycode, no dot at the end, IPv6 in brackets and in its shortest
 * spelling. Never throws.
 */
export function parseHost(text: string): Result<string> {
  if (text === '') return fault('it is empty');
  if (hasBlankOrInvisible(text)) return fault('it has a blank, or a character that can’t be seen');
  if (/^\[.*\]$/.test(text) || (/^[0-9a-f:.]+(?:%.*)?$/i.test(text) && /:.*:/.test(text)))
    return readIpv6(text);
  if (/:\d*$/.test(text)) {
    return fault('it has a port', 'Keycloak compares hosts without a port: leave the port out.');
  }
  if (text.includes('*')) return fault('it has a * that is not its first label', WILDCARD_FIX);
  const forbidden = /[%:@/\\?#[\]]/.exec(text);
  if (forbidden) return fault(`it has a ${forbidden[0]}, which no host name has`);
  const host = asciiName(text);
  if (host === undefined) return fault('it is not a host name');
  if (isAddress(host) && host !== text) {
    return fault('it is an address in an unusual spelling', `Write it as four decimal numbers: ${host}`);
  }
  return checkLabels(host);
}

/** Lower case and punycode as browsers make them (UTS 46), without a dot at the end; undefined where it can't be one. */
function asciiName(text: string): string | undefined {
  try {
    return new URL(`https://${text}/`).hostname.replace(/\.$/, '');
  } catch {
    return undefined;
  }
}

function readIpv6(text: string): Result<string> {
  const bare = text.replace(/^\[|\]$/g, '');
  if (bare.includes('%'))
    return fault('it has an IPv6 zone', 'A zone means something on one machine only: leave it out.');
  const written = `https://[${bare}]/`;
  // Of other characters than an address has, a URL makes user names, paths and hosts of their own.
  if (!/^[0-9a-f:.]+$/i.test(bare) || !URL.canParse(written))
    return fault('it is not an IPv6 address', 'Write an address such as [2001:db8::1], without a port.');
  return { value: new URL(written).hostname };
}

function checkLabels(host: string): Result<string> {
  if (host === '') return fault('it is empty');
  if (host.length > 253) return fault('it is longer than 253 characters');
  for (const label of host.split('.')) {
    if (label === '') {
      const fix = host.startsWith('.') ? WILDCARD_FIX : undefined;
      return fault('it has an empty label (a dot at the start, or two in a row)', fix);
    }
    if (label.length > 63) return fault('one of its labels is longer than 63 characters');
    if (!/^[a-z0-9_-]+$/.test(label)) return fault('it has a character that no host name has');
    if (/^-|-$/.test(label)) return fault('one of its labels starts or ends with a hyphen');
  }
  return { value: host };
}
