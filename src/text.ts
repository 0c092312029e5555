/**
 * Makes what came from outside harmless on a terminal: control characters, escape sequences, bidirectional and
 * invisible format characters are shown as \u{…}. Client names are written by whoever registers (Keycloak keeps them
 * as sent), so nothing foreign is printed without this.
 */
export function visible(text: string): string {
  return text.replace(
    // All of category C (control, format, private, unassigned, lone surrogates), line ends, letters without ink.
    /[\p{C}\p{Zl}\p{Zp}\u{115f}\u{1160}\u{2800}\u{3164}\u{ffa0}]|\u{34f}/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

/** `visible`, cut to a number of characters with an ellipsis. */
export function brief(text: string, most: number): string {
  const shown = visible(text);
  const characters = Array.from(shown);
  return characters.length <= most ? shown : `${characters.slice(0, most - 1).join('')}…`;
}

/** Cuts words that nobody typed: a message that quotes what was given must not be as long as that. */
export function withoutEndlessWords(text: string): string {
  return text.replaceAll(/(\S{500})\S{1500,}/g, '$1…');
}

/**
 * Breaks a text at blanks so that no line is longer than `width`; words longer than that stay whole. A line that begins
 * with blanks keeps them, and so do the lines that it is broken into.
 */
export function wrap(text: string, width: number, indent = ''): string {
  return text
    .split('\n')
    .map((line) => wrapLine(line, width, indent))
    .join('\n');
}

function wrapLine(text: string, width: number, indent: string): string {
  const own = /^ */.exec(text)?.[0] ?? '';
  const lines: string[] = [];
  let line = '';
  for (const word of text.trim().split(' ')) {
    if (line !== '' && indent.length + own.length + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines.map((one) => (one === '' ? '' : indent + own + one)).join('\n');
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

/** A duration for people: "45 s", "10 min", "1.5 h". */
export function span(ms: number): string {
  const round = (number: number) => Number(number.toFixed(1)).toLocaleString('en');
  if (ms < 60_000) return `${round(ms / 1000)} s`;
  return ms < 3_600_000 ? `${round(ms / 60_000)} min` : `${round(ms / 3_600_000)} h`;
}
