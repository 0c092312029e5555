import { type CommandPart, formatCommand } from '../text.ts';

/** The global options that decide what a command line means, in the order in which they are printed. */
const REPEATED = [
  ['profile', '--profile'],
  ['config', '--config'],
  ['credentials', '--credentials'],
  ['server', '--server'],
  ['realm', '--realm'],
  ['caFile', '--ca-file'],
] as const;

/** The global options of this run that the next command has to repeat to mean the same. */
export function runFlags(options: Readonly<Record<string, unknown>>): CommandPart[] {
  const valued = REPEATED.flatMap(([key, flag]): CommandPart[] => {
    const value = options[key];
    return typeof value === 'string' ? [[flag, value]] : [];
  });
  return options.allowHttp === true ? [...valued, '--allow-http'] : valued;
}

/**
 * Puts the options of this run into the command lines of a text, so that each runs as it is printed. A command line is
 * a whole line, or the end of one behind a colon. Words of a sentence stay as they are; so does an option that the line
 * has already.
 */
export function withRunFlags(
  text: string,
  flags: readonly CommandPart[],
  commands: readonly string[],
): string {
  if (flags.length === 0) return text;
  const names = commands.filter((name) => name !== 'explain').join('|');
  // A line that is broken for a person ends in a backslash: what follows belongs to it.
  const line = new RegExp(
    `(^ *|: )mcpkc( (?:${names}|--[a-z-]+)(?:(?:[ =][^\\n]*)?\\\\\\n)*(?:[ =][^\\n]*)?)(?<![.:;?!…)])$`,
    'gm',
  );
  return text.replace(line, (whole, lead: string, rest: string) => {
    const missing = flags.filter((part) => {
      const flag = typeof part === 'string' ? part : part[0];
      return !new RegExp(`(?:^|\\s)${flag}(?:[\\s=]|$)`).test(rest);
    });
    return missing.length === 0 ? whole : `${lead}${formatCommand(missing)}${rest}`;
  });
}

/** The same in every text of a document. */
export function documentWithRunFlags(
  value: unknown,
  flags: readonly CommandPart[],
  commands: readonly string[],
): unknown {
  if (flags.length === 0) return value;
  if (typeof value === 'string') return withRunFlags(value, flags, commands);
  if (Array.isArray(value)) return value.map((one) => documentWithRunFlags(one, flags, commands));
  if (typeof value !== 'object' || value === null || value.constructor !== Object) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      // Text of outsiders is no command line of mcpkc.
      FIXES.includes(key) || typeof one === 'object' ? documentWithRunFlags(one, flags, commands) : one,
    ]),
  );
}

/** The fields of documents that hold command lines. */
const FIXES: readonly string[] = ['fix', 'text', 'fix', 'next'];
