import { type Command, defineWriting, list, Option, type WritingOptions } from '../../cli/command.ts';
import { givenResource, RESOURCE_ARGUMENT, SAME_AS_OPTION } from '../../cli/resource-option.ts';
import { connect } from '../../keycloak/connection/connect.ts';
import { readServerFactsAhead } from '../../keycloak/read/features.ts';
import { resourceFor, scopeWish, wantedPresets } from '../../plan/input.ts';
import { prepareRecord } from '../../plan/leftovers.ts';
import { lookBeside } from '../../plan/mcp-look.ts';
import { requireNoContradiction } from '../../plan/registration.ts';
import { changeScope } from './change-scope.ts';
import { retireScope } from './retire-scope.ts';

/** The flags of `mcpkc create-scope`. */
export type CreateScopeOptions = WritingOptions & {
  resource?: string;
  scope?: string;
  attach?: 'default' | 'optional' | 'none';
  existing?: boolean;
  client?: string[];
  detach?: string[];
  preset?: string[];
  role?: string[];
  createStatic?: true;
  /** Whether to harden; false with `--no-harden`. */
  harden: boolean;
  replaceAudience?: true;
  registration?: 'keep' | 'open';
  resourceClient?: true;
  hideScope?: string[];
  remove?: true;
};

/** `mcpkc create-scope` */
export const createScope: Command<CreateScopeOptions> = {
  define(command) {
    command
      .description('Make Keycloak ready for an MCP server: scope, audience, policies; or retire one.')
      .argument('[resource]', RESOURCE_ARGUMENT)
      .option('--resource <url>', SAME_AS_OPTION)
      .option('--scope <name>', 'name of the client scope')
      .addOption(
        new Option(
          '--attach <list>',
          'the realm’s list, or none (adopted mode); default: as it is, default for a new scope',
        ).choices(['default', 'optional', 'none']),
      )
      .option(
        '--existing',
        'also assign the scope to the products’ clients that are there already; looks at all of them, again too',
      )
      .option(
        '--no-existing',
        'don’t (default where the realm has another audience scope, or an earlier run did)',
      )
      .option('--client <id>', 'also assign the scope to this client …', list)
      .option('--detach <client>', 'take the scope from this client …', list)
      .option('--preset <name>', 'client products that may register … (default: chatgpt)', list)
      .option('--role <name>', 'only who has this realm role may use the server …', list)
      .addOption(
        new Option(
          '--registration <what>',
          'keep: change nothing of registration; open: let the products register (default: keep where it is shut, or with --client, and no --preset is named)',
        ).choices(['keep', 'open']),
      )
      .option(
        '--resource-client',
        'make the client whose id is the MCP server’s URL; done on its own where strangers may register, and where Keycloak judges `resource` (feature resource-indicators)',
      )
      .option(
        '--hide-scope <name>',
        'take this client scope out of the issuer’s metadata …, where products ask for it and may not have it',
        list,
      )
      .option('--create-static', 'make the static client of OIDC_AUDIENCE')
      .option(
        '--no-harden',
        'leave out what makes registration safer: PKCE, exact redirect URIs, no mappers, tokens for users alone',
      )
      .option('--replace-audience', 'take over a scope that carries another server’s audience (with --yes)')
      .addOption(
        new Option(
          '--remove',
          'retire the resource: scope, policies and hosts that nothing else uses',
        ).conflicts([
          'attach',
          'client',
          'detach',
          'role',
          'createStatic',
          'replaceAudience',
          'registration',
          'resourceClient',
          'hideScope',
        ]),
      );
    defineWriting(command);
  },
  examples: [
    [
      'every user of the realm may connect, with ChatGPT',
      'mcpkc create-scope --resource https://svc.example.com/mcp --preset chatgpt',
    ],
    [
      'for several products',
      'mcpkc create-scope --resource https://svc.example.com/mcp --preset chatgpt,claude,vscode',
    ],
    [
      'for an application that is there; registration stays as it is',
      'mcpkc create-scope --resource https://svc.example.com/mcp --client webapp --attach none',
    ],
    ['see what would change', 'mcpkc create-scope --resource https://svc.example.com/mcp --dry-run'],
    ['retire a server', 'mcpkc create-scope --resource https://svc.example.com/mcp --remove --yes'],
  ],
  changes:
    'A client scope with an audience mapper, the realm’s default scopes, and the scopes of the clients named. Where it opens registration: the policies for it, and client policies for what registers itself.',
  exits: [
    [0, 'done, or nothing to do'],
    [1, 'with --dry-run: something would change'],
    [5, 'the scope is another server’s, a window is open, nobody agreed at the terminal, or --yes is needed'],
  ],
  async run(context, [argument], given) {
    const resource = givenResource(argument, given);
    const flags = resource === undefined ? given : { ...given, resource };
    requireNoContradiction(flags.registration, flags.preset !== undefined);
    const config = await context.config();
    // Faults in the words are reported before anything is sent.
    scopeWish(config, resourceFor(config, flags.resource), flags);
    wantedPresets(config, flags.preset);
    const keycloak = await connect(config, context.io, context.signal);
    // Holders are read before the plan: a client that loses something by it is planned for as it is then.
    const begin = () => prepareRecord(context, keycloak, 'create-scope', { dryRun: flags.dryRun === true });
    if (flags.remove === true) return retireScope(context, config, keycloak, flags, await begin());
    if (flags.resourceClient !== true) readServerFactsAhead(keycloak);
    const look = lookBeside(context, config, resourceFor(config, flags.resource));
    const report = await changeScope(context, config, keycloak, flags, { record: await begin(), look });
    look.tell();
    return report;
  },
};
