/** The sources of a product's scopes. */
export type ScopeSource =
  /** `scope` of the MCP server's 401 challenge. */
  | 'challenge'
  /** `scopes_supported` of the protected resource metadata (RFC 9728). */
  | 'metadata'
  /** `scopes_supported` of the authorization server's metadata: all that it has (RFC 8414). */
  | 'issuer'
  /** `scope` of the answer to the registration. */
  | 'registered';

/** The scopes that a product names at registration and at sign-in. Data, so that configuration can set it too. */
export interface ScopeRule {
  /** The first of these that names any decides; `registered` is for the sign-in alone. Empty: it names none. */
  from: readonly ScopeSource[];
  /** Whether it adds `offline_access` to what the MCP server names, where the issuer advertises it. */
  offline: boolean;
  /** The `scope` of the registration: the same scopes, none at all, or an empty one where it found none. */
  registers: 'same' | 'nothing' | 'same-or-empty';
  /** The scopes that it names where no source does. */
  otherwise?: string;
}

/** The scopes that a product meets. */
export interface ScopesMet {
  /** `scope` of the challenge. */
  challenge?: string | undefined;
  /** `scopes_supported` of the MCP server. */
  metadata?: readonly string[] | undefined;
  /** `scopes_supported` of the issuer. */
  issuer: readonly string[];
}

/** The `scope` that a product registers with; undefined where it sends none. */
export function registeredScope(rule: ScopeRule, met: ScopesMet): string | undefined {
  if (rule.registers === 'nothing') return undefined;
  const scope = wordsOf(rule, met, []);
  return scope ?? (rule.registers === 'same-or-empty' ? '' : undefined);
}

/** The `scope` that a product asks for at sign-in; `registered` is the `scope` of its registration's answer. */
export function requestedScope(rule: ScopeRule, met: ScopesMet, registered = ''): string | undefined {
  return wordsOf(rule, met, split(registered));
}

function wordsOf(rule: ScopeRule, met: ScopesMet, registered: readonly string[]): string | undefined {
  const found: Readonly<Record<ScopeSource, readonly string[]>> = {
    challenge: split(met.challenge ?? ''),
    metadata: met.metadata ?? [],
    issuer: met.issuer,
    registered: registered.filter((scope) => scope !== OFFLINE),
  };
  const source = rule.from.find((one) => found[one].length > 0);
  if (source === undefined) return rule.otherwise;
  const named = source === 'challenge' || source === 'metadata';
  const offline = rule.offline && named && met.issuer.includes(OFFLINE) ? [OFFLINE] : [];
  return [...new Set([...found[source], ...offline])].join(' ');
}

/** OpenID Connect Core, section 11. */
export const OFFLINE = 'offline_access';

function split(scope: string): readonly string[] {
  return scope.split(' ').filter((word) => word !== '');
}
