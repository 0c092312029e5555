import type { RealmRecord } from '../realm/record.ts';
import { POLICY } from '../realm/representations.ts';
import { anonymousPolicies, type RealmSnapshot } from '../realm/snapshot.ts';
import type { Desired } from './desired.ts';
import { mapperTypesBack, type StillWanted } from './way-back.ts';

/**
 * The way back from the hardening. The policy for registrations is removed. Mapper types that were allowed before mcpkc
 * are allowed again, where their policy is still as mcpkc wrote it.
 */
export function unhardened(
  snapshot: RealmSnapshot,
  record: RealmRecord,
  wanted: StillWanted,
): Pick<Desired, 'registrations' | 'mapperTypes'> {
  const restore = anonymousPolicies(snapshot, POLICY.allowedMappers).flatMap(
    (policy): [string, string[] | null][] => {
      const types = mapperTypesBack(policy, record, wanted);
      return types === undefined ? [] : [[policy.name, types]];
    },
  );
  return {
    registrations: { absent: true },
    ...(restore.length === 0 ? {} : { mapperTypes: { restore: Object.fromEntries(restore) } }),
  };
}
