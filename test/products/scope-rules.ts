/**
 * Which scopes each product names, from what it meets: written from its recordings, apart from the product and from
 * what src/products says, so that the one can be held against the other.
 */
import type { Situation } from './recording.ts';

/** What a product sends; undefined where it sends no `scope` at all. */
export interface SentScopes {
  readonly registration: string | undefined;
  /** Given what the registration answered. */
  authorization(registered: string | null): string | undefined;
}

type Met = Omit<Situation, 'registeredScope'>;
type ScopeRule = (met: Met) => SentScopes;

/** The same words at both places. */
const both = (scope: string | undefined): SentScopes => ({ registration: scope, authorization: () => scope });

const join = (scopes: readonly string[]): string | undefined =>
  scopes.length === 0 ? undefined : [...new Set(scopes)].join(' ');

/** What the server names: the challenge first, as the specification has it. */
const named = ({ challengeScope, resourceScopes }: Met): readonly string[] =>
  challengeScope ? challengeScope.split(' ') : (resourceScopes ?? []);

/** What the server names, its metadata before the challenge. */
const listed = ({ challengeScope, resourceScopes }: Met): readonly string[] =>
  resourceScopes ?? (challengeScope ? challengeScope.split(' ') : []);

/** `offline_access` as well, where the issuer advertises it. */
const withOffline = (scopes: readonly string[], { issuerScopes }: Met): readonly string[] =>
  scopes.length > 0 && issuerScopes.includes('offline_access') ? [...scopes, 'offline_access'] : scopes;

/** The rules of products that are described and not recorded: as good as their descriptions. */
export const DOCUMENTED_RULES: Readonly<Record<string, ScopeRule>> = {
  chatgpt: (met) => ({
    registration: undefined,
    authorization: (registered) => {
      const answered = (registered ?? '')
        .split(' ')
        .filter((scope) => scope !== '' && scope !== 'offline_access');
      return join(named(met).length > 0 ? named(met) : answered);
    },
  }),
  claude: (met) => ({
    registration: undefined,
    authorization: () => join(named(met).length > 0 ? withOffline(named(met), met) : met.issuerScopes),
  }),
  cursor: (met) => ({ registration: undefined, authorization: () => join(named(met)) }),
  vscode: (met) => both(join(named(met))),
  'qwen-code': (met) => {
    const scope = join(met.resourceScopes ?? met.issuerScopes);
    return { registration: scope ?? '', authorization: () => scope };
  },
  cline: (met) => both(join(withOffline(named(met), met))),
};

/** Recorded products that stop where the metadata's `resource` is not the URL: seen with gemini-cli-core 0.61.0. */
export const COMPARES_RESOURCE: readonly string[] = ['gemini-cli'];

/** The rules by product, of those that were recorded. */
export const RECORDED_RULES: Readonly<Record<string, ScopeRule>> = {
  'claude-code': (met) => both(join(withOffline(met.resourceScopes ?? [], met))),
  codex: (met) => both(join(named(met).length > 0 ? withOffline(named(met), met) : met.issuerScopes)),
  fastmcp: (met) => both(join(named(met).length > 0 ? withOffline(named(met), met) : met.issuerScopes)),
  'gemini-cli': ({ issuerScopes }) => both(join(issuerScopes)),
  'inspector-cli': (met) => {
    const scope = join(withOffline(listed(met), met));
    return { registration: scope ?? '', authorization: () => scope };
  },
  'inspector-web': (met) => {
    const scope = join(withOffline(named(met), met));
    return { registration: scope ?? '', authorization: () => scope };
  },
  'mcp-remote': (met) =>
    both(
      join(named(met).length > 0 ? withOffline(named(met), met) : met.issuerScopes) ?? 'openid email profile',
    ),
  mcporter: (met) => both(join(named(met))),
  opencode: (met) => both(join(withOffline(named(met), met))),
  'sdk-1': (met) => both(join(named(met))),
  'sdk-2': (met) => both(join(named(met))),
};
