import { scopeNamed } from '../../realm/snapshot.ts';
import type { Resource } from './resource.ts';

/** The audience client scope of a resource: its name and the attributes that say which resource and which mode. */
export const clientScope: Resource = {
  kind: 'client-scope',
  diff: ({ clientScope: wanted }, snapshot) => {
    if (!wanted) return [];
    const key = wanted.name;
    const scope = scopeNamed(snapshot, key);
    if ('absent' in wanted) {
      if (!scope) return [];
      const before = { name: key, attributes: scope.attributes };
      return [
        { kind: 'client-scope', action: 'delete', key, before, after: null, why: 'the resource is retired' },
      ];
    }
    const { attributes, description } = wanted;
    if (!scope) {
      const after = { name: key, protocol: 'openid-connect', description, attributes };
      const why = 'so that tokens can carry the MCP server’s audience';
      return [{ kind: 'client-scope', action: 'create', key, before: null, after, why }];
    }
    const names = Object.keys(attributes);
    const owned = Object.fromEntries(names.map((name) => [name, scope.attributes[name] ?? null]));
    if (names.every((name) => owned[name] === attributes[name])) return [];
    const why = 'so that every command knows the scope’s resource and mode';
    return [
      {
        kind: 'client-scope',
        action: 'update',
        key,
        before: { attributes: owned },
        after: { attributes },
        why,
      },
    ];
  },
};
