/**
 * The one table of characters that nobody sees, or that look like a blank and aren't one. They are control, format,
 * private, unassigned, lone surrogates (category C), separators but the blank, characters that Unicode has renderers
 * ignore, the empty Braille cell. Other rooms ask `hasInvisible`; a second table would part from this one.
 */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u{2800}]|(?! )\p{Zs}/u;
const EVERY_INVISIBLE = new RegExp(INVISIBLE, 'gu');

/**
 * The starts of commands for a CI runner. GitHub obeys `::name` at a line's start, after any blanks, and `##[name]`
 * anywhere (actions/runner, ActionCommand.cs); Azure Pipelines `##vso[`, TeamCity `##teamcity[`. A word counts as a
 * line's start, since lines are wrapped at blanks. IPv6 addresses (`::1`, `::ffff:10.0.0.1`) start none.
 */
const RUNNER_COMMAND = /(?<=^|\s):(?=:(?![\da-f:.]*(?:[\s,;)]|$))[a-z])|(?<=#)#(?=[a-z]*\[)/gimu;

const escapeCodePoint = (character: string) => `\\u{${character.codePointAt(0)?.toString(16)}}`;

/** Whether a text has a character of the table; the ordinary blank isn't one. */
export function hasInvisible(text: string): boolean {
  return INVISIBLE.test(text);
}

/**
 * Makes a text from outside harmless in a line. Control characters, escape sequences, bidirectional and invisible
 * characters, and starts of a CI runner's commands are shown as \u{…}. Client names are written by anybody who
 * registers (Keycloak keeps them as sent), so nothing foreign is printed without this.
 */
export function visible(text: string): string {
  return text.replace(EVERY_INVISIBLE, escapeCodePoint).replace(RUNNER_COMMAND, escapeCodePoint);
}

/** `visible` for a text of several lines, whose line ends stay. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n');
}

/** A printed text that a CI runner obeys in no line. Colours and line ends stay; the last net under `visible`. */
export function withoutRunnerCommands(text: string): string {
  return text.replace(/^\s*:(?=:[a-z])|(?<=#)#(?=[a-z]*\[)/gim, (start) =>
    start.replace(/[:#]$/, escapeCodePoint),
  );
}

/** JSON text that is the same to a parser and inert on a terminal and in a CI log. */
export function inertJson(json: string): string {
  const units = (character: string) =>
    Array.from({ length: character.length }, (_, at) => {
      const unit = character.charCodeAt(at).toString(16).padStart(4, '0');
      return `\\u${unit}`;
    }).join('');
  return json
    .replace(EVERY_INVISIBLE, (character) => (character === '\n' ? character : units(character)))
    .replace(/(?<=#)#(?=[a-z]*\[)/gi, units);
}

/** A text from outside as text in XML and HTML, between tags and in quoted attributes; its line ends stay. */
export function markupText(text: string): string {
  return visibleLines(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/**
 * A text from outside as one line of Markdown, in a table's cell too: neither markup nor HTML. It makes no link,
 * mention or reference of those that GitHub makes of bare words (GFM, "Autolinks (extension)").
 */
export function markdownText(text: string): string {
  return visible(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/[\\`*{}[\]>|~!$]|(?<!\w)_|_(?!\w)/g, '\\$&')
    .replaceAll(/^(\s*)([-+=]|\d+(?=[.)]))/g, '$1<!-- -->$2')
    .replaceAll(/@|#(?=\w)|:(?=\/\/)|(?<=www)\.|(?<=GH)-(?=\d)/gi, '$&<!-- -->');
}

/** The data of a GitHub workflow command (docs.github.com, "Workflow commands for GitHub Actions"). */
export function workflowData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** A property of a GitHub workflow command: as data, and neither `:` nor `,`. */
export function workflowProperty(text: string): string {
  return workflowData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** `visible`, cut to a number of characters with an ellipsis. */
export function brief(text: string, most: number): string {
  const shown = visible(text);
  const characters = Array.from(shown);
  return characters.length <= most ? shown : `${characters.slice(0, most - 1).join('')}…`;
}

/** Names as one list that is cut between two of them: as many as fit into a number of characters, and how many more. */
export function briefList(names: readonly string[], most: number): string {
  const shown = names.map(visible);
  let fits = shown.length;
  const length = () => shown.slice(0, fits).join(', ').length;
  while (fits > 1 && length() > most) fits--;
  const more = shown.length - fits;
  return `${brief(shown.slice(0, fits).join(', '), most)}${more === 0 ? '' : ` and ${more} more`}`;
}

/** Cuts words that nobody typed: a message that quotes the input must not be as long as that. */
export function withoutEndlessWords(text: string): string {
  return text.replaceAll(/(\S{500})\S{1500,}/g, '$1…');
}

/** The codes of colours; they take no column. */
const COLOUR = /\u001b\[[\d;]*m/g;

/** The mark of a line that is printed as it is; `visible` lets none through, so that no stranger can set it. */
const AS_IS = '\u{10fffe}';

/** Lines that are there to be copied, or belong into a file: `fitText` breaks none of them. */
export function keepAsIs(text: string): string {
  return text.replaceAll(/^(?=.)/gm, AS_IS);
}

/**
 * A text as it is printed for a person: no line is wider than `width` columns where it can be broken at a blank. It is the last
 * thing that happens to every text, so that no screen is broken inside of a word by the terminal.
 */
export function fitToWidth(text: string, width: number): string {
  const wide = (line: string) => columnsOf(line) > width;
  // A command line that is broken already, and has become wider since, is broken anew as a whole.
  const whole = text.replaceAll(/^.* \\\n(?:.* \\\n)*.*$/gm, (block) =>
    block.startsWith(AS_IS) || !block.split('\n').some(wide)
      ? block
      : block.replaceAll(COLOUR, '').replaceAll(/ \\\n */g, ' '),
  );
  return wrap(whole, width).replaceAll(AS_IS, '');
}

function columnsOf(text: string): number {
  return text.replaceAll(COLOUR, '').length;
}

/**
 * Breaks a text at blanks so that no line is longer than `width`; words longer than that stay whole, and so does what stands in
 * backticks. A line that begins with blanks keeps them, and so do the lines that it is broken into; behind a sign they
 * begin where its text does. A line that is a command line is broken so that it can still be pasted.
 */
export function wrap(text: string, width: number, indent = ''): string {
  return text
    .split('\n')
    .map((line) => wrapLine(line, width, indent))
    .join('\n');
}

/** A question as it is asked: broken at blanks, with the blank after it that the answer follows. */
export function wrapQuestion(question: string, width: number): string {
  const end = /\s*$/.exec(question)?.[0] ?? '';
  return `${wrap(question.trimEnd(), Math.max(width - 1, 20))}${end}`;
}

/** Whether a line is one that a shell takes: it starts with a program and, unlike a sentence, has no stop at its end. */
export function isCommandLine(line: string): boolean {
  return /^ *(?:mcpkc|kcadm\.sh|curl|chmod|export|printf) .*[^.:;?!…)]$/.test(line);
}

/** A sign before a text, the number of a step, or the time of an event. */
const SIGN = /^(?:\u001b\[[\d;]*m)*(?:[✓✗■!?i~+·•-]|\d{1,2}[.)]|\d\d:\d\d:\d\d )(?:\u001b\[[\d;]*m)* (?=\S)/;

function wrapLine(text: string, width: number, indent: string): string {
  const [, own = '', typed = ''] = /^((?:\u001b\[[\d;]*m)* *)(.*)$/s.exec(text) ?? [];
  const rest = typed.trimEnd();
  if (rest === '') return own.trimEnd();
  if (text.startsWith(AS_IS)) return text;
  if (isCommandLine(rest)) return shellLines(rest, width, indent + own);
  if (columnsOf(indent + own + rest) <= width) return indent + own + rest;
  const hang = ' '.repeat(columnsOf(own) + columnsOf(SIGN.exec(rest)?.[0] ?? ''));
  const lines: string[] = [];
  let line = '';
  for (const [, blanks = '', word = ''] of rest.matchAll(/( *)((?:`[^`]*`|\S)+)/g)) {
    const before = indent + (lines.length === 0 ? own : hang);
    if (line === '') line = word;
    else if (columnsOf(`${before}${line}${blanks}${word}`) <= width) line = `${line}${blanks}${word}`;
    else {
      lines.push(before + line);
      line = word;
    }
  }
  lines.push(indent + (lines.length === 0 ? own : hang) + line);
  return lines.join('\n');
}

/**
 * Breaks a command line for a person at blanks outside of quotes, so that it still can be pasted. Every line but the
 * last ends in a backslash. Words that are longer than the line stay whole.
 */
export function shellLines(command: string, width: number, indent: string): string {
  if (columnsOf(indent + command) <= width) return indent + command;
  const words = command.match(/(?:'[^']*'|\\.|[^\s'])+/g) ?? [];
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    const fits = columnsOf(indent + line) + 1 + columnsOf(word) + 2 <= width;
    if (line === '' || fits) line = line === '' ? word : `${line} ${word}`;
    else {
      lines.push(line);
      line = `  ${word}`;
    }
  }
  lines.push(line);
  return lines.map((one) => indent + one).join(' \\\n');
}

/** "1 client", "3 clients". */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  // The first use of Intl takes 9 ms, and most numbers need none of it.
  const digits = number < 1000 ? String(number) : number.toLocaleString('en');
  return `${digits} ${number === 1 ? singular : plural}`;
}

/** Quotes a word for a POSIX shell where it needs it, so that a printed command can be pasted. */
export function shellWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A word of a printed command line: one of mcpkc's own or a checked URL; or an option with any value. */
export type CommandPart = string | readonly [option: string, value: string];

/**
 * A command line of mcpkc to be pasted into a POSIX shell; every command line that is printed is made here. `parts` follow
 * `mcpkc`. A value that looks like an option is bound to its option by `=`. `names` are arguments that an outsider may have
 * chosen: they come last, behind `--` where one looks like an option. A client id goes in as `typedName` or `typedList` has it.
 */
export function formatCommand(parts: readonly CommandPart[], names: readonly string[] = []): string {
  const words = parts.flatMap((part) => {
    if (typeof part === 'string') return [part];
    const [option, value] = part;
    return /^-|^$/.test(value) ? [`${option}=${value}`] : [option, value];
  });
  const end = names.some((name) => name.startsWith('-')) ? ['--'] : [];
  return ['mcpkc', ...words, ...end, ...names].map(shellWord).join(' ');
}

/**
 * A name as it is typed on mcpkc's command line; `readTypedName` reads it back. Characters that can't be seen, and
 * starts of a runner's commands, stand there as \u{…}, a backslash twice.
 */
export function typedName(name: string): string {
  return visible(name.replaceAll('\\', '\\\\')).replaceAll(/^ | $/g, '\\u{20}');
}

/** Names as the one value of a list option, which `readTypedList` reads back: with commas, `\,` inside of a name. */
export function typedList(names: readonly string[]): string {
  return names.map((name) => typedName(name).replaceAll(',', '\\,')).join(',');
}

/** The name that was typed: `\\`, `\,` and \u{…} are one character, any other backslash is itself. */
export function readTypedName(typed: string): string {
  return typed.replaceAll(/\\(?:([\\,])|u\{([\da-f]{1,5}|10[\da-f]{4})\})/gi, (_whole, itself, code) =>
    code === undefined ? itself : String.fromCodePoint(Number.parseInt(code, 16)),
  );
}

/** The names of a list option's value: parted at commas but not at `\,`, without the blanks around them. */
export function readTypedList(typed: string): string[] {
  const parts = [''];
  for (const [piece] of typed.matchAll(/\\.|[^,\\]+|\\$|,/gsu)) {
    if (piece === ',') parts.push('');
    else parts.push(`${parts.pop() ?? ''}${piece}`);
  }
  return parts.map((part) => readTypedName(part.trim()));
}

/** Names in a sentence: each visible, and in quotes where it has a blank, a comma or a quote and would look like several. */
export function listNames(names: readonly string[]): string {
  return names.map((name) => (/[\s,'"“”‘’]|^$/.test(name) ? `'${visible(name)}'` : visible(name))).join(', ');
}
