import { writeClientPolicy } from '../../keycloak/write/write-client-policies.ts';
import {
  formerPolicy,
  listDeviations,
  OWN_POLICY,
  type OwnPolicy,
  type OwnPolicySide,
  patternsOf,
  policyNamed,
  type Redirects,
  registrationsPolicy,
  scopesNamedBy,
  userlessPolicy,
} from '../../realm/own-policies.ts';
import { hostExpression, hostOfExpression } from '../../realm/redirect-patterns.ts';
import { hostsOf } from '../../realm/registration-policies.ts';
import { POLICY } from '../../realm/representations.ts';
import { anonymousPolicies, type RealmSnapshot } from '../../realm/snapshot.ts';
import type { Desired, DesiredRegistrations } from '../desired.ts';
import type { Change } from '../plan.ts';
import { none } from './join.ts';
import type { Kind } from './kind.ts';

const WHY = {
  registrations:
    'so that what registers itself uses PKCE, has no password or implicit grant, and redirects where its product does',
  userless: 'so that what registered itself gets tokens for an MCP server for its users alone',
  former:
    'since it demands PKCE of every application that holds the scope; each client has it as its own setting now',
  gone: 'since no MCP server of the realm needs it any more',
} as const;

/** A policy of mcpkc as it should be. It is mcpkc's alone, so anything else in it is replaced. */
function present(wanted: OwnPolicy, snapshot: RealmSnapshot, why: string): Change<'client-policy'>[] {
  const key = wanted.policy.name;
  const now = policyNamed(snapshot, key);
  if (listDeviations(now, wanted).length === 0) return [];
  const { policy, profile } = now;
  const before = policy || profile ? { policy: policy ?? null, profile: profile ?? null } : null;
  const action = policy ? 'update' : 'create';
  return [{ kind: 'client-policy', action, key, before, after: { ...wanted }, why }];
}

function absent(
  name: string,
  profileName: string,
  snapshot: RealmSnapshot,
  why: string,
): Change<'client-policy'>[] {
  const { policy } = policyNamed(snapshot, name);
  if (!policy) return [];
  const others = snapshot.clientPolicies.filter((one) => one.name !== name);
  const isShared = others.some(({ profiles }) => profiles?.includes(profileName));
  const isThere = snapshot.clientProfiles.some((one) => one.name === profileName);
  const before = { policy, profile: isThere && !isShared ? profileName : null };
  return [{ kind: 'client-policy', action: 'delete', key: name, before, after: null, why }];
}

/** The hosts whose clients may register once the plan is done; all policies of the realm have to let one in. */
function trustedThen({ trustedHosts }: Desired, snapshot: RealmSnapshot): string[] {
  const policies = anonymousPolicies(snapshot, POLICY.trustedHosts);
  if (trustedHosts && 'restore' in trustedHosts) {
    const { restore } = trustedHosts;
    const then = policies.flatMap((policy) => (restore[policy.name] ?? hostsOf(policy)).hosts);
    return [...new Set(then)].sort();
  }
  const now = policies.flatMap((policy) => hostsOf(policy).hosts);
  const gone = (trustedHosts?.remove ?? []).map((host) => host.toLowerCase());
  const kept = now.filter((host) => !gone.includes(host.toLowerCase()));
  return [...new Set([...kept, ...(trustedHosts?.add ?? [])])].sort();
}

/**
 * The patterns that registrations are held against: the present ones, the wanted ones, and one for everything at each
 * other trusted host. So anything that registers there today can go on.
 */
function wantedPatterns(
  desired: Desired,
  { add, remove, closed }: DesiredRegistrations,
  snapshot: RealmSnapshot,
): string[] {
  const there = patternsOf(policyNamed(snapshot, OWN_POLICY.registrations).profile) ?? [];
  const kept = there.filter((one) => !remove.includes(one));
  const named = [...new Set([...kept, ...add])];
  const hosts = new Set(named.map(hostOfExpression));
  const open = trustedThen(desired, snapshot)
    .filter((host) => !closed.includes(host) && !hosts.has(host))
    .map(hostExpression);
  return [...named, ...open];
}

function redirectsFor(desired: Desired, wanted: DesiredRegistrations, snapshot: RealmSnapshot): Redirects {
  if (wanted.redirects !== 'patterns') return { by: wanted.redirects };
  return { by: 'patterns', patterns: wantedPatterns(desired, wanted, snapshot) };
}

function registrations(desired: Desired, snapshot: RealmSnapshot): Change<'client-policy'>[] {
  const { registrations: wanted } = desired;
  if (!wanted) return [];
  const name = OWN_POLICY.registrations;
  if ('absent' in wanted) return absent(name, name, snapshot, WHY.gone);
  return present(registrationsPolicy(redirectsFor(desired, wanted, snapshot)), snapshot, WHY.registrations);
}

function userless({ userless: wanted }: Desired, snapshot: RealmSnapshot): Change<'client-policy'>[] {
  if (!wanted) return [];
  const name = OWN_POLICY.userless;
  const { policy } = policyNamed(snapshot, name);
  const there = policy ? scopesNamedBy(policy) : [];
  // A missing name would make Keycloak refuse the list whole, other people's policies too.
  const isScope = (scope: string) => snapshot.scopes.some((one) => one.name === scope);
  const kept = there.filter((scope) => isScope(scope) && !wanted.remove.includes(scope));
  const scopes = [...new Set([...kept, ...wanted.add])];
  if (scopes.length === 0) return absent(name, name, snapshot, WHY.gone);
  return present(userlessPolicy(scopes), snapshot, WHY.userless);
}

function former({ formerPolicies: wanted }: Desired, snapshot: RealmSnapshot): Change<'client-policy'>[] {
  if (!wanted) return [];
  return snapshot.clientPolicies.flatMap((policy) => {
    const read = formerPolicy(policy);
    if (!read || (wanted !== 'all' && wanted.scope !== read.scope)) return [];
    return absent(policy.name, read.profile, snapshot, wanted === 'all' ? WHY.former : WHY.gone);
  });
}

/** Client policies of mcpkc's own, each with its profile; all others pass through untouched. */
export const clientPolicy: Kind<
  'client-policy',
  OwnPolicySide,
  'registrations' | 'userless' | 'formerPolicies'
> = {
  title: 'client policy',
  isRemembered: false,
  isRealmList: true,
  joins: {
    registrations: none,
    userless: none,
    formerPolicies: none,
  },
  diff: (desired, snapshot) => [
    ...registrations(desired, snapshot),
    ...userless(desired, snapshot),
    ...former(desired, snapshot),
  ],
  write: (change, { keycloak }) => writeClientPolicy(keycloak, change),
};
