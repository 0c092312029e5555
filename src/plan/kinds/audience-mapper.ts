import { writeAudienceMapper } from '../../keycloak/write/write-scopes.ts';
import {
  AUDIENCE,
  audiencesOf,
  CLIENT_AUDIENCE,
  IN_ACCESS_TOKEN,
  MAPPER_NAME,
  mapperOf,
} from '../../realm/audiences.ts';
import { AUDIENCE_MAPPER } from '../../realm/representations.ts';
import { type RealmSnapshot, scopeNamed } from '../../realm/snapshot.ts';
import type { Change } from '../plan.ts';
import { all } from './join.ts';
import type { Kind } from './kind.ts';

/** The fields of a mapper that mcpkc owns; `scope` is the client scope that it is in. */
export interface OwnedMapper {
  scope: string;
  protocolMapper?: string;
  config: Readonly<Record<string, string>>;
}

/**
 * The keys of the mapper's configuration that mcpkc owns. A client audience would take precedence over the custom one.
 */
function owned(config: Readonly<Record<string, string>>): Record<string, string> {
  return {
    [AUDIENCE]: config[AUDIENCE] ?? '',
    [CLIENT_AUDIENCE]: config[CLIENT_AUDIENCE] ?? '',
    [IN_ACCESS_TOKEN]: config[IN_ACCESS_TOKEN] ?? '',
  };
}

/** Deletions of the mappers by which a scope carries an audience; its other mappers stay. */
function removals(name: string, audience: string, snapshot: RealmSnapshot): Change<'audience-mapper'>[] {
  const scope = scopeNamed(snapshot, name);
  const giving = (scope?.mappers ?? []).filter(
    (mapper) => scope && audiencesOf({ ...scope, mappers: [mapper] }).includes(audience),
  );
  return giving.map((mapper) => ({
    kind: 'audience-mapper',
    action: 'delete',
    key: `${name}/${mapper.name}`,
    before: { scope: name, config: owned(mapper.config) },
    after: null,
    why: 'since adopted clients have the audience by a scope of its own, and this one must not carry it',
  }));
}

function wantedMapper(name: string, audience: string, snapshot: RealmSnapshot): Change<'audience-mapper'>[] {
  const scope = scopeNamed(snapshot, name);
  const mapper = scope && mapperOf(scope, audience);
  const config = { [AUDIENCE]: audience, [CLIENT_AUDIENCE]: '', [IN_ACCESS_TOKEN]: 'true' };
  const key = `${name}/${mapper?.name ?? MAPPER_NAME}`;
  const why = 'so that access tokens name the MCP server in aud';
  if (!mapper) {
    const after = { scope: name, config };
    return [{ kind: 'audience-mapper', action: 'create', key, before: null, after, why }];
  }
  const before = owned(mapper.config);
  const isRight =
    mapper.protocolMapper === AUDIENCE_MAPPER && JSON.stringify(before) === JSON.stringify(config);
  if (isRight) return [];
  const from = { scope: name, protocolMapper: mapper.protocolMapper, config: before };
  const after = { scope: name, protocolMapper: AUDIENCE_MAPPER, config };
  return [{ kind: 'audience-mapper', action: 'update', key, before: from, after, why }];
}

/** A mapper as it was before mcpkc changed it; one that mcpkc made is removed. */
function restored(
  {
    scope: name,
    mapper: mapperName,
    restore,
  }: { scope: string; mapper: string; restore: Readonly<Record<string, string>> | null },
  snapshot: RealmSnapshot,
): Change<'audience-mapper'>[] {
  const mapper = scopeNamed(snapshot, name)?.mappers.find((one) => one.name === mapperName);
  if (!mapper) return [];
  const config = owned(mapper.config);
  const change = {
    kind: 'audience-mapper',
    key: `${name}/${mapperName}`,
    before: { scope: name, config },
  } as const;
  if (restore === null) return [{ ...change, action: 'delete', after: null, why: 'since mcpkc made it' }];
  if (JSON.stringify(config) === JSON.stringify(restore)) return [];
  return [
    {
      ...change,
      action: 'update',
      after: { scope: name, config: { ...restore } },
      why: 'as it was before mcpkc changed it',
    },
  ];
}

/** The protocol mapper that puts the MCP server's URL into `aud` of access tokens. */
export const audienceMapper: Kind<'audience-mapper', OwnedMapper, 'audienceMappers'> = {
  title: 'audience mapper',
  isRemembered: true,
  isThere: (key, { scopes }) =>
    scopes.some(({ name, mappers }) => mappers.some((mapper) => `${name}/${mapper.name}` === key)),
  isRealmList: false,
  joins: {
    audienceMappers: all,
  },
  diff: ({ audienceMappers: wanted }, snapshot) =>
    (wanted ?? []).flatMap((one) => {
      if ('restore' in one) return restored(one, snapshot);
      const { scope, audience, absent } = one;
      return absent ? removals(scope, audience, snapshot) : wantedMapper(scope, audience, snapshot);
    }),
  write: (change, { keycloak, ids }) => writeAudienceMapper(keycloak, ids, change),
};
