import { writeRegistrationOrigins } from '../../keycloak/write/write-policies.ts';
import { webOriginsOf } from '../../realm/registration-policies.ts';
import { POLICY } from '../../realm/representations.ts';
import { anonymousPolicies } from '../../realm/snapshot.ts';
import type { Change } from '../plan.ts';
import { distinct } from './join.ts';
import type { Kind } from './kind.ts';

/** The Origins that registrations from a browser may carry. */
export interface OwnedOrigins {
  origins: readonly string[];
}

function changed(
  key: string,
  before: readonly string[],
  after: readonly string[],
  why: string,
): Change<'registration-origins'>[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const change = { before: { origins: before }, after: { origins: after }, why };
  return [{ kind: 'registration-origins', action: 'update', key, ...change }];
}

/**
 * The Origins from which a web page may register; every such policy of the realm is kept alike. A realm without the
 * policy refuses every Origin (26.5.6, 26.7.3); it was removed by somebody, or is unknown to the server (26.4), so none is
 * made.
 */
export const registrationOrigins: Kind<'registration-origins', OwnedOrigins, 'registrationOrigins'> = {
  title: 'policy',
  isRemembered: true,
  isThere: (key, snapshot) => anonymousPolicies(snapshot, POLICY.webOrigins).some(({ name }) => name === key),
  isRealmList: true,
  joins: {
    registrationOrigins: (parts) => {
      const add = distinct(parts.map((one) => ('add' in one ? one.add : [])));
      return add.length > 0 ? { add } : undefined;
    },
  },
  diff: ({ registrationOrigins: wanted }, snapshot) => {
    if (!wanted) return [];
    return anonymousPolicies(snapshot, POLICY.webOrigins).flatMap((policy) => {
      const now = webOriginsOf(policy);
      if ('restore' in wanted) {
        const why = 'since no product needs these any more that mcpkc put there';
        return changed(policy.name, now, wanted.restore[policy.name] ?? now, why);
      }
      const added = wanted.add.filter((origin) => !now.includes(origin));
      const why = 'so that a product that registers from a web page is not refused for its Origin';
      return changed(policy.name, now, [...now, ...new Set(added)], why);
    });
  },
  write: (change, { keycloak }) => writeRegistrationOrigins(keycloak, change),
};
