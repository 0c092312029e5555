import { McpkcError } from '../../errors.ts';
import type { Change } from '../../plan/plan.ts';
import {
  allowedScopesOf,
  HOSTS_CONFIG,
  type HostsOfPolicy,
  hostsOf,
  MAPPERS_CONFIG,
  mapperTypesOf,
  ORIGINS_CONFIG,
  SCOPES_CONFIG,
  webOriginsOf,
} from '../../realm/registration-policies.ts';
import { POLICY, REGISTRATION_POLICY_TYPE, type RegistrationPolicy } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import { type Attempt, statusOf } from '../connection/failures.ts';
import { readRegistrationPolicies } from '../read/read.ts';
import { mergeList } from './merge-list.ts';
import { waitUntilKept } from './until-kept.ts';

const attempt = (what: string): Attempt => ({ what, role: 'manage-realm' });

/** Keycloak's reading of a Trusted Hosts policy without settings. */
const NO_HOSTS: HostsOfPolicy = { hosts: [], senderMatch: true, clientUrisMatch: true };

/** Writes the Trusted Hosts policy of that name: hosts merged into what is there now, both flags in one PUT. */
export async function writeTrustedHosts(keycloak: Keycloak, change: Change<'trusted-hosts'>): Promise<void> {
  const before = change.before ?? NO_HOSTS;
  const after = change.after ?? NO_HOSTS;
  const changed = (policy: RegistrationPolicy) => {
    const now = hostsOf(policy);
    const senderMatch = before.senderMatch === after.senderMatch ? now.senderMatch : after.senderMatch;
    const clientUrisMatch =
      before.clientUrisMatch === after.clientUrisMatch ? now.clientUrisMatch : after.clientUrisMatch;
    return {
      [HOSTS_CONFIG.hosts]: mergeList(now.hosts, before.hosts, after.hosts),
      [HOSTS_CONFIG.sender]: [String(senderMatch)],
      [HOSTS_CONFIG.clientUris]: [String(clientUrisMatch)],
    };
  };
  if (change.action === 'create') return createTrustedHosts(keycloak, change.key, after);
  if (change.action === 'delete') return deletePolicy(keycloak, change.key, POLICY.trustedHosts);
  await editPolicy(keycloak, POLICY.trustedHosts, change.key, changed);
}

async function createTrustedHosts(keycloak: Keycloak, name: string, after: HostsOfPolicy): Promise<void> {
  await createPolicy(keycloak, name, POLICY.trustedHosts, {
    [HOSTS_CONFIG.hosts]: after.hosts,
    [HOSTS_CONFIG.sender]: [String(after.senderMatch)],
    [HOSTS_CONFIG.clientUris]: [String(after.clientUrisMatch)],
  });
}

/** Adds a policy for anonymous registration. */
async function createPolicy(
  keycloak: Keycloak,
  name: string,
  providerId: string,
  config: Config,
): Promise<void> {
  const component = componentOf({ name, providerId, subType: 'anonymous' }, config);
  await keycloak.create(attempt(`add the policy '${name}'`), (admin) => admin.components.create(component));
}

/** Deletes the policies of that name for anonymous registration. */
async function deletePolicy(keycloak: Keycloak, name: string, providerId: string): Promise<void> {
  const found = (await readRegistrationPolicies(keycloak)).filter(
    (one) => one.providerId === providerId && one.subType === 'anonymous' && one.name === name,
  );
  for (const { id } of found) {
    await keycloak
      .replace(attempt(`delete the policy '${name}'`), (admin) => admin.components.del({ id }))
      .catch((error) => {
        if (statusOf(error) !== 404) throw error;
      });
  }
}

/** Writes the 'Allowed Client Scopes' policy of that name, merged likewise. */
export async function writeAllowedScopes(
  keycloak: Keycloak,
  { key, before, after }: Change<'allowed-scopes'>,
): Promise<void> {
  await editPolicy(keycloak, POLICY.allowedScopes, key, (policy) => {
    const now = allowedScopesOf(policy);
    if (before === null || after === null) return {};
    return {
      [SCOPES_CONFIG.scopes]: mergeList(now.scopes, before.scopes, after.scopes),
      [SCOPES_CONFIG.defaults]: [String(before.defaults === after.defaults ? now.defaults : after.defaults)],
    };
  });
}

