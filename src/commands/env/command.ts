// biome-ignore lint/style/noRestrictedImports: an option with choices.
import { Option } from 'commander';
import type { Command, Context } from '../../cli/command.ts';
import { givenResource, SAME_AS_OPTION } from '../../cli/resource-option.ts';
import type { Config } from '../../config/load.ts';
import { isLoopback } from '../../names/loopback.ts';
import { aliasOf } from '../../names/resource-url.ts';
import { type ConfiguredServer, readConfiguredServer } from '../../plan/configured-server.ts';
import { ENV_FORMATS, type EnvFormat, envText } from '../../plan/env-text.ts';
import { resourceFor } from '../../plan/input.ts';
import { firstStepFor } from '../../plan/next-step.ts';
import { roleLabel } from '../../realm/access.ts';
import { keepAsIs } from '../../text.ts';

/** The flags of `mcpkc env`. */
export type EnvOptions = { format: EnvFormat; resource?: string; scope?: string };

/** `mcpkc env` */
export const env: Command<EnvOptions> = {
  define(command) {
    command
      .description('Print the environment that the MCP server of a resource needs.')
      .argument(
        '[resource]',
        'the MCP server’s URL; a bare host means https://<host>/mcp (default: MCP_TRANSPORT_URL)',
      )
      .option('--resource <url>', SAME_AS_OPTION)
      .addOption(
        new Option('--format <format>', 'how to write it').choices([...ENV_FORMATS]).default('dotenv'),
      )
      .option('--scope <name>', 'name of the client scope');
  },
  examples: [
    ['for the server’s .env file', 'mcpkc env https://svc.example.com/mcp > svc.env'],
    ['for Docker Compose', 'mcpkc env https://svc.example.com/mcp --format compose > compose.mcp.yaml'],
    ['a server with FastMCP', 'mcpkc env https://svc.example.com/mcp --format fastmcp > server.py'],
    ['for Kubernetes', 'mcpkc env https://svc.example.com/mcp --format k8s | kubectl apply -f -'],
  ],
  changes: 'Nothing. It reads the resource’s scope and mode where a service account is configured.',
  exits: [[0, 'printed']],
  async run(context, [argument], flags) {
    const config = await context.config();
    const resource = resourceFor(config, givenResource(argument, flags), { bareHost: true });
    const server = await look(context, config, resource, flags);
    const { format } = flags;
    const { scope, mode, source, env: values } = server;
    const roles = server.roles?.gates?.map(roleLabel) ?? null;
    return {
      command: 'env',
      exitStatus: 0,
      server: config.server,
      realm: config.realm,
      document: { resource, scope, mode, source, roles, env: values },
      text: () => keepAsIs(envText(values, format, aliasOf(resource))),
    };
  },
};

async function look(
  context: Context,
  config: Config,
  resource: string,
  flags: EnvOptions,
): Promise<ConfiguredServer> {
  const server = await readConfiguredServer(context, config, resource, flags);
  const { scope, mode, source, realm } = server;
  if (source === 'configuration') {
    context.voice.note(
      `No service account is configured, so the realm was not asked: scope '${scope}' (${mode}) is what the configuration has.`,
    );
  }
  if (source === 'not in realm') {
    const next = firstStepFor({ resource: config.transportUrl === resource ? undefined : resource });
    context.voice.warn(
      `Realm '${realm}' has no scope for ${resource} yet. Next, once the MCP server runs with this, ${next.what}:\n${next.line}`,
    );
  }
  if (server.roles?.gates !== undefined) {
    context.voice.note(
      "REQUIRED_ROLES names who may use it. Keycloak already leaves the audience out of everybody else’s tokens; a server that checks the role too finds it in realm_access.roles, where the client holds the scope 'roles'.",
    );
  }
  if (isLocal(server.issuer) && !isLocal(resource)) {
    const isDefault = ['KC_SERVER', 'KC_HOSTNAME', 'KC_ISSUER'].every(
      (key) => config.originOf(key) === undefined,
    );
    const from = isDefault ? ' (made of the default of KC_SERVER: no Keycloak is configured)' : '';
    context.voice.warn(
      `OIDC_ISSUER is ${server.issuer}${from}, which the MCP server of a public address will hardly see in its tokens. Name Keycloak’s public address: KC_HOSTNAME (or KC_ISSUER).`,
    );
  }
  return server;
}

const isLocal = (url: string) => isLoopback(new URL(url));
