import type { RealmChange } from '../plan.ts';
import type { Resource } from './resource.ts';

/** mcpkc's own attributes on clients, and the static client of OIDC_AUDIENCE. */
export const client: Resource = {
  kind: 'client',
  diff: ({ clients: wanted }, snapshot) =>
    (wanted ?? []).flatMap(({ clientId, attributes, create, why }): RealmChange[] => {
      const found = snapshot.clients.find((one) => one.clientId === clientId);
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
      if (names.every((name) => before[name] === attributes[name])) return [];
      const after = { attributes };
      return [
        { kind: 'client', action: 'update', key: clientId, before: { attributes: before }, after, why },
      ];
    }),
};
