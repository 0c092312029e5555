import { writeAllowedScopes } from '../../keycloak/write/write-policies.ts';
import { type AllowedScopes, allowedScopesOf } from '../../realm/registration-policies.ts';
import { POLICY } from '../../realm/representations.ts';
import { anonymousPolicies } from '../../realm/snapshot.ts';
import type { Kind } from './kind.ts';

/** Which client scopes a registration may name; every such policy of the realm is kept alike. */
export const allowedScopes: Kind<'allowed-scopes', AllowedScopes> = {
  title: 'policy',
  diff: ({ allowedScopes: wanted }, snapshot) => {
    if (!wanted) return [];
    return anonymousPolicies(snapshot, POLICY.allowedScopes).flatMap((policy) => {
      const before = allowedScopesOf(policy);
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
