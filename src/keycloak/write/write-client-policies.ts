import type { Change } from '../../plan/plan.ts';
import { wholePolicy } from '../../realm/own-policies.ts';
import type { ClientPolicy, ClientProfile } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import type { Attempt } from '../connection/failures.ts';
import { readClientPolicies, readClientProfiles } from '../read/read.ts';
import { mergeList } from './merge-list.ts';
import { waitUntilKept } from './until-kept.ts';

const attempt = (what: string): Attempt => ({ what, role: 'manage-realm' });

/** The lists of client policies and profiles, as the error about an edit that was not kept names them. */
export const POLICY_LISTS = ['The list of client policies', 'The list of client profiles'] as const;

/**
 * Writes a client policy and its profile into the realm's two lists, each replaced whole by a PUT. Profiles go before
 * the policies that name them, and the other way round on removal. Entries that others added to either list stay. The
 * policy itself is mcpkc's, and its lists (patterns, scopes) are merged into those that another run wrote meanwhile.
 */
export async function writeClientPolicy(keycloak: Keycloak, change: Change<'client-policy'>): Promise<void> {
  const { action, key } = change;
  if (action === 'delete') {
    await putPolicies(keycloak, (all) => all.filter(({ name }) => name !== key));
    const profile = change.before?.profile;
    if (typeof profile === 'string') await dropProfile(keycloak, profile);
    return;
  }
  const before = wholePolicy(change.before);
  const { policy, profile } = wholePolicy(change.after);
  if (profile) await putProfiles(keycloak, (all) => replaced(all, profile, before.profile));
  if (policy) await putPolicies(keycloak, (all) => replaced(all, policy, before.policy));
}

/** The lists of client policies and profiles as they were read. */
export interface ClientPolicyLists {
  clientPolicies: readonly ClientPolicy[];
  clientProfiles: readonly ClientProfile[];
}

/** The part of the lists that is about policies of these names: they, and the profiles that they name. */
export function policiesNamed(
  names: readonly string[],
  { clientPolicies, clientProfiles }: ClientPolicyLists,
): { clientPolicies: ClientPolicy[]; clientProfiles: ClientProfile[] } {
  const policies = clientPolicies.filter(({ name }) => names.includes(name));
  const profiles = [...names, ...policies.flatMap((one) => one.profiles ?? [])];
  return {
    clientPolicies: policies,
    clientProfiles: clientProfiles.filter(({ name }) => profiles.includes(name)),
  };
}

/**
 * Puts policies of these names, and the profiles that they name, back to what they were; entries that others wrote
 * meanwhile stay. Old profiles come first and new ones go last, so that no policy names a profile that isn't there.
 */
export async function restoreClientPolicies(
  keycloak: Keycloak,
  names: readonly string[],
  then: ClientPolicyLists,
): Promise<void> {
  const profileNames = new Set([
    ...names,
    ...then.clientPolicies
      .filter(({ name }) => names.includes(name))
      .flatMap(({ profiles }) => profiles ?? []),
  ]);
  const restored = <T extends { name: string }>(
    all: readonly T[],
    old: readonly T[],
    of: ReadonlySet<string>,
  ) => [...all.filter(({ name }) => !of.has(name)), ...old.filter(({ name }) => of.has(name))];
  const oldProfiles = then.clientProfiles.filter(({ name }) => profileNames.has(name));
  await putProfiles(keycloak, (all) => [
    ...all.filter(({ name }) => !oldProfiles.some((old) => old.name === name)),
    ...oldProfiles,
  ]);
  await putPolicies(keycloak, (all) => restored(all, then.clientPolicies, new Set(names)));
  await putProfiles(keycloak, (all) => restored(all, then.clientProfiles, profileNames));
}

/** Deletes a profile unless a policy names it by now: a dangling name blocks every later edit of policies. */
async function dropProfile(keycloak: Keycloak, profile: string): Promise<void> {
  const policies = await readClientPolicies(keycloak);
  if (policies.some(({ profiles }) => profiles?.includes(profile))) return;
  await putProfiles(keycloak, (all) => all.filter(({ name }) => name !== profile));
}

function replaced<T extends { name: string }>(all: readonly T[], one: T, before: T | null | undefined): T[] {
  const at = all.findIndex(({ name }) => name === one.name);
  const now = all[at];
  return now === undefined ? [...all, one] : all.with(at, mergedLists(now, before, one) as T);
}

/** The wanted value; a list in it as it is now, with what the change adds and without what it removes. */
function mergedLists(now: unknown, before: unknown, wanted: unknown): unknown {
  if (Array.isArray(wanted) && wanted.every((one) => typeof one === 'string')) {
    const texts = (list: unknown) => (Array.isArray(list) ? list.map(String) : []);
    return Array.isArray(now) ? mergeList(texts(now), texts(before), wanted) : wanted;
  }
  if (Array.isArray(wanted)) return wanted.map((one) => mergedLists(twin(now, one), twin(before, one), one));
  if (typeof wanted !== 'object' || wanted === null) return wanted;
  const field = (side: unknown, key: string) =>
    typeof side === 'object' && side !== null ? (side as Record<string, unknown>)[key] : undefined;
  return Object.fromEntries(
    Object.entries(wanted).map(([key, one]) => [key, mergedLists(field(now, key), field(before, key), one)]),
  );
}

/** The step of the same condition or executor in another list. */
function twin(list: unknown, one: unknown): unknown {
  const nameOf = (step: unknown) => {
    const { condition, executor } = (step ?? {}) as { condition?: unknown; executor?: unknown };
    return condition ?? executor;
  };
  return Array.isArray(list) ? list.find((other) => nameOf(other) === nameOf(one)) : undefined;
}

async function putPolicies(
  keycloak: Keycloak,
  change: (all: ClientPolicy[]) => ClientPolicy[],
): Promise<void> {
  await waitUntilKept(keycloak, POLICY_LISTS[0], async () => {
    const before = await readClientPolicies(keycloak);
    const policies = change(before);
    await keycloak.replace(attempt('change the client policies'), (admin) =>
      admin.clientPolicies.updatePolicy({ policies } as Parameters<
        typeof admin.clientPolicies.updatePolicy
      >[0]),
    );
    return isKept(before, policies, await readClientPolicies(keycloak), change);
  });
}

async function putProfiles(
  keycloak: Keycloak,
  change: (all: ClientProfile[]) => ClientProfile[],
): Promise<void> {
  await waitUntilKept(keycloak, POLICY_LISTS[1], async () => {
    const before = await readClientProfiles(keycloak);
    const profiles = change(before);
    await keycloak.replace(attempt('change the client profiles'), (admin) =>
      admin.clientPolicies.createProfiles({ profiles } as Parameters<
        typeof admin.clientPolicies.createProfiles
      >[0]),
    );
    return isKept(before, profiles, await readClientProfiles(keycloak), change);
  });
}

/**
 * Whether the written entries are there. The lists are compared as a whole: everybody else's entries must be as they
 * were read. An edit that came in between is otherwise not seen. mcpkc's own are compared by name: Keycloak fills in
 * defaults.
 */
function isKept<T extends { name: string }>(
  before: readonly T[],
  wanted: T[],
  found: T[],
  change: (all: T[]) => T[],
): boolean {
  const now = new Map(found.map((one) => [one.name, one]));
  return (
    found.length === wanted.length &&
    change(found).length === found.length &&
    wanted.every((one) => now.has(one.name)) &&
    // A change keeps an entry that it leaves alone as the same object.
    wanted
      .filter((one) => before.includes(one))
      .every((one) => JSON.stringify(now.get(one.name)) === JSON.stringify(one))
  );
}
