import type { ClientPolicy, ClientProfile, PolicyStep } from './representations.ts';
import type { RealmSnapshot } from './snapshot.ts';

/**
 * The client policies that mcpkc makes, in the one form in which each was verified (Keycloak 26.7.4, and 26.4.0 where
 * it can). With another condition beside, without the mode, or with another value, sign-ins of the whole realm fail,
 * some at the code exchange only. So a policy is compared field by field, and never half-way right.
 */
export interface OwnPolicy {
  policy: ClientPolicy;
  profile: ClientProfile;
}

/** One side of a change of such a policy; for a removal the profile's name, where the profile is removed too. */
export interface OwnPolicySide {
  policy?: ClientPolicy | null;
  profile?: ClientProfile | string | null;
}

/** The policy and the profile that a side holds whole. */
export function wholePolicy(side: OwnPolicySide | null): Partial<OwnPolicy> {
  const { policy, profile } = side ?? {};
  return { ...(policy && { policy }), ...(profile && typeof profile !== 'string' && { profile }) };
}

/** The policy of a name in a realm, with the profile of the same name or of another. */
export function policyNamed(
  { clientPolicies, clientProfiles }: Pick<RealmSnapshot, 'clientPolicies' | 'clientProfiles'>,
  name: string,
  profileName = name,
): Partial<OwnPolicy> {
  const policy = clientPolicies.find((one) => one.name === name);
  const profile = clientProfiles.find((one) => one.name === profileName);
  return { ...(policy && { policy }), ...(profile && { profile }) };
}

/** Names of the policies, and of the profile of each. */
export const OWN_POLICY = { registrations: 'mcpkc-registrations', userless: 'mcpkc-userless' } as const;

/** Executors that hold redirect URIs, with the settings that mcpkc writes. */
export const PATTERNS = {
  executor: 'secure-client-uris-pattern',
  settings: { 'client-uri-fields': ['redirectUris', 'postLogoutRedirectUris'], 'allowed-patterns': [] },
} as const;
export const NO_WILDCARDS = {
  executor: 'secure-redirect-uris-enforcer',
  settings: {
    'allow-ipv4-loopback-address': true,
    'allow-ipv6-loopback-address': true,
    'allow-http-scheme': true,
    'allow-private-use-uri-scheme': true,
    'allow-wildcard-context-path': false,
    'oauth-2-1-compliant': false,
  },
} as const;

/** The ways to hold the redirect URIs of registrations. */
export type Redirects =
  | { by: 'patterns'; patterns: readonly string[] }
  | { by: 'no-wildcards' }
  | { by: 'none' };

function redirectStep(redirects: Redirects): PolicyStep<'executor'>[] {
  if (redirects.by === 'none') return [];
  if (redirects.by === 'no-wildcards') {
    return [{ executor: NO_WILDCARDS.executor, configuration: { ...NO_WILDCARDS.settings } }];
  }
  const configuration = { ...PATTERNS.settings, 'allowed-patterns': [...redirects.patterns] };
  return [{ executor: PATTERNS.executor, configuration }];
}

/**
 * The policy for clients that come by registration or as a metadata document, and for no others. Its single condition
 * is where the client comes from: clients of administrators and of initial access tokens never meet it. PKCE becomes
 * the client's own setting, implicit flow and password grant are switched off, redirect URIs are held.
 */
export function registrationsPolicy(redirects: Redirects): OwnPolicy {
  const name = OWN_POLICY.registrations;
  const automatic = (executor: string) => ({ executor, configuration: { 'auto-configure': true } });
  return {
    policy: {
      name,
      description: 'What registers itself, and nothing else (mcpkc).',
      enabled: true,
      conditions: [
        {
          condition: 'client-updater-context',
          configuration: { 'update-client-source': ['ByAnonymous', 'ByRegistrationAccessToken'] },
        },
      ],
      profiles: [name],
    },
    profile: {
      name,
      description: 'PKCE with S256, no implicit flow, no password grant, redirect URIs held (mcpkc).',
      executors: [
        automatic('pkce-enforcer'),
        automatic('reject-implicit-grant'),
        automatic('reject-ropc-grant'),
        ...redirectStep(redirects),
      ],
    },
  };
}

/** The client attribute by which Keycloak demands PKCE of one client, and its value. */
export const PKCE_ATTRIBUTE = 'pkce.code.challenge.method';
export const PKCE_METHOD = 'S256';

/**
 * The policy that refuses tokens without a user to clients that registered themselves and hold one of these scopes.
 * They are known by S256, which the policy above sets for everything that registers. All three conditions must hold
 * (`STRICT`, Keycloak 26.7.0). Sign-ins, and a service account of an administrator's client without S256, are left
 * alone.
 */
