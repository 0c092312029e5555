import { McpkcError } from '../errors.ts';
import type { Change } from '../plan.ts';
import { allowedScopesOf, SCOPES_CONFIG } from '../resources/allowed-scopes.ts';
import { HOSTS_CONFIG, type HostsOfPolicy, hostsOf } from '../resources/trusted-hosts.ts';
import type { Keycloak } from './connect.ts';
import { type Attempt, statusOf } from './failures.ts';
import { readClientPolicies, readClientProfiles, readRegistrationPolicies } from './read.ts';
import {
  type ClientPolicy,
  type ClientProfile,
  POLICY,
  REGISTRATION_POLICY_TYPE,
  type RegistrationPolicy,
} from './representations.ts';

const attempt = (what: string): Attempt => ({ what, role: 'manage-realm' });

/** How often an edit is begun anew: after a 500 from two writes at once, or when another edit came in between. */
const ROUNDS = 5;

/** What is in `to` and not in `from`. */
function difference(to: readonly string[], from: readonly string[]): string[] {
  return to.filter((one) => !from.includes(one));
}

/** A list as it is now, with what a change adds and without what it removes: foreign entries of meanwhile survive. */
function merged(now: readonly string[], before: readonly string[], after: readonly string[]): string[] {
  const removed = difference(before, after);
  const kept = now.filter((one) => !removed.includes(one));
  return [...kept, ...difference(after, before).filter((one) => !kept.includes(one))];
}

/** Writes the Trusted Hosts policy of that name: hosts merged into what is there now, both flags in one PUT. */
export async function writeTrustedHosts(keycloak: Keycloak, change: Change): Promise<void> {
  const before = (change.before ?? {
    hosts: [],
    senderMatch: true,
    clientUrisMatch: true,
  }) as unknown as HostsOfPolicy;
  const after = change.after as unknown as HostsOfPolicy;
  const changed = (policy: RegistrationPolicy) => {
    const now = hostsOf(policy);
    const senderMatch = before.senderMatch === after.senderMatch ? now.senderMatch : after.senderMatch;
    const clientUrisMatch =
      before.clientUrisMatch === after.clientUrisMatch ? now.clientUrisMatch : after.clientUrisMatch;
    return {
      [HOSTS_CONFIG.hosts]: merged(now.hosts, before.hosts, after.hosts),
      [HOSTS_CONFIG.sender]: [String(senderMatch)],
      [HOSTS_CONFIG.clientUris]: [String(clientUrisMatch)],
    };
  };
  if (change.action === 'create') return createTrustedHosts(keycloak, change.key, after);
  await editPolicy(keycloak, POLICY.trustedHosts, change.key, changed);
}

async function createTrustedHosts(keycloak: Keycloak, name: string, after: HostsOfPolicy): Promise<void> {
  const component = {
    name,
    providerId: POLICY.trustedHosts,
    providerType: REGISTRATION_POLICY_TYPE,
    subType: 'anonymous',
    config: {
      [HOSTS_CONFIG.hosts]: after.hosts,
      [HOSTS_CONFIG.sender]: [String(after.senderMatch)],
      [HOSTS_CONFIG.clientUris]: [String(after.clientUrisMatch)],
    },
  };
  await keycloak.create(attempt('add a Trusted Hosts policy'), (admin) =>
    // The admin client's type has one string where Keycloak has a list.
    admin.components.create(component as unknown as Parameters<typeof admin.components.create>[0]),
  );
}

/** Writes the 'Allowed Client Scopes' policy of that name, merged likewise. */
export async function writeAllowedScopes(keycloak: Keycloak, change: Change): Promise<void> {
  type Allowed = ReturnType<typeof allowedScopesOf>;
  const before = change.before as unknown as Allowed;
  const after = change.after as unknown as Allowed;
  await editPolicy(keycloak, POLICY.allowedScopes, change.key, (policy) => {
    const now = allowedScopesOf(policy);
    return {
      [SCOPES_CONFIG.scopes]: merged(now.scopes, before.scopes, after.scopes),
      [SCOPES_CONFIG.defaults]: [String(before.defaults === after.defaults ? now.defaults : after.defaults)],
    };
  });
}

type Config = Record<string, string[]>;

