import { parseDuration } from '../duration.ts';
import { parseHost } from '../names/host-name.ts';
import { isLoopback } from '../names/loopback.ts';
import { parseResource } from '../names/resource-url.ts';
import { hasInvisible } from '../text.ts';

/** The fault of a value, to stand behind the name of its key; never quotes the value. */
export class ValueProblem extends Error {}

/** A value as it was given: text, or a list (only from the config file). */
export type Raw = string | readonly string[];

const CONTROL = /\p{Cc}/u;
const LONGEST_NAME = 255;
const LONGEST_MS = 86_400_000;

/** A value that must be one text. */
export function text(raw: Raw): string {
  if (typeof raw !== 'string') throw new ValueProblem('it must be one text');
  return raw;
}

/** A name as Keycloak keeps it: no characters that can't be seen, not even control characters, and no more than 255. */
export function plainText(raw: Raw): string {
  const value = text(raw);
  if (CONTROL.test(value)) throw new ValueProblem('it has a control character');
  if (hasInvisible(value)) throw new ValueProblem('it has a character that can’t be seen');
  if (value.length > LONGEST_NAME)
    throw new ValueProblem(`it is longer than the ${LONGEST_NAME} characters that Keycloak keeps`);
  return value;
}

/** The entries of a list, or of a text with commas; blanks around them are dropped, repeated ones too. */
export function entries(raw: Raw): string[] {
  const parts = typeof raw === 'string' ? raw.split(',') : raw;
  const trimmed = parts.map((part) => part.trim());
  if (trimmed.includes('')) throw new ValueProblem('it has an empty entry');
  return [...new Set(trimmed)];
}

/** A realm's name by Keycloak's rule: no control character and none of `& / ? # + : ; \ @ ( ) =`. */
export function realmName(raw: Raw): string {
  const name = plainText(raw);
  const forbidden = /[&/?#+:;\\@()=]/.exec(name);
  if (forbidden) throw new ValueProblem(`Keycloak refuses ${forbidden[0]} in the name of a realm`);
  if (!name.isWellFormed()) throw new ValueProblem('it is not valid Unicode');
  if (name.trim() === '' || name === '.' || name === '..')
    throw new ValueProblem('it is not a name of a realm');
  return name;
}

/** A client scope's name by Keycloak's rule: a scope token of RFC 6749 (printable ASCII without blank, `"` and `\`). */
export function scopeName(raw: Raw): string {
  const name = text(raw);
  if (!/^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/.test(name)) {
    throw new ValueProblem(
      'a scope’s name has 1 to 255 printable ASCII characters, no blank, no " and no \\',
    );
  }
  return name;
}

/**
 * Base URL of Keycloak: lower-case scheme and host, no default port, no slash at the end, path kept. A bare host, with or
 * without port and path, means https; on this machine http.
 */
export function baseUrl(raw: Raw): string {
  return keycloakUrl(withScheme(text(raw), { local: 'http' }));
}

/** The same where people reach it: a bare host means https, also a single word (`keycloak`). */
export function hostname(raw: Raw): string {
  return keycloakUrl(withScheme(text(raw), { word: true }));
}

function keycloakUrl(whole: string): string {
  const base = resource(whole.replace(/\/+$/, ''));
  if (/\/realms(\/|$)/.test(base)) {
    throw new ValueProblem('it must be the base URL of Keycloak, without /realms/…');
  }
  if (/\/admin(?:\/(?:realms|master)(\/|$)|$)/.test(base)) {
    throw new ValueProblem('it must be the base URL of Keycloak, without /admin/…');
  }
  return base;
}

/** A URL that may be a bare host, meaning https. */
export function url(raw: Raw): string {
  return resource(withScheme(text(raw)));
}

/** The MCP endpoint; a bare host means https://<host>/mcp. */
export function endpoint(raw: Raw): string {
  const whole = withScheme(text(raw));
  return resource(
    whole === raw || new URL(whole).pathname !== '/' ? whole : `${whole.replace(/\/$/, '')}/mcp`,
  );
}

/**
 * A text that begins with a host gets a scheme; anything else is left as it is, to be judged later. A single word is a
 * host only with a port, as localhost, or where `word` is set.
 */
function withScheme(value: string, how: { word?: boolean; local?: 'http' } = {}): string {
  const [, host = '', port = '', path = ''] =
    /^(\[[^\]]*\]|[^/?#@:]*)(:\d{1,5})?(\/[^?#]*)?$/.exec(value) ?? [];
  const whole = `https://${host}${port}${path}`;
  if (host === '' || !('value' in parseHost(host)) || !URL.canParse(whole)) return value;
  if (how.word !== true && port === '' && !/[.[]/.test(host) && host !== 'localhost') return value;
  return how.local !== undefined && isLoopback(new URL(whole)) ? whole.replace('https', how.local) : whole;
}

/** A canonical resource URL. */
export function resource(raw: Raw): string {
  const read = parseResource(text(raw));
  if ('problem' in read) throw new ValueProblem(read.problem);
  return read.value;
}

/** OIDC_AUDIENCE: URLs are audiences, anything else is a client id. */
export function audiences(raw: Raw): { urls: string[]; clients: string[] } {
  const found = { urls: new Set<string>(), clients: new Set<string>() };
  for (const entry of entries(raw)) {
    if (/^https?:/i.test(entry)) found.urls.add(resource(entry));
    else found.clients.add(plainText(entry));
  }
  return { urls: [...found.urls], clients: [...found.clients] };
}

/** ALLOWED_ORIGINS: `scheme://host[:port]` each, as a browser sends them. */
export function origins(raw: Raw): string[] {
  const found = entries(raw).map((entry) => {
    if (entry === '*' || entry === 'null') throw new ValueProblem(`${entry} would allow every origin`);
    const url = resource(entry);
    if (new URL(url).origin !== url) throw new ValueProblem('an origin has no path');
    return url;
  });
  return [...new Set(found)];
}

/** true, yes, on, 1, or their opposites. */
export function onOff(raw: Raw): boolean {
  const value = text(raw).toLowerCase();
  if (['true', 'yes', 'on', '1'].includes(value)) return true;
  if (['false', 'no', 'off', '0'].includes(value)) return false;
  throw new ValueProblem('it must be true or false');
}

/** Milliseconds of a duration; more than nothing and at most a day. */
export function duration(raw: Raw): number {
  const ms = parseDuration(text(raw));
  if (ms === undefined || ms === 0 || ms > LONGEST_MS) {
    throw new ValueProblem('it must be a duration like 30s or 2m, at most a day');
  }
  return ms;
}

/** A secret on one line; it may hold anything else. */
export function secret(raw: Raw): string {
  const value = text(raw);
  if (CONTROL.test(value)) throw new ValueProblem('it has a line break or another control character');
  return value;
}

/** A file's path. */
export function path(raw: Raw): string {
  const value = text(raw);
  if (hasInvisible(value)) throw new ValueProblem('it has a character that can’t be seen');
  return value;
}
