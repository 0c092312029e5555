import { writeClient } from '../../keycloak/write/write-clients.ts';
import type { Change } from '../plan.ts';
import { each } from './join.ts';
import type { Kind } from './kind.ts';

/** Attributes of a client that is there (null: not set), or the representation of one that is made or removed. */
export type OwnedClient = Readonly<Record<string, unknown>> & {
  readonly attributes?: Readonly<Record<string, string | null>>;
};

/** mcpkc's own attributes on clients, and the static client of OIDC_AUDIENCE. */
export const client: Kind<'client', OwnedClient, 'clients'> = {
  title: 'client',
  isRemembered: true,
  isThere: (key, { clients }) => clients.some(({ clientId }) => clientId === key),
  isRealmList: false,
  joins: {
    clients: (parts) => each(parts, ({ clientId }) => clientId),
  },
  diff: ({ clients: wanted }, snapshot) =>
    (wanted ?? []).flatMap(({ clientId, attributes, create, absent, why }): Change<'client'>[] => {
      const found = snapshot.clients.find((one) => one.clientId === clientId);
      if (absent) {
        if (!found) return [];
        const before = { id: found.id, redirectUris: found.redirectUris };
        return [{ kind: 'client', action: 'delete', key: clientId, before, after: null, why }];
      }
      if (!found) {
        if (!create) return [];
        return [
          {
            kind: 'client',
            action: 'create',
            key: clientId,
            before: null,
            after: { ...create, clientId },
            why,
          },
        ];
      }
      const names = Object.keys(attributes);
      const before = Object.fromEntries(names.map((name) => [name, found.attributes[name] ?? null]));
      // Keycloak keeps no empty attribute: '' is one that isn't there (26.7.4).
      if (names.every((name) => (before[name] ?? '') === (attributes[name] ?? ''))) return [];
      const after = { attributes };
      return [
        { kind: 'client', action: 'update', key: clientId, before: { attributes: before }, after, why },
      ];
    }),
  write: (change, { keycloak }) => writeClient(keycloak, change),
};
