import { type Command, defineWriting, type Flags, list } from '../../cli/command.ts';
import { inputError } from '../../errors.ts';
import { connect } from '../../keycloak/connection/connect.ts';
import { resourceFor, scopeWish, wantedPresets } from '../../plan/input.ts';
import { withdrawLeftBehind } from '../../plan/leftovers.ts';
import { changeScope } from './change-scope.ts';
import { retireScope } from './retire-scope.ts';

/** `mcpkc create-scope` */
export const createScope: Command = {
  define(command) {
    command
      .description('Make Keycloak ready for an MCP server: scope, audience, policies; or retire one.')
      .option('--resource <url>', 'the MCP server’s URL as people type it (default: MCP_TRANSPORT_URL)')
      .option('--scope <name>', 'name of the client scope')
      .option(
        '--attach <list>',
        'default, optional, or none (adopted mode); default: as it is, default for a new scope',
      )
      .option('--existing', 'also assign the scope to the products’ clients that are there already')
      .option('--no-existing', 'don’t (default where the realm has another audience scope)')
      .option('--client <id>', 'also assign the scope to this client …', list)
      .option('--detach <client>', 'take the scope from this client …', list)
      .option('--preset <name>', 'client products that may register … (default: chatgpt)', list)
      .option('--create-static', 'make the static client of OIDC_AUDIENCE')
      .option(
        '--no-harden',
        'leave out what makes registration safer: PKCE, exact redirect URIs, no mappers, no tokens without a user',
      )
      .option('--replace-audience', 'take over a scope that carries another server’s audience (with --yes)')
      .option('--remove', 'retire the resource: scope, policies and hosts that nothing else uses');
    defineWriting(command);
  },
  examples: [
    ['every user of the realm may connect', 'mcpkc create-scope --resource https://svc.example.com/mcp'],
    [
      'for several products',
      'mcpkc create-scope --resource https://svc.example.com/mcp --preset chatgpt,claude,vscode',
    ],
    ['see what would change', 'mcpkc create-scope --resource https://svc.example.com/mcp --dry-run'],
    ['retire a server', 'mcpkc create-scope --resource https://svc.example.com/mcp --remove --yes'],
  ],
  changes:
    'A client scope with an audience mapper, the policies for registration, client policies for what registers itself, the realm’s default scopes, and the scopes of the clients named.',
  exits: [
    [0, 'done, or nothing to do'],
    [1, 'with --dry-run: something would change'],
    [5, 'the scope is another server’s, a window is open, or --yes is needed'],
  ],
  async run(context, _args, flags) {
    checkFlags(flags);
    const config = await context.config();
    // What is wrong with the words is said before anything is sent.
    scopeWish(config, resourceFor(config, flags.resource as string | undefined), flags);
    wantedPresets(config, flags.preset);
    const keycloak = await connect(config, context.io, context.signal);
    // Before the plan: who loses something by it is planned for as it is then.
    if (flags.dryRun !== true) await withdrawLeftBehind(context, keycloak, 'create-scope');
    return flags.remove === true
      ? retireScope(context, config, keycloak, flags)
      : changeScope(context, config, keycloak, flags);
  },
};

function checkFlags(flags: Flags): void {
  const { attach } = flags;
  if (attach !== undefined && !['default', 'optional', 'none'].includes(String(attach))) {
    throw inputError(
      '--attach',
      `'${attach}' is none of default, optional, none`,
      'See mcpkc create-scope --help',
    );
  }
  if (flags.remove !== true) return;
  const contrary = ['attach', 'client', 'detach', 'createStatic', 'replaceAudience'];
  const found = contrary.find((name) => flags[name] !== undefined && flags[name] !== false);
  if (found === undefined) return;
  const option = `--${found.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw inputError(
    option,
    'this doesn’t go with --remove',
    'Retire the resource first, or leave --remove out.',
  );
}
