import { writeRoleHolder } from '../../keycloak/write/write-access.ts';
import type { RoleHolder } from '../../realm/snapshot.ts';
import type { Change } from '../plan.ts';
import { none } from './join.ts';
import type { Kind } from './kind.ts';

/** Groups and users that a role is granted to. It is only ever granted: everything else of it is the administrator's business. */
export const roleHolder: Kind<'role-holder', RoleHolder, 'roleHolders'> = {
  title: 'role',
  isRemembered: false,
  isRealmList: false,
  joins: {
    roleHolders: none,
  },
  diff: ({ roleHolders: wanted }, { roleHolders = [] }) =>
    (wanted ?? []).flatMap((after): Change<'role-holder'>[] => {
      const { role, kind, name } = after;
      const isThere = roleHolders.some((one) => one.role === role && one.kind === kind && one.name === name);
      if (isThere) return [];
      const why =
        kind === 'group'
          ? 'so that its members may use the MCP server'
          : 'so that this person may use the MCP server';
      const key = `${role} ${kind} ${name}`;
      return [{ kind: 'role-holder', action: 'attach', key, before: null, after, why }];
    }),
  write: (change, { keycloak }) => writeRoleHolder(keycloak, change),
};
