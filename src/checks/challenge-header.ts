/** One challenge of a `WWW-Authenticate` header (RFC 9110 §11.6.1); parameter names in lower case. */
export interface Challenge {
  scheme: string;
  params: Readonly<Record<string, string>>;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const SCHEME = new RegExp(`[ ,]*(${TOKEN})(?= |,|$)`, 'y');
const PARAM = new RegExp(
  `[ ,]*(${TOKEN})[ \\t]*=[ \\t]*(?:(${TOKEN})|"((?:[^"\\\\]|\\\\.)*)")[ \\t]*(?=,|$)`,
  'y',
);
const TOKEN68 = / +[A-Za-z0-9\-._~+/]+=*[ \t]*(?=,|$)/y;

/** The challenges of a header; undefined where it can't be parsed, as for quotes that don't close. */
export function parseChallenges(header: string): Challenge[] | undefined {
  const found: Challenge[] = [];
  let at = 0;
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match) at = pattern.lastIndex;
    return match;
  };
  while (/[^ ,]/.test(header.slice(at))) {
    const scheme = take(SCHEME)?.[1];
    if (scheme === undefined) return undefined;
    const params: Record<string, string> = Object.create(null);
    let param = take(PARAM);
    if (!param) take(TOKEN68);
    for (; param; param = take(PARAM)) {
      params[(param[1] ?? '').toLowerCase()] = param[2] ?? (param[3] ?? '').replace(/\\(.)/g, '$1');
    }
    found.push({ scheme, params });
  }
  return found;
}

/** The Bearer challenge of a header, where it can be read and there is exactly one. */
export function bearerOf(header: string | null): Challenge | undefined {
  const bearers = (parseChallenges(header ?? '') ?? []).filter(
    ({ scheme }) => scheme.toLowerCase() === 'bearer',
  );
  return bearers.length === 1 ? bearers[0] : undefined;
}

/** The scopes that a challenge names. */
export function scopesOf(challenge: Challenge | undefined): string[] {
  return (challenge?.params.scope ?? '').split(' ').filter((name) => name !== '');
}
