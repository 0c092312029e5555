import { writeScopeAccess } from '../../keycloak/write/write-access.ts';
import { isSameRole, type RoleName, roleLabel, rolesOf } from '../../realm/access.ts';
import type { Action, Change } from '../plan.ts';
import { all } from './join.ts';
import type { Kind } from './kind.ts';

/** The roles that a scope maps; an empty list lets everybody in. */
export interface OwnedAccess {
  scope: string;
  roles: readonly RoleName[];
}

const named = (roles: readonly RoleName[]): RoleName[] =>
  roles.map(({ client, name }) => ({ client, name })).sort((a, b) => (roleLabel(a) < roleLabel(b) ? -1 : 1));

/**
 * The roles that a scope maps: those who have one get its audience. Each scope is one change. So the roles of a scope
 * that is restricted come in one request, and those of one that is opened are removed together.
 */
export const scopeAccess: Kind<'scope-access', OwnedAccess, 'access'> = {
  title: 'who may use',
  isRemembered: false,
  isRealmList: false,
  joins: {
    access: all,
  },
  diff: ({ access: wanted }, { access = [] }) =>
    (wanted ?? []).flatMap(({ scope, roles, why }): Change<'scope-access'>[] => {
      const from = rolesOf(access, scope);
      const same = from.length === roles.length && from.every((a) => roles.some((b) => isSameRole(a, b)));
      if (same) return [];
      const action: Action = roles.length === 0 ? 'detach' : from.length === 0 ? 'attach' : 'update';
      const before = { scope, roles: named(from) };
      const after = { scope, roles: named(roles) };
      return [{ kind: 'scope-access', action, key: scope, before, after, why }];
    }),
  write: (change, { keycloak, ids }) => writeScopeAccess(keycloak, ids, change),
};
