import { type Command, defineWriting, parseDurationFlag, type WritingOptions } from '../../cli/command.ts';
import { givenResource, SAME_AS_OPTION } from '../../cli/resource-option.ts';
import { inputError } from '../../errors.ts';
import { connect } from '../../keycloak/connection/connect.ts';
import { canonicalResource } from '../../names/resource-url.ts';
import { knownPresets } from '../../plan/input.ts';
import { customPresets } from '../../products/custom.ts';
import { resolvePresets } from '../../products/resolve.ts';
import { readTypedName } from '../../text.ts';
import { listConnections } from './connections.ts';

/** The flags of `mcpkc connections`. */
export type ConnectionsOptions = WritingOptions & {
  resource?: string;
  user?: string;
  preset?: string;
  client?: string;
  idle?: number;
  revoke?: true;
  disable?: true;
  release?: true;
};

/** `mcpkc connections` */
export const connections: Command<ConnectionsOptions> = {
  define(command) {
    command
      .description('Say who is connected to which MCP server by what, and cut it.')
      .argument('[resource]', 'connections to this MCP server alone')
      .option('--resource <url>', SAME_AS_OPTION)
      .option('--user <name>', 'this person’s alone')
      .option('--preset <name>', 'by this product alone')
      .option('--client <id>', 'by this client alone')
      .option('--idle <duration>', 'only those that nobody used for so long', parseDurationFlag)
      .option('--revoke', 'end them (with a person, product, client or server named; takes manage-users)')
      .option('--disable', 'with --revoke: also switch the clients off')
      .option('--release', 'with --revoke: also take the audience from the clients');
    defineWriting(command);
  },
  examples: [
    ['who uses the payroll server?', 'mcpkc connections https://payroll.example.com/mcp'],
    ['a laptop was stolen', 'mcpkc connections --user alice --revoke'],
    ['a product had a breach', 'mcpkc connections --preset chatgpt --revoke --disable'],
    ['what was forgotten', 'mcpkc connections --idle 30d'],
  ],
  changes:
    'Nothing, but with --revoke: it ends sessions, offline sessions and consents of exactly these people and clients; with --disable and --release it changes the clients, too.',
  exits: [
    [0, 'shown, or ended'],
    [1, 'with --dry-run: something would be ended'],
    [5, 'with --revoke: nobody agreed at the terminal, or --yes is needed'],
  ],
  async run(context, [argument], flags) {
    checkFlags(argument, flags);
    const config = await context.config();
    const given = givenResource(argument, flags);
    const resource = given === undefined ? undefined : canonicalResource(given);
    const custom = customPresets(config.presets, config.files.config);
    const [preset] = flags.preset === undefined ? [] : resolvePresets([flags.preset], custom);
    const keycloak = await connect(config, context.io, context.signal);
    return listConnections(context, keycloak, {
      resource,
      user: flags.user === undefined ? undefined : readTypedName(flags.user),
      client: flags.client === undefined ? undefined : readTypedName(flags.client),
      preset: preset?.name,
      presets: knownPresets(config),
      idleMs: flags.idle,
      revoke: flags.revoke === true,
      disable: flags.disable === true,
      release: flags.release === true,
      dryRun: flags.dryRun === true,
      yes: flags.yes === true,
    });
  },
};

function checkFlags(argument: string | undefined, flags: ConnectionsOptions): void {
  const named = [argument, flags.resource, flags.user, flags.preset, flags.client].some(
    (one) => one !== undefined,
  );
  if (flags.revoke === true && !named)
    throw inputError('--revoke', 'whose connections?', 'Name a person, a product, a client or a server.');
  for (const option of ['disable', 'release'] as const)
    if (flags[option] === true && flags.revoke !== true)
      throw inputError(`--${option}`, 'this goes with --revoke', 'See mcpkc connections --help');
}
