import type { ClientPolicy, ClientProfile } from '../../realm/representations.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import type { DesiredPolicy } from '../desired.ts';
import type { RealmChange } from '../plan.ts';
import type { Resource } from './resource.ts';

type Step = Record<string, unknown>;

/** Keycloak adds defaults to a configuration; only what is wanted is compared. */
function holds(
  found: readonly Step[] | undefined,
  wanted: readonly Step[],
  name: 'condition' | 'executor',
): boolean {
  return wanted.every((one) =>
    (found ?? []).some((candidate) => {
      if (candidate[name] !== one[name]) return false;
      const there = (candidate.configuration ?? {}) as Step;
      const entries = Object.entries((one.configuration ?? {}) as Step);
      return entries.every(([key, value]) => JSON.stringify(there[key]) === JSON.stringify(value));
    }),
  );
}

function isAsWanted(wanted: DesiredPolicy, policy?: ClientPolicy, profile?: ClientProfile): boolean {
  if (!policy || !profile) return false;
  const conditions = policy.conditions ?? [];
  return (
    policy.enabled === true &&
    (wanted.mode === undefined || policy.mode === wanted.mode) &&
    policy.profiles?.includes(wanted.profile) === true &&
    conditions.length === wanted.conditions.length &&
    holds(conditions, wanted.conditions, 'condition') &&
    holds(profile.executors, wanted.executors, 'executor')
  );
}

function diffOne(wanted: DesiredPolicy, snapshot: RealmSnapshot): RealmChange[] {
  const policy = snapshot.clientPolicies.find(({ name }) => name === wanted.name);
  const profile = snapshot.clientProfiles.find(({ name }) => name === wanted.profile);
  const key = wanted.name;
  const before = policy ? { policy } : null;
  if (wanted.absent) {
    if (!policy) return [];
    const others = snapshot.clientPolicies.filter(({ name }) => name !== wanted.name);
    const isShared = others.some(({ profiles }) => profiles?.includes(wanted.profile));
    const why =
      'since the scope that it names goes, and a dangling name blocks every edit of client policies';
    const from = { policy, profile: isShared || !profile ? null : wanted.profile };
    return [{ kind: 'client-policy', action: 'delete', key, before: from, after: null, why }];
  }
  if (isAsWanted(wanted, policy, profile)) return [];
  const { name, description, mode, conditions, profileDescription, executors } = wanted;
  const after = {
    policy: {
      name,
      description,
      enabled: true,
      ...(mode ? { mode } : {}),
      conditions,
      profiles: [wanted.profile],
    },
    profile: { name: wanted.profile, description: profileDescription, executors },
  };
  return [
    { kind: 'client-policy', action: policy ? 'update' : 'create', key, before, after, why: description },
  ];
}

/** Client policies of mcpkc's own, each with its profile; all others pass through untouched. */
export const clientPolicy: Resource = {
  kind: 'client-policy',
  diff: ({ clientPolicies: wanted }, snapshot) => (wanted ?? []).flatMap((one) => diffOne(one, snapshot)),
};
