/**
 * The patterns of redirect URIs that Keycloak holds a registration against: Java regular expressions that match a whole
 * URI (executor `secure-client-uris-pattern`). One that doesn't compile is ignored silently (26.7.4), so they are only
 * made here, of what both languages read alike.
 */

const SPECIAL = /[.*+?^${}()|[\]\\]/g;

/** A text as a regular expression that matches nothing else. */
export function escapeLiteral(text: string): string {
  return text.replace(SPECIAL, '\\$&');
}

const ANY_SCHEME = '[A-Za-z][A-Za-z0-9+.-]*://';
const ANY_LABELS = '([A-Za-z0-9_-]+\\.)*';
const ANY_REST = '(:[0-9]+)?([/?].*)?';

/**
 * The pattern of everything at an entry of Trusted Hosts: any scheme, port, path and query, wildcards too. Keycloak's
 * policy lets the same register without patterns. `*.x` is x and everything below it.
 */
export function hostExpression(entry: string): string {
  const host = entry.startsWith('*.')
    ? `${ANY_LABELS}${escapeLiteral(entry.slice(2))}`
    : escapeLiteral(entry);
  return `${ANY_SCHEME}${host}${ANY_REST}`;
}

/** The entry of Trusted Hosts that a pattern opens whole; undefined for any other pattern. */
export function hostOpenedBy(expression: string): string | undefined {
  if (!expression.startsWith(ANY_SCHEME) || !expression.endsWith(ANY_REST)) return undefined;
  const middle = expression.slice(ANY_SCHEME.length, -ANY_REST.length);
  const below = middle.startsWith(ANY_LABELS);
  const entry = `${below ? '*.' : ''}${plain(below ? middle.slice(ANY_LABELS.length) : middle)}`;
  return hostExpression(entry) === expression ? entry : undefined;
}

/** The host of the URIs that a pattern lets in, where it names one; undefined for a pattern of somebody else's kind. */
export function hostOfExpression(expression: string): string | undefined {
  const opened = hostOpenedBy(expression);
  if (opened !== undefined) return opened;
  const authority = /^[a-z][a-z0-9+.-]*:\/\/((?:\\[.[\]]|[A-Za-z0-9_-]|(?<=\\\[[^\]]*):)+)/.exec(
    expression.replaceAll('\\-', '-'),
  )?.[1];
  return authority === undefined ? undefined : plain(authority);
}

function plain(text: string): string {
  return text.replace(/\\(.)/g, '$1');
}

/** Whether a pattern lets a URI in, as Keycloak does: matched whole. A pattern that doesn't compile lets none in. */
export function isLetThrough(expression: string, uri: string): boolean {
  try {
    return new RegExp(`^(?:${expression})$`, 's').test(uri);
  } catch {
    return false;
  }
}

/** The texts that stand for a port and for one path segment in a pattern. */
export const PORT_DIGITS = '[1-9][0-9]{0,4}';
export const ID_SEGMENT = '[A-Za-z0-9_-]{1,128}';

/** A pattern as an operator reads it: `anything at <host>`, or a redirect URI with `<port>` and `{id}`. */
export function readablePattern(expression: string): string {
  const opened = hostOpenedBy(expression);
  if (opened !== undefined) return `anything at ${opened}`;
  return plain(expression.replace(PORT_DIGITS, '<port>').replace(ID_SEGMENT, '{id}'));
}
