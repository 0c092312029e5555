import { POLICY, type RegistrationPolicy } from '../../realm/representations.ts';
import { anonymousPolicies } from '../../realm/snapshot.ts';
import type { Resource } from './resource.ts';

/** Keys of the configuration of 'Allowed Client Scopes' (Keycloak 26.7.3). */
export const SCOPES_CONFIG = { scopes: 'allowed-client-scopes', defaults: 'allow-default-scopes' } as const;

/** Reads an 'Allowed Client Scopes' policy. Without the key, the realm's default and optional scopes are allowed. */
export function allowedScopesOf(policy: RegistrationPolicy): { scopes: string[]; defaults: boolean } {
  return {
    scopes: (policy.config[SCOPES_CONFIG.scopes] ?? []).filter((scope) => scope !== ''),
    defaults: policy.config[SCOPES_CONFIG.defaults]?.[0] !== 'false',
  };
}

/** Which client scopes a registration may name; every such policy of the realm is kept alike. */
export const allowedScopes: Resource = {
  kind: 'allowed-scopes',
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
};
