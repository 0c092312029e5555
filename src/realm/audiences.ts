import { differenceOf, parseResource } from '../names/resource-url.ts';
import { AUDIENCE_MAPPER, type ClientScope, type ProtocolMapper } from './representations.ts';
/** The name of the mapper in every audience client scope. */
export const MAPPER_NAME = 'mcp-audience';

export const AUDIENCE = 'included.custom.audience';

export const CLIENT_AUDIENCE = 'included.client.audience';

export const IN_ACCESS_TOKEN = 'access.token.claim';

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
 * The mapper that mcpkc owns in a scope, the first of four. One that adds this audience already; the one of mcpkc's
 * name; one whose audience is another spelling of it; one for another URL. Only `--replace-audience` lets it come to
 * the last.
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
    custom.find((one) => 'value' in parseResource(one.config[AUDIENCE] ?? ''))
  );
}
