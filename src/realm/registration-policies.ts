import { POLICY, type RegistrationPolicy } from './representations.ts';

/** Keys of the configuration of 'Allowed Client Scopes' (Keycloak 26.7.3). */
export const SCOPES_CONFIG = { scopes: 'allowed-client-scopes', defaults: 'allow-default-scopes' } as const;

/** The client scopes that a registration may name: listed ones, and (`defaults`) those of the realm's lists. */
export interface AllowedScopes {
  scopes: string[];
  defaults: boolean;
}

/** Reads an 'Allowed Client Scopes' policy. Without the key, the realm's default and optional scopes are allowed. */
export function allowedScopesOf(policy: RegistrationPolicy): AllowedScopes {
  return {
    scopes: (policy.config[SCOPES_CONFIG.scopes] ?? []).filter((scope) => scope !== ''),
    defaults: policy.config[SCOPES_CONFIG.defaults]?.[0] !== 'false',
  };
}

/**
 * Whether a registration that names scopes gets the realm's defaults beside them. It is an opt-in of this policy from
 * Keycloak 26.8 on (keycloak/keycloak#50061, off by default). Its name is read from the server's own description of its
 * providers: the setting that adds default scopes. A server that describes none adds none.
 */
export function isDefaultAdded(
  policies: readonly RegistrationPolicy[],
  providers: ReadonlyMap<string, readonly string[]>,
): boolean {
  const settings = (providers.get(POLICY.allowedScopes) ?? []).filter((name) =>
    /^add-(?:realm-)?default-(?:client-)?scopes$/.test(name),
  );
  return policies.some(
    ({ providerId, subType, config }) =>
      providerId === POLICY.allowedScopes &&
      subType === 'anonymous' &&
      settings.some((name) => config[name]?.[0] === 'true'),
  );
}

/** The key of the configuration of 'Allowed Protocol Mapper Types' (Keycloak 26.7.3). */
export const MAPPERS_CONFIG = { types: 'allowed-protocol-mapper-types' } as const;

/**
 * The one protocol mapper that a registration brings by a field that RFC 7591 allows (`subject_type: pairwise`).
 * Every other type of Keycloak's stock list lets a registrant choose claims, `sub` and `aud` among them.
 */
export const PAIRWISE_MAPPER = 'oidc-sha256-pairwise-sub-mapper';

/** The types of protocol mappers that a registration may bring, sorted. None listed: it may bring none. */
export function mapperTypesOf(policy: RegistrationPolicy): string[] {
  return (policy.config[MAPPERS_CONFIG.types] ?? []).filter((type) => type !== '').sort();
}

/** The settings of a Trusted Hosts policy, in the words of its configuration page. */
export interface HostsOfPolicy {
  hosts: string[];
  /** The request's sender must be one of the hosts: refuses ChatGPT, whose requests come from anywhere. */
  senderMatch: boolean;
  /** Every redirect URI and the client URI must be at one of the hosts. */
  clientUrisMatch: boolean;
}

/** Keys of the policy's configuration (Keycloak 26.7.3). Both flags are on where they are absent. */
export const HOSTS_CONFIG = {
  hosts: 'trusted-hosts',
  sender: 'host-sending-registration-request-must-match',
  clientUris: 'client-uris-must-match',
} as const;

/** Reads a Trusted Hosts policy. Keycloak keeps the hosts as a set, in no order. */
export function hostsOf(policy: RegistrationPolicy): HostsOfPolicy {
  return {
    hosts: (policy.config[HOSTS_CONFIG.hosts] ?? []).filter((host) => host !== '').sort(),
    senderMatch: policy.config[HOSTS_CONFIG.sender]?.[0] !== 'false',
    clientUrisMatch: policy.config[HOSTS_CONFIG.clientUris]?.[0] !== 'false',
  };
}

function trustedHostsIn(policies: readonly RegistrationPolicy[]): HostsOfPolicy[] {
  return policies
    .filter(({ providerId, subType }) => providerId === POLICY.trustedHosts && subType === 'anonymous')
    .map(hostsOf);
}

/** The hosts from which anybody may register, as the policies of the realm list them. */
export function trustedHostNames(policies: readonly RegistrationPolicy[]): string[] {
  return trustedHostsIn(policies).flatMap(({ hosts }) => hosts);
}

/**
 * Whether no product can register: a Trusted Hosts policy lists no host, as in every new realm. Every such policy has to
 * let a registration in, so one is enough.
 */
export function hasNoTrustedHost(policies: readonly RegistrationPolicy[]): boolean {
  return trustedHostsIn(policies).some(({ hosts }) => hosts.length === 0);
}

/**
 * Whether every anonymous registration is refused: no host is listed, and the sender has to be one. With the sender match
 * off a registration without any URI is let in (Keycloak 26.7.4).
 */
export function isRegistrationRefused(policies: readonly RegistrationPolicy[]): boolean {
  return trustedHostsIn(policies).some(({ hosts, senderMatch }) => hosts.length === 0 && senderMatch);
}

/** The key of the configuration of 'Allowed Registration Web Origins' (Keycloak 26.7). */
export const ORIGINS_CONFIG = { origins: 'web-origins' } as const;

/** The Origins that registrations from a browser may carry; none listed: every one is refused ("Invalid origin"). */
export function webOriginsOf(policy: RegistrationPolicy): string[] {
  return (policy.config[ORIGINS_CONFIG.origins] ?? []).filter((origin) => origin !== '').sort();
}
