import type { Context } from '../../cli/command.ts';
import { type Config, withProof } from '../../config/load.ts';
import { McpkcError } from '../../errors.ts';
import { isKeycloakAnswer } from '../../keycloak/read/server-there.ts';
import { type CommandPart, formatCommand } from '../../text.ts';

/** The addresses where a Keycloak on this machine listens by default (`--http-port`, with and without `/auth`). */
export const USUAL_SERVERS = ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/auth'];

/**
 * The configuration with a server that answers. Where none is configured the default is tried, then the usual ports of
 * this machine; the one that was found is reported. Throws KEYCLOAK_UNREACHABLE with all that were tried.
 */
export async function findServer(context: Context, config: Config, dryRun: boolean): Promise<Config> {
  if (config.originOf('KC_SERVER') !== undefined || config.waitMs > 0) return config;
  const tried = [config.server, ...USUAL_SERVERS];
  const found = await Promise.all(tried.map((url) => isKeycloakAnswer(url, context.signal)));
  const server = tried[found.indexOf(true)];
  if (server === undefined) {
    // Lines to paste hold the server's address, though nobody talks to it.
    const name: CommandPart[] = [
      ['--server', 'https://auth.example.com/auth'],
      ...(dryRun ? ['--dry-run'] : []),
    ];
    throw new McpkcError(
      dryRun ? 'CONFIG_MISSING' : 'KEYCLOAK_UNREACHABLE',
      `No Keycloak is configured, and none answers on this machine; tried: ${tried.join(', ')}.`,
      `Name it:\n${formatCommand(['init', ...name])}`,
      { details: { tried } },
    );
  }
  if (server === config.server) return config;
  context.voice.note(`No server is configured; using the Keycloak at ${server}.`);
  const issuer = config.originOf('KC_ISSUER') === undefined && config.hostname === undefined;
  const moved = { ...config, server, ...(issuer ? { issuer: undefined } : {}) };
  return withProof(moved, config);
}
