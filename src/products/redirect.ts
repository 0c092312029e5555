import { escapeLiteral, ID_SEGMENT, PORT_DIGITS } from '../realm/redirect-patterns.ts';

/** The redirect URIs of a product, as data. */
export type RedirectPattern =
  /** This URI, byte for byte. */
  | { kind: 'exact'; uri: string }
  /** A loopback URI with any port; `<port>` stands for it: `http://localhost:<port>/callback`. */
  | { kind: 'port'; uri: string }
  /** One path segment is the connection's own; `{id}` stands for it: `https://chatgpt.com/connector/oauth/{id}`. */
  | { kind: 'id'; uri: string }
  /** Both at once: `http://127.0.0.1:<port>/callback/{id}`. */
  | { kind: 'port-id'; uri: string };

const PORT = '<port>';
const ID = '{id}';

/**
 * The pattern that a text writes: `<port>` after a loopback host, `{id}` as one path segment, else the URI itself.
 * Trusts its author; what users write is judged by `patternProblem` first.
 */
export function redirect(uri: string): RedirectPattern {
  const port = uri.includes(PORT);
  const id = uri.includes(ID);
  return { kind: port && id ? 'port-id' : port ? 'port' : id ? 'id' : 'exact', uri };
}

/** The host that Keycloak's policy 'Trusted Hosts' compares: of a custom scheme its authority part. */
export function redirectHost(pattern: RedirectPattern): string {
  return new URL(exampleRedirect(pattern, 80, 'id')).hostname;
}

/** A concrete URI of a pattern, for a registration. */
export function exampleRedirect(pattern: RedirectPattern, port: number, id: string): string {
  return pattern.uri.replace(PORT, String(port)).replace(ID, id);
}

/** The pattern as Keycloak holds registrations against it: a regular expression of Java's that matches a whole URI. */
export function redirectExpression(pattern: RedirectPattern): string {
  return escapeLiteral(pattern.uri).replace(PORT, PORT_DIGITS).replace(escapeLiteral(ID), ID_SEGMENT);
}

/**
 * Whether a registered redirect URI is one of a pattern's, and nothing else. Host, path and scheme are compared byte
 * for byte. So no parser's leniency (case, encoding, dot segments, backslashes, user info) counts. A wildcard can't
 * match: Keycloak would redirect to anything below it.
 */
export function matchesRedirect(pattern: RedirectPattern, uri: string): boolean {
  if (pattern.kind === 'exact') return uri === pattern.uri;
  const match = patternExpression(pattern).exec(uri);
  if (match === null) return false;
  const port = match.groups?.port;
  return port === undefined || Number(port) <= 65_535;
}

/** Whether a URI is one of several patterns'. */
export function matchesAny(patterns: readonly RedirectPattern[], uri: string): boolean {
  return patterns.some((pattern) => matchesRedirect(pattern, uri));
}

/** Made once for each pattern: 10,000 clients are held against each. */
const expressions = new WeakMap<RedirectPattern, RegExp>();

function patternExpression(pattern: RedirectPattern): RegExp {
  const known = expressions.get(pattern);
  if (known) return known;
  const source = escapeLiteral(pattern.uri)
    .replace(PORT, `(?<port>${PORT_DIGITS})`)
    .replace(escapeLiteral(ID), ID_SEGMENT);
  const made = new RegExp(`^${source}$`);
  expressions.set(pattern, made);
  return made;
}
