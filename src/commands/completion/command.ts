// biome-ignore lint/style/noRestrictedImports: completion reads the program’s own options.
import { Argument, Command as Commander, type Option } from 'commander';
import { type Command, type CommandEntry, list } from '../../cli/command.ts';
import { defineGlobal } from '../../cli/global-options.ts';
import { EXPLAINED } from '../../explanations/index.ts';
import { PRESETS } from '../../products/index.ts';
import { keepAsIs } from '../../text.ts';
import { bashCompletion } from './bash.ts';
import type { Completable, Completions, Flag, Values } from './commands.ts';
import { fishCompletion } from './fish.ts';
import { zshCompletion } from './zsh.ts';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** `mcpkc completion` */
export const completion: Command = {
  define(command) {
    command
      .description('Print a completion script for a shell: commands, flags, presets, check ids, codes.')
      .addArgument(new Argument('<shell>', 'which one').choices(Object.keys(SHELLS)));
  },
  examples: [
    ['bash, in ~/.bashrc', 'eval "$(mcpkc completion bash)"'],
    ['zsh, in ~/.zshrc after compinit', 'source <(mcpkc completion zsh)'],
    ['fish, once', 'mcpkc completion fish > ~/.config/fish/completions/mcpkc.fish'],
  ],
  changes: 'Nothing; it does not talk to Keycloak.',
  exits: [[0, 'printed']],
  async run({ commands }, [shell]) {
    const script = SHELLS[shell as keyof typeof SHELLS](await loadCompletions(commands));
    return {
      command: 'completion',
      exitStatus: 0,
      server: undefined,
      realm: undefined,
      document: { shell, script },
      text: () => keepAsIs(script),
    };
  },
};

/** The words that can be completed, from the definitions that the program itself parses by. */
export async function loadCompletions(entries: readonly CommandEntry[]): Promise<Completions> {
  const root = defineGlobal(new Commander('mcpkc'));
  const commands = await Promise.all(
    entries.map(async ({ name, summary, load }): Promise<Completable> => {
      const command = new Commander(name);
      (await load()).define(command);
      const [first] = command.registeredArguments;
      return {
        name,
        summary,
        flags: command.options.map((option) => flagOf(option, name)),
        argument: first && argumentOf(first, name),
      };
    }),
  );
  const help: Flag = { names: ['-h', '--help'], description: 'print the help', values: undefined };
  return { global: [...root.options.map((option) => flagOf(option, '')), help], commands };
}

function flagOf(option: Option, command: string): Flag {
  const names = [option.short, option.long].filter((name) => name !== undefined && name !== null);
  const takes = option.required || option.optional;
  return { names, description: option.description, values: takes ? valuesOf(option, command) : undefined };
}

const CHECKS = EXPLAINED.filter(({ kind }) => kind.startsWith('check')).map(({ code }) => code);
const PRESET_NAMES = PRESETS.map(({ name }) => name);

/** Values of flags whose choices commander doesn't know, as `command --flag`, or for all commands as `--flag`. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  '--preset': PRESET_NAMES,
  '--only': [...groupsOf(CHECKS), ...CHECKS],
  '--skip': [...groupsOf(CHECKS), ...CHECKS],
};

function groupsOf(ids: readonly string[]): string[] {
  return [...new Set(ids.map((id) => id.slice(0, id.indexOf('-'))))];
}

function valuesOf(option: Option, command: string): Values {
  const commas = option.parseArg === (list as unknown);
  const words = option.argChoices ?? WORDS[`${command} ${option.long}`] ?? WORDS[option.long ?? ''];
  if (words !== undefined) return { kind: 'words', words, commas };
  return /<(file|pem|backup|f)>/.test(option.flags) ? { kind: 'file' } : { kind: 'anything' };
}

function argumentOf(argument: Argument, command: string): Values {
  if (argument.argChoices) return { kind: 'words', words: argument.argChoices, commas: false };
  if (command === 'presets') return { kind: 'words', words: PRESET_NAMES, commas: false };
  if (command === 'explain')
    return { kind: 'words', words: EXPLAINED.map(({ code }) => code), commas: false };
  return { kind: 'anything' };
}
