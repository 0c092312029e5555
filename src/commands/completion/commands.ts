/** The values that may stand after a flag or as an argument. */
export type Values =
  | { kind: 'words'; words: readonly string[]; commas: boolean }
  | { kind: 'file' }
  /** Something that nobody can guess: a URL, a client id. */
  | { kind: 'anything' };

/** A flag of a command. */
export interface Flag {
  /** The names as they are typed: `--preset`; `-h` where there is a short one too. */
  names: readonly string[];
  description: string;
  /** The values; undefined where the flag takes none. */
  values: Values | undefined;
}

/** A command as a shell completes it. */
export interface Completable {
  name: string;
  summary: string;
  flags: readonly Flag[];
  /** The values that its first argument may have. */
  argument: Values | undefined;
}

/** The parts that a completion script is made of. */
export interface Completions {
  /** Flags that every command takes. */
  global: readonly Flag[];
  commands: readonly Completable[];
}

/** The names of flags that take a value, for telling a value from a command's name. */
export function valueFlags(flags: readonly Flag[]): string[] {
  return flags.filter(({ values }) => values !== undefined).flatMap(({ names }) => names);
}

/** The flags that a command takes, its own and the program's. */
export function flagsOf({ global }: Completions, command: Completable): readonly Flag[] {
  const own = new Set(command.flags.flatMap(({ names }) => names));
  return [...command.flags, ...global.filter(({ names }) => !names.some((name) => own.has(name)))];
}
