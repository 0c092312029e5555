import { type Completable, type Completions, type Flag, flagsOf, type Values } from './commands.ts';

/** A completion script for zsh 5 and later; sourced, or as `_mcpkc` in a folder of `fpath`. */
export function zshCompletion(all: Completions): string {
  return `#compdef mcpkc
# zsh completion of mcpkc. In ~/.zshrc, after compinit: source <(mcpkc completion zsh)

_mcpkc_commands() {
  local -a commands
  commands=(
${[...all.commands, { name: 'help', summary: 'the help of a command' }]
  .map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`)
  .join('\n')}
  )
  _describe -t commands command commands
}

_mcpkc() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  _arguments -C -S \\
${all.global.flatMap(specs).join('\n')}
    '1:command:_mcpkc_commands' \\
    '*:: :->arguments'
  [[ $state == arguments ]] || return
  curcontext="\${curcontext%:*:*}:mcpkc-$line[1]:"
  case $line[1] in
    help) _arguments '1:command:_mcpkc_commands' ;;
${all.commands.map((command) => commandCase(all, command)).join('\n')}
  esac
}

if [[ $funcstack[1] == _mcpkc ]]; then _mcpkc "$@"; else compdef _mcpkc mcpkc; fi
`;
}

function commandCase(all: Completions, command: Completable): string {
  const { argument } = command;
  const values = argument === undefined ? [] : [`      ${quoted(`1:argument:${action(argument)}`)} \\`];
  const lines = [...flagsOf(all, command).flatMap(specs), ...values, "      '*: :'"];
  return `    ${command.name})\n      _arguments -S \\\n${lines.join('\n')} ;;`;
}

/** The specifications of a flag for `_arguments`: one for each spelling; `*` allows it again where it is a list. */
function specs({ names, description, values }: Flag): string[] {
  const again = values?.kind === 'words' && values.commas ? '*' : '';
  const text = description.replaceAll(/[[\]:\\]/g, (mark) => `\\${mark}`);
  const value = values === undefined ? '' : `: :${action(values)}`;
  return names.map((name) => `      ${quoted(`${again}${name}[${text}]${value}`)} \\`);
}

function action(values: Values): string {
  switch (values.kind) {
    case 'words':
      return values.commas ? `_sequence compadd - ${values.words.join(' ')}` : `(${values.words.join(' ')})`;
    case 'file':
      return '_files';
    case 'anything':
      return '( )';
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
