import { scopesNamedBy } from './own-policies.ts';
import type { ClientPolicy, ClientProfile } from './representations.ts';

/** The parts that client policies may name on a server and in a realm. */
export interface PolicyParts {
  policies: readonly ClientPolicy[];
  profiles: readonly ClientProfile[];
  /** Names of the server's own profiles, which every realm has. */
  globalProfiles: readonly string[];
  /** Names of the realm's client scopes. */
  scopes: readonly string[];
  /** Ids of the conditions and executors that the server has; undefined where it shows none. */
  conditions: readonly string[] | undefined;
  executors: readonly string[] | undefined;
}

/** A client policy or profile that names a missing part. */
export interface Broken {
  kind: 'policy' | 'profile';
  name: string;
  /** The missing part, in words. */
  lacks: string;
}

/**
 * Policies and profiles that name a missing part. Keycloak checks each list whole when it is written: with one of them
 * it refuses everybody's edits of that list (26.4.0, 26.7.4). `replaced`: names that are about to be replaced.
 */
export function brokenPolicies(parts: PolicyParts, replaced: readonly string[] = []): Broken[] {
  const { policies, profiles, globalProfiles, scopes, conditions, executors } = parts;
  const known = [...profiles.map(({ name }) => name), ...globalProfiles];
  const inProfiles = profiles.flatMap(({ name, executors: steps = [] }): Broken[] =>
    steps
      .filter(({ executor }) => executors !== undefined && !executors.includes(executor))
      .map(({ executor }) => ({
        kind: 'profile',
        name,
        lacks: `the executor ${executor}, which this Keycloak doesn’t have`,
      })),
  );
  const inPolicies = policies.flatMap((policy): Broken[] => {
    const { name, conditions: steps = [], profiles: named = [] } = policy;
    const lacks = [
      ...named.filter((one) => !known.includes(one)).map((one) => `the profile '${one}', which is gone`),
      ...scopesNamedBy(policy)
        .filter((one) => !scopes.includes(one))
        .map((one) => `the client scope '${one}', which is gone`),
      ...steps
        .filter(({ condition }) => conditions !== undefined && !conditions.includes(condition))
        .map(({ condition }) => `the condition ${condition}, which this Keycloak doesn’t have`),
    ];
    return lacks.map((one) => ({ kind: 'policy', name, lacks: one }));
  });
  return [...inProfiles, ...inPolicies].filter(({ name }) => !replaced.includes(name));
}
