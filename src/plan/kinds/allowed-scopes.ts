import { writeAllowedScopes } from '../../keycloak/write/write-policies.ts';
import { type AllowedScopes, allowedScopesOf } from '../../realm/registration-policies.ts';
import { POLICY, type RegistrationPolicy } from '../../realm/representations.ts';
import { anonymousPolicies } from '../../realm/snapshot.ts';
import type { Change } from '../plan.ts';
import { distinct } from './join.ts';
import type { Kind } from './kind.ts';

type Allowed = ReturnType<typeof allowedScopesOf>;

function restored(policy: RegistrationPolicy, after: Allowed | undefined): Change<'allowed-scopes'>[] {
  const before = allowedScopesOf(policy);
  if (after === undefined || JSON.stringify(before) === JSON.stringify(after)) return [];
  const why = 'since nothing needs these any more that mcpkc put there';
  return [{ kind: 'allowed-scopes', action: 'update', key: policy.name, before, after, why }];
}

/** The client scopes that a registration may name; every such policy of the realm is kept alike. */
export const allowedScopes: Kind<'allowed-scopes', AllowedScopes, 'allowedScopes'> = {
  title: 'policy',
  isRemembered: true,
  isThere: (key, snapshot) =>
    anonymousPolicies(snapshot, POLICY.allowedScopes).some(({ name }) => name === key),
  isRealmList: true,
  joins: {
    allowedScopes: (parts) => {
      const scopes = parts.flatMap((one) => ('add' in one ? [one] : []));
      if (scopes.length === 0) return undefined;
      return {
        add: distinct(scopes.map(({ add }) => add)),
        remove: distinct(scopes.map(({ remove }) => remove)),
        defaults: scopes.some(({ defaults }) => defaults),
      };
    },
  },
  diff: ({ allowedScopes: wanted }, snapshot) => {
    if (!wanted) return [];
    return anonymousPolicies(snapshot, POLICY.allowedScopes).flatMap((policy) => {
      const before = allowedScopesOf(policy);
      if ('restore' in wanted) return restored(policy, wanted.restore[policy.name]);
      const kept = before.scopes.filter((scope) => !wanted.remove.includes(scope));
      const scopes = [...kept, ...wanted.add.filter((scope) => !kept.includes(scope))];
      const after = { scopes, defaults: wanted.defaults || before.defaults };
      if (JSON.stringify(before) === JSON.stringify(after)) return [];
      const why = 'so that registrations which name openid and the realm’s own scopes are accepted';
      return [
        { kind: 'allowed-scopes' as const, action: 'update' as const, key: policy.name, before, after, why },
      ];
    });
  },
  write: (change, { keycloak }) => writeAllowedScopes(keycloak, change),
};
