// biome-ignore lint/style/noRestrictedImports: the program is made of the commands.
import { Command as Commander, Help } from 'commander';
import { type Command, type CommandEntry, HELP_GROUPS } from './cli/command.ts';
import { defineGlobal, GLOBAL_VALUES } from './cli/global-options.ts';
import { commandHelp, exitStatuses, FLAG_GROUPS, firstSteps, helpItem, MANY_FLAGS } from './cli/help.ts';
import type { Io } from './cli/io.ts';
import { COMMANDS } from './commands/index.ts';
import { McpkcError } from './errors.ts';
import { nearMiss } from './names/nearest.ts';
import { brief, formatCommand, typedName, wrap } from './text.ts';

/** The command that a command line calls, loaded; the others are known by name and summary alone. */
export interface Called {
  entry: CommandEntry;
  command: Command;
}

/** The program: global options, and every subcommand; only `called` is defined whole. */
export function programFor(io: Io, called: Called | undefined): Commander {
  const width = Math.max(Math.min(io.stdout.columns ?? 100, 120), 40);
  const lineWidth = io.stdout.columns === undefined ? Number.POSITIVE_INFINITY : width;
  const root = defineGlobal(new Commander('mcpkc'))
    .description('Connect MCP clients to MCP servers behind Keycloak 26.')
    .usage('[options] <command> …')
    .exitOverride()
    .configureOutput({
      writeOut: io.stdout.write,
      writeErr: io.stderr.write,
      outputError: () => {},
      getOutHelpWidth: () => width,
      getErrHelpWidth: () => width,
    })
    .configureHelp({
      formatHelp: (command, helper) =>
        arranged(Help.prototype.formatHelp.call(helper, command, helper), width),
      formatItem: (term, termWidth, description) => helpItem(term, termWidth, description, width),
    })
    .commandsGroup('Shell:')
    .helpCommand('help <command>', 'the help of a command, as mcpkc <command> --help')
    .showSuggestionAfterError()
    .addHelpText('after', () => exitStatuses(width));
  for (const entry of COMMANDS) {
    const command = root.createCommand(entry.name).summary(entry.summary).copyInheritedSettings(root);
    command.helpGroup(`${entry.group}:`);
    if (called?.entry === entry) defineWhole(command, called.command, lineWidth);
    root.addCommand(command);
  }
  return root;
}

function widthOf(command: Commander, error: boolean): number {
  const { getErrHelpWidth, getOutHelpWidth } = command.configureOutput();
  return (error ? getErrHelpWidth : getOutHelpWidth)?.() ?? 80;
}

/** Help with the commands before the options: readers of the program's help look for what it does. */
function arranged(help: string, width: number): string {
  const sections = help.trimEnd().split('\n\n');
  const commands = sections.filter((section) => HELP_GROUPS.some((group) => section.startsWith(`${group}:`)));
  const rest = sections.filter((section) => !commands.includes(section));
  const options = rest.findIndex((section) => /^[^ ]+:\n {2}-/.test(section));
  const arrangedSections = [...rest.slice(0, options), ...commands, ...rest.slice(options)];
  // A reader of the program's help may have come to it for the first time.
  if (commands.length > 0) arrangedSections.splice(2, 0, firstSteps(width));
  const [usage = '', ...others] = arrangedSections;
  return `${[wrap(usage, width), ...others].join('\n\n')}\n`;
}

function defineWhole(commander: Commander, command: Command, lineWidth: number): void {
  command.define(commander);
  if (commander.options.length > MANY_FLAGS) {
    for (const option of commander.options) {
      const group = FLAG_GROUPS.find(({ flags }) => flags.includes(option.long ?? ''));
      if (group) option.helpGroup(group.heading);
    }
  }
  const words = commander.registeredArguments.map((one) =>
    one.required ? `<${one.name()}>` : `[${one.name()}]`,
  );
  commander.usage(['[options]', ...words].join(' '));
  commander.addHelpText('after', ({ error }) => commandHelp(command, widthOf(commander, error), lineWidth));
}

/** The first word that is neither an option nor an option's value: `--realm status onboard` calls `onboard`. */
function commandWord(argv: readonly string[]): string | undefined {
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (!word.startsWith('-')) return word === 'help' ? argv[at + 1] : word;
    if (GLOBAL_VALUES.test(word)) at += 1;
  }
  return undefined;
}

/**
 * The command line as it was meant: `mcpkc -h init` and `mcpkc help init` are the help of init, `mcpkc version` is
 * `--version`. Throws USAGE (exit status 2) for the help of a command that isn't there, with the nearest.
 */
export function meantBy(argv: readonly string[]): readonly string[] {
  const word = argv.findIndex((one, at) => !one.startsWith('-') && !GLOBAL_VALUES.test(argv[at - 1] ?? ''));
  if (word === -1) return argv;
  const rest = argv.filter((_one, at) => at !== word);
  if (argv[word] === 'version') return [...rest, '--version'];
  if (argv[word] === 'help') {
    const topic = argv.slice(word + 1).find((one) => !one.startsWith('-'));
    if (topic === undefined) return ['--help'];
    if (topic === 'version' || topic === 'help') return ['--help'];
    if (COMMANDS.some(({ name }) => name === topic)) return [topic, '--help'];
    throw noSuchTopicError(topic);
  }
  const isAsked = argv.slice(0, word).some((one) => one === '-h' || one === '--help');
  return isAsked ? [argv[word] ?? '', '--help'] : argv;
}

/** USAGE: there is no command of that name; a code is explained elsewhere. */
function noSuchTopicError(topic: string): McpkcError {
  const near = nearMiss(
    topic,
    COMMANDS.map(({ name }) => name),
  );
  const isCode = /^[A-Z][A-Z\d]*(?:[_-][A-Z\d]+)+$/.test(topic);
  const fix = [
    ...(near === undefined ? [] : [`Did you mean ${near}?`]),
    isCode
      ? `A code is explained by:\n${formatCommand(['explain'], [typedName(topic)])}`
      : 'mcpkc --help lists the commands.',
  ].join(' ');
  return new McpkcError('USAGE', `There is no command '${brief(topic, 60)}'.`, fix);
}

/** The subcommand that a command line calls. */
export async function findCalled(argv: readonly string[]): Promise<Called | undefined> {
  const word = commandWord(argv);
  const entry = COMMANDS.find(({ name }) => name === word);
  return entry && { entry, command: await entry.load() };
}
