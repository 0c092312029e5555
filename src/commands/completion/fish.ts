import type { Completable, Completions, Flag, Values } from './commands.ts';

/** A completion script for fish 3 and later. */
export function fishCompletion({ global, commands }: Completions): string {
  const names = commands.map(({ name }) => name).join(' ');
  const none = `not __fish_seen_subcommand_from ${names} help`;
  return `# fish completion of mcpkc. To ~/.config/fish/completions/mcpkc.fish: mcpkc completion fish > …
complete -c mcpkc -f
${[
  ...global.map((flag) => flagLine(flag, undefined)),
  ...commands.map(
    ({ name, summary }) => `complete -c mcpkc -n ${quoted(none)} -a ${name} -d ${quoted(summary)}`,
  ),
  `complete -c mcpkc -n ${quoted(none)} -a help -d ${quoted('the help of a command')}`,
  `complete -c mcpkc -n '__fish_seen_subcommand_from help' -a ${quoted(names)}`,
  ...commands.flatMap(commandLines),
].join('\n')}
`;
}

function commandLines({ name, flags, argument }: Completable): string[] {
  const condition = `__fish_seen_subcommand_from ${name}`;
  const values = argument && candidates(argument);
  return [
    ...(values ? [`complete -c mcpkc -n ${quoted(condition)} ${values}`] : []),
    ...flags.map((flag) => flagLine(flag, condition)),
  ];
}

function flagLine({ names, description, values }: Flag, condition: string | undefined): string {
  const parts = ['complete -c mcpkc'];
  if (condition !== undefined) parts.push(`-n ${quoted(condition)}`);
  for (const name of names) parts.push(name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`);
  // -x: a value, and no files; where the value is a file, -F brings them back.
  if (values !== undefined) parts.push(values.kind === 'file' ? '-r' : '-x', candidates(values));
  parts.push(`-d ${quoted(description)}`);
  return parts.filter((part) => part !== '').join(' ');
}

function candidates(values: Values): string {
  switch (values.kind) {
    case 'words':
      return values.commas
        ? `-a ${quoted(`(__fish_append , ${values.words.join(' ')})`)}`
        : `-a ${quoted(values.words.join(' '))}`;
    case 'file':
      return '-F';
    case 'anything':
      return '';
  }
}

/** fish knows two escapes in single quotes: of the quote and of the backslash. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
