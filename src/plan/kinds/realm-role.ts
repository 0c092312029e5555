import { writeRealmRole } from '../../keycloak/write/write-access.ts';
import type { Change } from '../plan.ts';
import { each } from './join.ts';
import type { Kind } from './kind.ts';

/** The part of a realm role that mcpkc owns: that it is there. */
export interface OwnedRole {
  name: string;
  description?: string;
}

/** Realm roles that MCP servers are bound to, and the one that nobody holds. One that is there stays as it is. */
export const realmRole: Kind<'realm-role', OwnedRole, 'realmRoles'> = {
  title: 'realm role',
  isRemembered: true,
  isThere: (key, { roles = [] }) => roles.some(({ client, name }) => client === null && name === key),
  isRealmList: false,
  joins: {
    realmRoles: (parts) => each(parts, ({ name }) => name),
  },
  diff: ({ realmRoles: wanted }, { roles = [] }) =>
    (wanted ?? []).flatMap(({ name, description, why, absent }): Change<'realm-role'>[] => {
      const found = roles.find((role) => role.client === null && role.name === name);
      if ((found === undefined) === (absent === true)) return [];
      if (found)
        return [{ kind: 'realm-role', action: 'delete', key: name, before: { name }, after: null, why }];
      const after = { name, description };
      return [{ kind: 'realm-role', action: 'create', key: name, before: null, after, why }];
    }),
  write: (change, { keycloak }) => writeRealmRole(keycloak, change),
};