/**
 * Reads, merges, writes and reads back one registration policy. A PUT replaces the component's whole configuration and
 * the last one wins, so what is written is what was read a moment ago with our part changed; if an edit made elsewhere
 * swallowed ours, it is begun anew.
 */
async function editPolicy(
  keycloak: Keycloak,
  providerId: string,
  name: string,
  change: (policy: RegistrationPolicy) => Config,
): Promise<void> {
  for (let round = 1; round <= ROUNDS; round++) {
    const policy = await policyNow(keycloak, providerId, name);
    const config = { ...policy.config, ...change(policy) };
    try {
      await putComponent(keycloak, policy, config);
    } catch (error) {
      // Two writes of one component at once: one of them answers 500 `unknown_error` and did nothing (26.7.3).
      if (statusOf(error) !== 500 || round === ROUNDS) throw error;
      await keycloak.waiting.sleep(100 * round, keycloak.waiting.signal);
      continue;
    }
    const back = await policyNow(keycloak, providerId, name);
    if (isSame(change(back), back.config)) return;
  }
  const message = `The policy '${name}' did not keep what was written: somebody else edits it at the same time.`;
  throw new McpkcError('CHANGE_NOT_KEPT', message, 'Run the command again when the other edit is done.');
}

/** Keycloak keeps the lists as sets, in no order. */
function isSame(wanted: Config, found: Config): boolean {
  const text = (list: readonly string[] | undefined) => JSON.stringify([...(list ?? [])].sort());
  return Object.entries(wanted).every(([key, list]) => text(list) === text(found[key]));
}

async function policyNow(keycloak: Keycloak, providerId: string, name: string): Promise<RegistrationPolicy> {
  const policies = await readRegistrationPolicies(keycloak);
  const found = policies.find(
    (one) => one.providerId === providerId && one.subType === 'anonymous' && one.name === name,
  );
  if (found) return found;
  throw new McpkcError(
    'CHANGE_NOT_KEPT',
    `The policy '${name}' is gone.`,
    'Somebody deleted it meanwhile; run the command again.',
  );
}

async function putComponent(keycloak: Keycloak, policy: RegistrationPolicy, config: Config): Promise<void> {
  const { id, name, providerId, subType } = policy;
  const body = { id, name, providerId, subType, providerType: REGISTRATION_POLICY_TYPE, config };
  await keycloak.replace(attempt(`change the policy '${name}'`), (admin) =>
    admin.components.update({ id }, body as unknown as Parameters<typeof admin.components.update>[1]),
  );
}

/**
 * Writes a client policy and its profile into the realm's two lists, each replaced whole by a PUT: profiles before the
 * policies that name them, and the other way round on removal.
 */
export async function writeClientPolicy(keycloak: Keycloak, change: Change): Promise<void> {
  if (change.action === 'delete') {
    const profile = change.before?.profile;
    await putPolicies(keycloak, (all) => all.filter(({ name }) => name !== change.key));
    if (typeof profile === 'string')
      await putProfiles(keycloak, (all) => all.filter(({ name }) => name !== profile));
    return;
  }
  const { policy, profile } = change.after as unknown as { policy: ClientPolicy; profile: ClientProfile };
  await putProfiles(keycloak, (all) => replaced(all, profile));
  await putPolicies(keycloak, (all) => replaced(all, policy));
}

function replaced<T extends { name: string }>(all: readonly T[], one: T): T[] {
  const at = all.findIndex(({ name }) => name === one.name);
  return at === -1 ? [...all, one] : all.with(at, { ...all[at], ...one });
}

async function putPolicies(
  keycloak: Keycloak,
  change: (all: ClientPolicy[]) => ClientPolicy[],
): Promise<void> {
  const policies = change(await readClientPolicies(keycloak));
  await keycloak.replace(attempt('change the client policies'), (admin) =>
    admin.clientPolicies.updatePolicy({ policies } as Parameters<
      typeof admin.clientPolicies.updatePolicy
    >[0]),
  );
}

async function putProfiles(
  keycloak: Keycloak,
  change: (all: ClientProfile[]) => ClientProfile[],
): Promise<void> {
  const profiles = change(await readClientProfiles(keycloak));
  await keycloak.replace(attempt('change the client profiles'), (admin) =>
    admin.clientPolicies.createProfiles({ profiles } as Parameters<
      typeof admin.clientPolicies.createProfiles
    >[0]),
  );
}