/** Writes the 'Allowed Registration Web Origins' policy of that name, merged likewise. */
export async function writeRegistrationOrigins(
  keycloak: Keycloak,
  { key, before, after }: Change<'registration-origins'>,
): Promise<void> {
  await editPolicy(keycloak, POLICY.webOrigins, key, (policy) => {
    const wanted = mergeList(webOriginsOf(policy), [...(before?.origins ?? [])], [...(after?.origins ?? [])]);
    return { [ORIGINS_CONFIG.origins]: wanted };
  });
}

/** Writes the 'Allowed Protocol Mapper Types' policy of that name, merged likewise; adds one where there is none. */
export async function writeMapperTypes(keycloak: Keycloak, change: Change<'mapper-types'>): Promise<void> {
  const types = (side: typeof change.before) => [...(side?.types ?? [])];
  if (change.action === 'create') {
    const config = { [MAPPERS_CONFIG.types]: types(change.after) };
    await createPolicy(keycloak, change.key, POLICY.allowedMappers, config);
    return;
  }
  if (change.action === 'delete') return deletePolicy(keycloak, change.key, POLICY.allowedMappers);
  await editPolicy(keycloak, POLICY.allowedMappers, change.key, (policy) => ({
    [MAPPERS_CONFIG.types]: mergeList(mapperTypesOf(policy), types(change.before), types(change.after)),
  }));
}

type Config = Record<string, string[]>;

/**
 * Reads, merges, writes and reads back the registration policies of that name (Keycloak lets several have the same). A
 * PUT replaces a component's whole configuration and the last one wins. So the configuration of a moment ago is written
 * with mcpkc's part changed, and the read-back is compared as a whole. A difference means that somebody else edits the
 * policy too: the edit is begun anew until the read-back needs none.
 */
async function editPolicy(
  keycloak: Keycloak,
  providerId: string,
  name: string,
  change: (policy: RegistrationPolicy) => Config,
): Promise<void> {
  await waitUntilKept(keycloak, `The policy '${name}'`, async () => {
    const policies = await policiesNow(keycloak, providerId, name);
    const written = new Map<string, Config>();
    for (const policy of policies.filter((one) => !hasAll(change(one), one.config))) {
      const config = { ...policy.config, ...change(policy) };
      await putComponent(keycloak, policy, config);
      written.set(policy.id, config);
    }
    if (written.size === 0) return true;
    const now = await policiesNow(keycloak, providerId, name);
    return [...written].every(([id, config]) =>
      now.some((one) => one.id === id && isSame(config, one.config)),
    );
  });
}

const listText = (list: readonly string[] | undefined) => JSON.stringify([...(list ?? [])].sort());

/** Whether a configuration has these lists; Keycloak keeps them as sets, in no order. */
function hasAll(wanted: Config, found: Config): boolean {
  return Object.entries(wanted).every(([key, list]) => listText(list) === listText(found[key]));
}

function isSame(one: Config, other: Config): boolean {
  return hasAll(one, other) && hasAll(other, one);
}

async function policiesNow(
  keycloak: Keycloak,
  providerId: string,
  name: string,
): Promise<RegistrationPolicy[]> {
  const found = (await readRegistrationPolicies(keycloak)).filter(
    (one) => one.providerId === providerId && one.subType === 'anonymous' && one.name === name,
  );
  if (found.length > 0) return found;
  throw new McpkcError(
    'CHANGE_NOT_KEPT',
    `The policy '${name}' is gone.`,
    'Somebody deleted it meanwhile; run the command again.',
  );
}

async function putComponent(keycloak: Keycloak, policy: RegistrationPolicy, config: Config): Promise<void> {
  const { id, name } = policy;
  const body = { id, ...componentOf(policy, config) };
  await keycloak.replace(attempt(`change the policy '${name}'`), (admin) =>
    admin.components.update({ id }, body),
  );
}

function componentOf(
  { name, providerId, subType }: Pick<RegistrationPolicy, 'name' | 'providerId' | 'subType'>,
  config: Config,
) {
  return { name, providerId, subType, providerType: REGISTRATION_POLICY_TYPE, config };
}
