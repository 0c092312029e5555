/**
 * Breaks a command line for a person, so that it still can be pasted: at blanks outside of quotes, with a backslash at
 * the end of every line but the last. Words that are longer than the line stay whole.
 */
export function shellLines(command: string, width: number, indent: string): string {
  const words = command.match(/(?:'[^']*'|\\.|[^\s'])+/g) ?? [];
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    const fits = indent.length + line.length + 1 + word.length + 2 <= width;
    if (line === '' || fits) line = line === '' ? word : `${line} ${word}`;
    else {
      lines.push(line);
      line = `  ${word}`;
    }
  }
  lines.push(line);
  return lines.map((one) => indent + one).join(' \\\n');
}
