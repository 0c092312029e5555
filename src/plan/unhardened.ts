import { beforeOf, type RealmRecord } from '../realm/record.ts';
import { mapperTypesOf, PAIRWISE_MAPPER } from '../realm/registration-policies.ts';
import { POLICY } from '../realm/representations.ts';
import { anonymousPolicies, type RealmSnapshot } from '../realm/snapshot.ts';
import type { Desired } from './desired.ts';

/**
 * The way back from the hardening: the policy for registrations goes, and mapper types that were allowed before mcpkc
 * are allowed again, where the policy is still as mcpkc wrote it.
 */
export function unhardened(
  snapshot: RealmSnapshot,
  record: RealmRecord,
): Pick<Desired, 'registrations' | 'mapperTypes'> {
  const restore = anonymousPolicies(snapshot, POLICY.allowedMappers).flatMap(
    (policy): [string, string[]][] => {
      const now = mapperTypesOf(policy);
      const value = beforeOf(record, 'mapper-types', policy.name)?.value as
        | { types?: unknown }
        | null
        | undefined;
      const isOurs = now.every((type) => type === PAIRWISE_MAPPER);
      const types = Array.isArray(value?.types) ? value.types.map(String) : [];
      return isOurs && types.length > 0 ? [[policy.name, types]] : [];
    },
  );
  return {
    registrations: { absent: true },
    ...(restore.length === 0 ? {} : { mapperTypes: { restore: Object.fromEntries(restore) } }),
  };
}
