// biome-ignore lint/style/noRestrictedImports: commands are declared with commander’s types.
import { type Command as Commander, InvalidArgumentError, Option } from 'commander';
import type { Config } from '../config/load.ts';
import { parseDuration } from '../duration.ts';
import { readTypedList } from '../text.ts';
import type { Io } from './io.ts';
import type { Report } from './report.ts';
import type { Voice } from './voice.ts';

export { Option };

/** The things that a command gets from the program. */
export interface Context {
  io: Io;
  /**
   * The configuration, read at the first call; throws with every problem at once. `newFiles`: a file that a flag names
   * need not be there yet, since the command is about to write it.
   */
  config(how?: { newFiles?: boolean }): Promise<Config>;
  /**
   * The configuration of a profile, read anew with this run's flags; of a realm by that name where one is told. Undefined as
   * profile is the configuration without one.
   */
  configOf(profile: string | undefined, realm?: string): Promise<Config>;
  /** The files that `--config` and `--credentials` name, or the profile in use. */
  named: { config: string | undefined; credentials: string | undefined };
  /** All subcommands of the program. */
  commands: readonly CommandEntry[];
  /** The wanted form of the command's output. */
  settings: { json: boolean; quiet: boolean; verbose: boolean; input: boolean; color: boolean };
  voice: Voice;
  /** Aborted by SIGHUP, SIGINT and SIGTERM. */
  signal: AbortSignal;
}

/** The groups of the program's help, in their order. */
export const HELP_GROUPS = [
  'Set up',
  'Provision and connect',
  'Look and prove',
  'Clean up',
  'Shell',
] as const;
export type HelpGroup = (typeof HELP_GROUPS)[number];

/** A subcommand's name and summary for the program's help; the rest is loaded when it is called. */
export interface CommandEntry {
  name: string;
  group: HelpGroup;
  summary: string;
  load(): Promise<Command>;
}

/** Flags as commander passes them: camel case, absent where not given. */
export type Flags = Record<string, unknown>;

/**
 * A subcommand: how it is called, what its help shows, and what it does. `Options` are its flags as `define` declares
 * them: commander has parsed them, refused values that are no choice, and flags that exclude each other.
 */
export interface Command<Options extends Flags = Flags> {
  /** Arguments and options. */
  define(command: Commander): void;
  /** The uses of the command: description and command line, most needed first. */
  examples: readonly (readonly [what: string, line: string])[];
  /** Its changes in Keycloak, in a sentence. */
  changes: string;
  /** The exit statuses that it can end with beside 2, 3, 4, 70 and the interrupted ones. */
  exits: readonly (readonly [status: number, meaning: string])[];
  run(context: Context, args: readonly (string | undefined)[], options: Options): Promise<Report>;
}

/**
 * Collects a flag that is repeated or has commas: `--client a --client b,c`. A comma inside of a name is typed `\,`, what
 * can't be typed \u{…} (`readTypedList`).
 */
export function list(value: string, previous: readonly string[] | undefined): string[] {
  const parts = readTypedList(value);
  if (parts.some((part) => part === ''))
    throw new InvalidArgumentError('There is an empty entry in the list.');
  return [...(previous ?? []), ...parts];
}

/** A flag that is a duration, in milliseconds. */
export function parseDurationFlag(value: string): number {
  const ms = parseDuration(value);
  if (ms === undefined || ms === 0) throw new InvalidArgumentError('Write a duration like 30s, 10m or 7d.');
  return ms;
}

/** A flag that is a whole number of at least 1. */
export function wholeNumber(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('Write a whole number of at least 1.');
  return Number(value);
}

const SAFETY = 'Safety:';

/** The options that `defineWriting` declares. */
export type WritingOptions = { dryRun?: true; yes?: true };

/** The options of every command that writes through the admin API. */
export function defineWriting(command: Commander): Commander {
  return command
    .addOption(
      new Option('--dry-run', 'print the plan and write nothing; exit 1 if something would change').helpGroup(
        SAFETY,
      ),
    )
    .addOption(new Option('--yes', 'agree to what needs a person’s consent').helpGroup(SAFETY));
}
