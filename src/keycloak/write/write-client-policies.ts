import type { Change } from '../../plan/plan.ts';
import type { ClientPolicy, ClientProfile } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import type { Attempt } from '../connection/failures.ts';
import { readClientPolicies, readClientProfiles } from '../read/read.ts';
import { untilKept } from './until-kept.ts';

const attempt = (what: string): Attempt => ({ what, role: 'manage-realm' });

/**
 * Writes a client policy and its profile into the realm's two lists, each replaced whole by a PUT: profiles before the
 * policies that name them, and the other way round on removal. What others added to either stays.
 */
export async function writeClientPolicy(keycloak: Keycloak, change: Change): Promise<void> {
  if (change.action === 'delete') {
    await putPolicies(keycloak, (all) => all.filter(({ name }) => name !== change.key));
    const profile = change.before?.profile;
    if (typeof profile === 'string') await dropProfile(keycloak, profile);
    return;
  }
  const { policy, profile } = change.after as unknown as { policy: ClientPolicy; profile: ClientProfile };
  await putProfiles(keycloak, (all) => replaced(all, profile, mergedProfile));
  await putPolicies(keycloak, (all) => replaced(all, policy, mergedPolicy));
}

/** Deletes a profile unless a policy names it by now: a dangling name blocks every later edit of policies. */
async function dropProfile(keycloak: Keycloak, profile: string): Promise<void> {
  const policies = await readClientPolicies(keycloak);
  if (policies.some(({ profiles }) => profiles?.includes(profile))) return;
  await putProfiles(keycloak, (all) => all.filter(({ name }) => name !== profile));
}

function replaced<T extends { name: string }>(all: readonly T[], one: T, merge: (now: T, one: T) => T): T[] {
  const at = all.findIndex(({ name }) => name === one.name);
  const now = all[at];
  return now === undefined ? [...all, one] : all.with(at, merge(now, one));
}

function mergedPolicy(now: ClientPolicy, one: ClientPolicy): ClientPolicy {
  const profiles = [...new Set([...(now.profiles ?? []), ...(one.profiles ?? [])])];
  return { ...now, ...one, profiles };
}

function mergedProfile(now: ClientProfile, one: ClientProfile): ClientProfile {
  const ours = one.executors ?? [];
  const theirs = (now.executors ?? []).filter(
    (step) => !ours.some(({ executor }) => executor === step.executor),
  );
  return { ...now, ...one, executors: [...ours, ...theirs] };
}

async function putPolicies(
  keycloak: Keycloak,
  change: (all: ClientPolicy[]) => ClientPolicy[],
): Promise<void> {
  await untilKept(keycloak, 'The list of client policies', async () => {
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
  await untilKept(keycloak, 'The list of client profiles', async () => {
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
 * Whether what was written is there. The lists are compared as a whole: everybody else's entries must be as they were read,
 * since an edit that came in between is otherwise not seen. Ours are compared by name: Keycloak fills in defaults.
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
    // A change gives what it leaves alone as the same object.
    wanted
      .filter((one) => before.includes(one))
      .every((one) => JSON.stringify(now.get(one.name)) === JSON.stringify(one))
  );
}
