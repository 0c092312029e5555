import { differenceOf, readResource } from '../../names/resource-url.ts';
import { AUDIENCE_MAPPER, type ClientScope, type ProtocolMapper } from '../../realm/representations.ts';
import { scopeNamed } from '../../realm/snapshot.ts';
import type { Resource } from './resource.ts';

/** The name of the mapper in every audience client scope. */
export const MAPPER_NAME = 'mcp-audience';

const AUDIENCE = 'included.custom.audience';
const CLIENT_AUDIENCE = 'included.client.audience';
const IN_ACCESS_TOKEN = 'access.token.claim';

/** The audiences that a scope's mappers put into tokens. */
export function audiencesOf(scope: ClientScope): string[] {
  return scope.mappers
    .filter(({ protocolMapper }) => protocolMapper === AUDIENCE_MAPPER)
    .map(({ config }) => config[CLIENT_AUDIENCE] || config[AUDIENCE] || '')
    .filter((audience) => audience !== '');
}

/** Whether a mapper adds to access tokens. */
export function isInAccessToken({ config }: ProtocolMapper): boolean {
  return config[IN_ACCESS_TOKEN] === 'true';
}

/**
 * The mapper that mcpkc owns in a scope: one that gives this audience already, else the one of our name, else one whose
 * audience is another spelling of it, else one for another URL (which only `--replace-audience` lets it come to).
 */
export function mapperOf(scope: ClientScope, audience: string): ProtocolMapper | undefined {
  const custom = scope.mappers.filter(
    ({ protocolMapper, config }) => protocolMapper === AUDIENCE_MAPPER && !config[CLIENT_AUDIENCE],
  );
  const differing = (one: ProtocolMapper) => differenceOf(one.config[AUDIENCE] ?? '', audience);
  return (
    custom.find((one) => differing(one) === 'same') ??
    scope.mappers.find(({ name }) => name === MAPPER_NAME) ??
    custom.find((one) => differing(one) !== 'host') ??
    custom.find((one) => 'url' in readResource(one.config[AUDIENCE] ?? ''))
  );
}

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
