import { AUDIENCE, CLIENT_AUDIENCE, IN_ACCESS_TOKEN, MAPPER_NAME, mapperOf } from '../../realm/audiences.ts';
import { AUDIENCE_MAPPER } from '../../realm/representations.ts';
import { scopeNamed } from '../../realm/snapshot.ts';
import type { Resource } from './resource.ts';

/** What mcpkc owns of the mapper's configuration. A client audience would take precedence over the custom one. */
function owned(config: Readonly<Record<string, string>>): Record<string, string> {
  return {
    [AUDIENCE]: config[AUDIENCE] ?? '',
    [CLIENT_AUDIENCE]: config[CLIENT_AUDIENCE] ?? '',
    [IN_ACCESS_TOKEN]: config[IN_ACCESS_TOKEN] ?? '',
  };
}

/** The protocol mapper that puts the MCP server's URL into `aud` of access tokens. */
export const audienceMapper: Resource = {
  kind: 'audience-mapper',
  diff: ({ audienceMapper: wanted }, snapshot) => {
    if (!wanted) return [];
    const scope = scopeNamed(snapshot, wanted.scope);
    const mapper = scope && mapperOf(scope, wanted.audience);
    const config = { [AUDIENCE]: wanted.audience, [CLIENT_AUDIENCE]: '', [IN_ACCESS_TOKEN]: 'true' };
    const key = `${wanted.scope}/${mapper?.name ?? MAPPER_NAME}`;
    const why = 'so that access tokens name the MCP server in aud';
    if (!mapper) {
      return [
        {
          kind: 'audience-mapper',
          action: 'create',
          key,
          before: null,
          after: { scope: wanted.scope, config },
          why,
        },
      ];
    }
    const before = owned(mapper.config);
    const isRight =
      mapper.protocolMapper === AUDIENCE_MAPPER && JSON.stringify(before) === JSON.stringify(config);
    if (isRight) return [];
    const from = { scope: wanted.scope, protocolMapper: mapper.protocolMapper, config: before };
    const after = { scope: wanted.scope, protocolMapper: AUDIENCE_MAPPER, config };
    return [{ kind: 'audience-mapper', action: 'update', key, before: from, after, why }];
  },
};
