import { type Command, defineWriting, list, Option, type WritingOptions } from '../../cli/command.ts';
import { givenResource, RESOURCE_ARGUMENT, SAME_AS_OPTION } from '../../cli/resource-option.ts';
import { inputError } from '../../errors.ts';
import { connect } from '../../keycloak/connection/connect.ts';
import { resourceFor, scopeWish } from '../../plan/input.ts';
import { type AccessInput, changeAccess } from './access.ts';

/** The flags of `mcpkc access`. */
export type AccessOptions = WritingOptions & {
  resource?: string;
  scope?: string;
  role?: string[];
  revoke?: string[];
  anybody?: true;
  group?: string[];
  user?: string[];
};

/** `mcpkc access` */
export const access: Command<AccessOptions> = {
  define(command) {
    command
      .description('Show or set who may use an MCP server: everybody in the realm, or who has a role.')
      .argument('[resource]', RESOURCE_ARGUMENT)
      .option('--resource <url>', SAME_AS_OPTION)
      .option('--scope <name>', 'name of the client scope')
      .option('--role <name>', 'let in who has this realm role …; it is made if it isn’t there', list)
      .option('--revoke <name>', 'let in its holders no more …; without the last one nobody gets in', list)
      .addOption(
        new Option('--anybody', 'let everybody in the realm in').conflicts([
          'role',
          'revoke',
          'group',
          'user',
        ]),
      )
      .option('--group <path>', 'grant the role to this group … (takes manage-users)', list)
      .option('--user <name>', 'grant the role to this person … (takes manage-users)', list);
    defineWriting(command);
  },
  examples: [
    ['who may use it?', 'mcpkc access https://svc.example.com/mcp'],
    ['only who has the role finance', 'mcpkc access https://svc.example.com/mcp --role finance'],
    ['everybody again', 'mcpkc access https://svc.example.com/mcp --anybody'],
  ],
  changes:
    'The roles that the server’s client scopes map, and realm roles that aren’t there yet; with --group and --user who has the role.',
  exits: [
    [0, 'shown, done, or nothing to do'],
    [1, 'with --dry-run: something would change'],
    [5, 'the role contains others, nobody agreed at the terminal, or --yes is needed'],
  ],
  async run(context, [argument], flags) {
    const input = inputOf(flags);
    const config = await context.config();
    const resource = resourceFor(config, givenResource(argument, flags));
    scopeWish(config, resource, flags);
    const keycloak = await connect(config, context.io, context.signal);
    return changeAccess(context, config, keycloak, { ...input, resource, scope: flags.scope });
  },
};

const names = (value: readonly string[] = []): string[] => [...new Set(value)];

/** The input that the flags ask for; nothing of it contradicts the rest. */
function inputOf(flags: AccessOptions): Omit<AccessInput, 'resource' | 'scope'> {
  const [add, revoke] = [names(flags.role), names(flags.revoke)];
  const both = add.find((role) => revoke.includes(role));
  if (both !== undefined)
    throw inputError('--revoke', `'${both}' is named with --role too`, 'Let it in or revoke it.');
  const groups = names(flags.group);
  const wrong = groups.find((path) => !path.startsWith('/'));
  if (wrong !== undefined)
    throw inputError('--group', `'${wrong}' is no path of a group`, 'Write it from the top: /finance/emea.');
  return {
    add,
    revoke,
    anybody: flags.anybody === true,
    groups,
    users: names(flags.user),
    dryRun: flags.dryRun === true,
    yes: flags.yes === true,
  };
}
