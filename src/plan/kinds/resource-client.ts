import { writeResourceClient } from '../../keycloak/write/write-clients.ts';
import { resourceClientBody } from '../../realm/resource-client.ts';
import type { Change } from '../plan.ts';
import { all } from './join.ts';
import type { Kind } from './kind.ts';

/** The client that is deleted, or the whole representation of the one that is made. */
export type OwnedResourceClient = Readonly<Record<string, unknown>> & { readonly id: string };

const WHY =
  'so that nobody else takes the MCP server’s URL as client id, and sign-ins which name it in `resource` get its audience alone';

/**
 * The client that stands for an MCP server where Keycloak judges `resource`. An existing one that is not mcpkc's, or
 * not as it is made, is deleted and made anew. It is never changed: its registrant may hold its registration access
 * token.
 */
export const resourceClient: Kind<'resource-client', OwnedResourceClient, 'resourceClients'> = {
  title: 'resource client',
  isRemembered: false,
  isRealmList: false,
  joins: {
    resourceClients: all,
  },
  diff: ({ resourceClients: wanted }, snapshot) =>
    (wanted ?? []).flatMap((one): Change<'resource-client'>[] => {
      const { clientId } = one;
      const found = snapshot.clients.find((client) => client.clientId === clientId);
      const before = found ? { id: found.id, redirectUris: found.redirectUris } : null;
      if ('absent' in one) {
        // Made anew meanwhile, or by another run: not the one that was judged.
        if (found?.id !== one.absent) return [];
        return [
          { kind: 'resource-client', action: 'delete', key: clientId, before, after: null, why: one.why },
        ];
      }
      if (found?.id === one.id) return [];
      const after = { id: one.id, ...resourceClientBody(one.resource) };
      const action = found ? 'update' : 'create';
      return [{ kind: 'resource-client', action, key: clientId, before, after, why: WHY }];
    }),
  write: (change, { keycloak }) => writeResourceClient(keycloak, change),
};