export function userlessPolicy(scopes: readonly string[]): OwnPolicy {
  const name = OWN_POLICY.userless;
  return {
    policy: {
      name,
      description: 'No token without a user for what registered itself (mcpkc).',
      enabled: true,
      mode: 'STRICT',
      conditions: [
        { condition: 'grant-type', configuration: { grant_types: ['client_credentials'] } },
        { condition: 'client-scopes', configuration: { type: 'Any', scopes: [...scopes] } },
        {
          condition: 'client-attributes',
          configuration: { attributes: JSON.stringify([{ key: PKCE_ATTRIBUTE, value: PKCE_METHOD }]) },
        },
      ],
      profiles: [name],
    },
    profile: {
      name,
      description: 'The request is refused (mcpkc).',
      executors: [{ executor: 'reject-request', configuration: {} }],
    },
  };
}

type Configuration = Readonly<Record<string, unknown>>;

/** A value as it is compared: lists are sets to Keycloak, `true` and "true" are one. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(String).sort();
  return value === undefined || value === null || value === '' || String(value) === 'false'
    ? null
    : String(value);
}

function sameConfiguration(found: Configuration | undefined, wanted: Configuration): boolean {
  const keys = new Set([...Object.keys(found ?? {}), ...Object.keys(wanted)]);
  return [...keys].every(
    (key) => JSON.stringify(comparable(found?.[key])) === JSON.stringify(comparable(wanted[key])),
  );
}

function sameSteps(
  found: readonly Configuration[] | undefined,
  wanted: readonly Configuration[],
  name: 'condition' | 'executor',
): boolean {
  if ((found ?? []).length !== wanted.length) return false;
  return wanted.every((one) =>
    (found ?? []).some(
      (other) =>
        other[name] === one[name] &&
        sameConfiguration(
          other.configuration as Configuration | undefined,
          one.configuration as Configuration,
        ),
    ),
  );
}

/** Fields of a policy that aren't of the verified form, in words; empty where all are. */
export function listDeviations(found: Partial<OwnPolicy>, { policy, profile }: OwnPolicy): string[] {
  if (!found.policy) return [`the policy '${policy.name}' is missing`];
  if (!found.profile) return [`the profile '${profile.name}' is missing`];
  const { conditions, mode, enabled, profiles } = found.policy;
  return [
    enabled === true ? [] : ['it is disabled'],
    (mode ?? null) === (policy.mode ?? null)
      ? []
      : [`its mode is ${mode ?? 'none'}, not ${policy.mode ?? 'none'}`],
    sameSteps(conditions, policy.conditions ?? [], 'condition') ? [] : ['its conditions are others'],
    JSON.stringify(profiles) === JSON.stringify(policy.profiles) ? [] : ['its profiles are others'],
    sameSteps(found.profile.executors, profile.executors ?? [], 'executor')
      ? []
      : ['the executors of its profile, or their settings, are others'],
  ].flat();
}

/** The patterns of redirect URIs in a profile; undefined where it holds none by patterns. */
export function patternsOf(profile: ClientProfile | undefined): string[] | undefined {
  const step = profile?.executors?.find(({ executor }) => executor === PATTERNS.executor);
  if (!step) return undefined;
  const listed = step.configuration?.['allowed-patterns'];
  return Array.isArray(listed) ? listed.map(String) : [];
}

/** The scopes that a policy names in its condition `client-scopes`. */
export function scopesNamedBy({ conditions }: ClientPolicy): string[] {
  return (conditions ?? [])
    .filter(({ condition }) => condition === 'client-scopes')
    .flatMap(({ configuration }) => {
      const scopes = configuration?.scopes;
      return Array.isArray(scopes) ? scopes.map(String) : [];
    });
}

/** The profiles of the policies by client scope that mcpkc 0.1.0 made, by the beginning of the policy's name. */
const FORMER: readonly (readonly [prefix: string, profile: string])[] = [
  ['mcpkc-pkce-', 'mcpkc-pkce'],
  ['mcpkc-reject-userless-', 'mcpkc-reject-request'],
];

/**
 * The scope that a policy of 0.1.0 is about, and which of the two it is; undefined for any other policy. It demanded PKCE
 * of every client that holds the scope, other people's applications included.
 */
export function formerPolicy({
  name,
  profiles,
}: ClientPolicy): { scope: string; profile: string; isPkce: boolean } | undefined {
  for (const [prefix, profile] of FORMER) {
    if (!name.startsWith(prefix) || profiles?.includes(profile) !== true) continue;
    return { scope: name.slice(prefix.length), profile, isPkce: profile === 'mcpkc-pkce' };
  }
  return undefined;
}

/** Whether a policy of mcpkc, of this version or of 0.1.0, refuses tokens without a user to holders of a scope. */
export function isUserlessRefused(policy: ClientPolicy, scope: string): boolean {
  const former = formerPolicy(policy);
  if (former) return !former.isPkce && former.scope === scope;
  return policy.name === OWN_POLICY.userless && scopesNamedBy(policy).includes(scope);
}

/** The abilities of a server's client policies, as the server itself shows them. */
export interface Means {
  /**
   * The way in which redirect URIs of registrations can be held: by patterns (Keycloak 26.7.4), free of wildcards alone
   * (26.4.0), or not at all.
   */
  redirects: 'patterns' | 'no-wildcards' | 'none';
  /** Whether policies have a `mode`, without which nothing can be refused for one grant alone; undefined where unknown. */
  strict: boolean | undefined;
}
