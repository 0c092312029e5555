import { writeMapperTypes } from '../../keycloak/write/write-policies.ts';
import { mapperTypesOf } from '../../realm/registration-policies.ts';
import { POLICY } from '../../realm/representations.ts';
import { anonymousPolicies, type RealmSnapshot } from '../../realm/snapshot.ts';
import type { Change } from '../plan.ts';
import { none } from './join.ts';
import type { Kind } from './kind.ts';

/** The types of protocol mappers that the policy allows. */
export interface OwnedTypes {
  types: readonly string[];
}

const WHY = 'so that no client that registers itself chooses what its tokens claim about a user';

function restored(
  restore: Readonly<Record<string, readonly string[] | null>>,
  snapshot: RealmSnapshot,
): Change<'mapper-types'>[] {
  return anonymousPolicies(snapshot, POLICY.allowedMappers).flatMap((policy): Change<'mapper-types'>[] => {
    const types = mapperTypesOf(policy);
    const before = restore[policy.name];
    if (before === null) {
      const change = { before: { types }, after: null, why: 'since mcpkc made it' };
      return [{ kind: 'mapper-types', action: 'delete', key: policy.name, ...change }];
    }
    const all = [...new Set([...types, ...(before ?? [])])].sort();
    if (before === undefined || all.length === types.length) return [];
    const why = 'since they were allowed before mcpkc, and no MCP server of the realm is left';
    return [
      {
        kind: 'mapper-types',
        action: 'update',
        key: policy.name,
        before: { types },
        after: { types: all },
        why,
      },
    ];
  });
}

/** The protocol mappers that a registration may bring; every such policy of the realm is narrowed alike. */
export const mapperTypes: Kind<'mapper-types', OwnedTypes, 'mapperTypes'> = {
  title: 'policy',
  isRemembered: true,
  isThere: (key, snapshot) =>
    anonymousPolicies(snapshot, POLICY.allowedMappers).some(({ name }) => name === key),
  isRealmList: true,
  joins: {
    mapperTypes: none,
  },
  diff: ({ mapperTypes: wanted }, snapshot) => {
    if (!wanted) return [];
    if ('restore' in wanted) return restored(wanted.restore, snapshot);
    const policies = anonymousPolicies(snapshot, POLICY.allowedMappers);
    if (policies.length === 0) {
      const after = { types: [...wanted.only] };
      const key = 'Allowed Protocol Mapper Types';
      return [{ kind: 'mapper-types', action: 'create', key, before: null, after, why: WHY }];
    }
    return policies.flatMap((policy): Change<'mapper-types'>[] => {
      const types = mapperTypesOf(policy);
      // An empty list of types means that a registration may bring no mapper at all: narrower than what is wanted.
      const kept = types.filter((type) => wanted.only.includes(type));
      if (kept.length === types.length) return [];
      const change = { before: { types }, after: { types: kept }, why: WHY };
      return [{ kind: 'mapper-types', action: 'update', key: policy.name, ...change }];
    });
  },
  write: (change, { keycloak }) => writeMapperTypes(keycloak, change),
};
