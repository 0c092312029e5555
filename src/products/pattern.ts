import { exampleRedirect, redirect } from './redirect.ts';

/** Schemes that a browser runs or reads itself: never where a sign-in may end. */
const FORBIDDEN = /^(?:javascript|data|vbscript|file|blob|about|view-source|filesystem|ftp|wss?):/i;
const LOOPBACK = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::|\/)/;
const LOOPBACK_PORT = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\]):<port>\//;

function occurrences(text: string, part: string): number {
  return text.split(part).length - 1;
}

/**
 * The fault of a redirect URI or pattern that a user wrote; undefined where there is none. It must be written as a URL
 * parser writes it, so that comparing bytes is comparing URLs.
 */
export function patternProblem(text: string): string | undefined {
  if (text.length > 2000) return 'is longer than 2,000 characters';
  if (!/^[\x21-\x7e]+$/.test(text)) return 'has blanks, control or non-ASCII characters';
  if (text.includes('*'))
    return 'has a wildcard; write <port> for the port of a loopback URI, {id} for one path segment';
  if (text.includes('%') || text.includes('\\')) return 'has an encoded character or a backslash';
  if (FORBIDDEN.test(text)) return 'has a scheme that no sign-in may end at';
  if (text.includes('<port>') && !LOOPBACK_PORT.test(text)) {
    return '<port> stands for the port of http://localhost, http://127.0.0.1 or http://[::1], followed by a path';
  }
  if (occurrences(text, '{id}') > 0 && !/^[^?]*[^/]\/\{id\}(?:[/?]|$)/.test(text)) {
    return '{id} stands for a whole path segment';
  }
  if (occurrences(text, '{id}') > 1 || occurrences(text, '<port>') > 1) return 'has a placeholder twice';
  return urlProblem(exampleRedirect(redirect(text), 40_000, 'id'));
}

function urlProblem(text: string): string | undefined {
  if (/[{}<>]/.test(text)) return 'has a bracket that is not of <port> or {id}';
  const url = URL.parse(text);
  if (url === null) return 'is no URL';
  if (url.hostname === '') return 'has no host';
  if (url.username !== '' || url.password !== '') return 'has credentials';
  if (text.includes('#')) return 'has a fragment';
  if (url.protocol === 'http:' && !LOOPBACK.test(text)) return 'is plain http to another machine';
  // A bare origin is sent without the slash that a parser adds: https://opencode.ai.
  if (url.href !== text && url.href !== `${text}/`) return `is not written as it is sent: ${url.href}`;
  if (url.hostname.endsWith('.')) return 'has a dot at the end of its host';
  return undefined;
}
