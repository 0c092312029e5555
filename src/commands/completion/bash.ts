import {
  type Completable,
  type Completions,
  type Flag,
  flagsOf,
  type Values,
  valueFlags,
} from './commands.ts';

/** A completion script for bash 3.2 (macOS) and later; it needs no bash-completion package. */
export function bashCompletion(all: Completions): string {
  const names = all.commands.map(({ name }) => name).join(' ');
  const globals = all.global.flatMap((flag) => flag.names).join(' ');
  return `# bash completion of mcpkc. In ~/.bashrc: eval "$(mcpkc completion bash)"

# Completes $cur from the words in $1; with a second argument, each part of a list with commas.
_mcpkc_words() {
  local head=""
  if [[ -n \${2-} && $cur == *,* ]]; then head=\${cur%,*},; fi
  local IFS=$' \\t\\n' word
  COMPREPLY=()
  for word in $1; do
    [[ $word == "\${cur#"$head"}"* ]] && COMPREPLY+=("$head$word")
  done
}

_mcpkc_files() {
  local IFS=$'\\n'
  # shellcheck disable=SC2207 # bash 3.2 has no mapfile; IFS keeps blanks in names
  COMPREPLY=($(compgen -f -- "$cur"))
  type compopt >/dev/null 2>&1 && compopt -o filenames
}

_mcpkc() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command="" argument=0 at word
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    case $word in
      ${valueFlags(all.global).join('|')}) at=$((at + 1)) ;;
      -*) [[ -n $command ]] && _mcpkc_takes_value "$command" "$word" && at=$((at + 1)) ;;
      *) if [[ -z $command ]]; then command=$word; else argument=$((argument + 1)); fi ;;
    esac
  done
  if [[ $prev == -* ]] && _mcpkc_value "$command" "$prev"; then return; fi
  case $command in
    '')
      case $cur in
        -*) _mcpkc_words '${globals}' ;;
        *) _mcpkc_words '${names} help' ;;
      esac ;;
    help) _mcpkc_words '${names}' ;;
${all.commands.map((command) => commandCase(all, command)).join('\n')}
  esac
}

# Whether a flag of a command takes a value.
_mcpkc_takes_value() {
  case $1:$2 in
    ${takingValues(all)}) return 0 ;;
  esac
  return 1
}

# Completes the value of a flag; fails where the flag takes none.
_mcpkc_value() {
  case $2 in
${all.global.flatMap((flag) => valueCase(flag)).join('\n')}
  esac
  case $1:$2 in
${all.commands.flatMap(({ name, flags }) => flags.flatMap((flag) => valueCase(flag, name))).join('\n')}
  esac
  return 1
}

complete -F _mcpkc mcpkc
`;
}

function commandCase(all: Completions, command: Completable): string {
  const flags = flagsOf(all, command).flatMap(({ names }) => names);
  const argument =
    command.argument === undefined || command.argument.kind === 'anything'
      ? ''
      : `\n        *) [[ $argument == 0 ]] && ${action(command.argument)} ;;`;
  return `    ${command.name})
      case $cur in
        -*) _mcpkc_words '${flags.join(' ')}' ;;${argument}
      esac ;;`;
}

function takingValues({ commands }: Completions): string {
  const pairs = commands.flatMap(({ name, flags }) => valueFlags(flags).map((flag) => `${name}:${flag}`));
  return pairs.join('|');
}

function valueCase({ names, values }: Flag, command?: string): string[] {
  if (values === undefined) return [];
  const patterns = names.map((name) => (command === undefined ? name : `${command}:${name}`));
  return [`    ${patterns.join('|')}) ${action(values)}; return 0 ;;`];
}

function action(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `_mcpkc_words '${values.words.join(' ')}'${values.commas ? ' commas' : ''}`;
    case 'file':
      return '_mcpkc_files';
    case 'anything':
      return 'COMPREPLY=()';
  }
}
