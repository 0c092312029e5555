/** Readers for environment variables, one per kind of value. Each notes what is wrong instead of throwing. */

export type Env = Record<string, string | undefined>;

/** Readers over `env`. What is wrong goes to `problems`, starting with the variable's name. */
export function envReader(env: Env, problems: string[]) {
  const text = (key: string) => env[key]?.trim() || undefined;
  const list = (key: string) =>
    (text(key) ?? '')
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean);

  return {
    text,
    list,

    /** An absolute URL, kept as it is written. */
    url(key: string): string | undefined {
      const value = text(key);
      const problem = value === undefined ? undefined : urlProblem(value);
      if (problem !== undefined) problems.push(`${key}: ${problem}`);
      return problem === undefined ? value : undefined;
    },

    flag(key: string, fallback: boolean): boolean {
      const value = text(key)?.toLowerCase();
      if (value === undefined) return fallback;
      if (value === 'true' || value === '1') return true;
      if (value !== 'false' && value !== '0') problems.push(`${key}: "${value}" is neither true nor false.`);
      return false;
    },

    oneOf<T extends string>(key: string, allowed: readonly T[], fallback: T): T {
      const value = text(key);
      const found = allowed.find((candidate) => candidate === value);
      if (value !== undefined && found === undefined) {
        problems.push(`${key}: "${value}" is none of ${allowed.join(', ')}.`);
      }
      return found ?? fallback;
    },

    number(key: string, fallback: number, min: number, max: number): number {
      const value = text(key);
      if (value === undefined) return fallback;
      const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
      if (number >= min && number <= max) return number;
      problems.push(`${key}: "${value}" is not a whole number from ${min} to ${max}.`);
      return fallback;
    },

    scopes(key: string): string[] {
      const values = list(key);
      for (const value of values) {
        if (value === 'offline_access') {
          problems.push(
            `${key}: offline_access is between client and issuer; a resource doesn't ask for it.`,
          );
        } else if (!/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value)) {
          problems.push(`${key}: "${value}" is no scope name (no blanks, quotes or backslashes).`);
        }
      }
      return values;
    },

    origins(key: string): string[] {
      const values = list(key);
      for (const value of values) {
        if (!URL.canParse(value) || new URL(value).origin !== value) {
          problems.push(`${key}: "${value}" is no origin; one reads like https://app.example.com.`);
        }
      }
      return values;
    },
  };
}

export function isLoopback(host: string): boolean {
  return ['localhost', '127.0.0.1', '::1', '[::1]'].includes(host);
}

function urlProblem(value: string): string | undefined {
  if (!URL.canParse(value)) return `"${value}" is no URL.`;
  const url = new URL(value);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    return `${value} must be https (plain http is for loopback only).`;
  }
  if (url.search || url.hash || url.username || url.password) {
    return `leave out query, fragment and credentials after ${url.origin}${url.pathname}`;
  }
  return undefined;
}
