import { writeClientScope } from '../../keycloak/write/write-scopes.ts';
import { ATTRIBUTE } from '../../realm/marks.ts';
import { type RealmSnapshot, scopeNamed } from '../../realm/snapshot.ts';
import type { Desired } from '../desired.ts';
import type { Change } from '../plan.ts';
import { each } from './join.ts';
import type { Kind } from './kind.ts';

/** The fields of a client scope that mcpkc owns; null as an attribute's value is one that isn't there. */
export interface OwnedScope {
  name?: string;
  protocol?: string;
  description?: string;
  attributes?: Readonly<Record<string, string | null>>;
}

type Wanted = NonNullable<Desired['clientScopes']>[number];

function diffOne(wanted: Wanted, snapshot: RealmSnapshot): Change<'client-scope'>[] {
  const key = wanted.name;
  const scope = scopeNamed(snapshot, key);
  if ('absent' in wanted) {
    if (!scope) return [];
    const before = { name: key, attributes: scope.attributes };
    return [
      { kind: 'client-scope', action: 'delete', key, before, after: null, why: 'the resource is retired' },
    ];
  }
  const { attributes, begin, description } = wanted;
  const isHidden = attributes[ATTRIBUTE.audienceOf] !== undefined;
  if (!scope) {
    const after = {
      name: key,
      protocol: 'openid-connect',
      description,
      attributes: { ...begin, ...attributes },
    };
    const why = isHidden
      ? 'so that tokens of adopted clients carry the MCP server’s audience, and nobody can ask for it by name'
      : 'so that clients can name the MCP server when they register and sign in';
    return [{ kind: 'client-scope', action: 'create', key, before: null, after, why }];
  }
  const names = Object.keys(attributes);
  const owned = Object.fromEntries(names.map((name) => [name, scope.attributes[name] ?? null]));
  if (names.every((name) => owned[name] === attributes[name])) return [];
  const why =
    wanted.why ??
    (isHidden
      ? 'so that the scope stays hidden, and every command knows what it belongs to'
      : 'so that every command knows the scope’s resource and mode');
  const before = { attributes: owned };
  return [{ kind: 'client-scope', action: 'update', key, before, after: { attributes }, why }];
}

/** The client scopes of a resource: their names, and the attributes that mcpkc owns. */
export const clientScope: Kind<'client-scope', OwnedScope, 'clientScopes'> = {
  title: 'client scope',
  isRemembered: true,
  isThere: (key, snapshot) => scopeNamed(snapshot, key) !== undefined,
  isRealmList: false,
  joins: {
    clientScopes: (parts) => each(parts, ({ name }) => name),
  },
  diff: ({ clientScopes: wanted }, snapshot) => (wanted ?? []).flatMap((one) => diffOne(one, snapshot)),
  write: (change, { keycloak, ids }) => writeClientScope(keycloak, ids, change),
};
