import { inputError } from '../errors.ts';
import { nearMiss } from '../names/nearest.ts';
import type { Result } from '../result.ts';
import { visible } from '../text.ts';
import { ENV_KEYS, FILE_ONLY_KEYS } from './schema.ts';

/** The content of a credentials file. */
export interface EnvFile {
  /** Every assignment, known key or not; of a key that is assigned twice the last one, as in a shell. */
  values: Map<string, { value: string; line: number }>;
  /** Lines that can't be read, one text each, with file and line number. */
  problems: string[];
  /** Lines that are read but look like a slip. */
  warnings: string[];
}

/**
 * Reads `KEY=value` lines, also with `export ` in front. Single or double quotes (with a shell's escapes), comments (a
 * line, or after a blank), blank lines, CRLF and a byte order mark are understood. Without quotes the value is the text
 * that stands there, without blanks around it: `\` and `$` are themselves and nothing is expanded. Messages never quote
 * a value.
 */
export function parseEnvFile(text: string, file: string): EnvFile {
  const read: EnvFile = { values: new Map(), problems: [], warnings: [] };
  text
    .replace(/^\u{feff}/u, '')
    .split(/\r?\n/)
    .forEach((content, index) => {
      parseLine(content, `file ${visible(file)} line ${index + 1}`, index + 1, read);
    });
  return read;
}

function parseLine(content: string, origin: string, line: number, read: EnvFile): void {
  const text = content.trim();
  if (text === '' || text.startsWith('#')) return;
  const [, key, rest] = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$/s.exec(text) ?? [];
  if (key === undefined || rest === undefined) {
    read.problems.push(`${origin}: this is no KEY=value`);
    return;
  }
  const value = parseValue(rest.trim());
  if ('problem' in value) {
    read.problems.push(`${key}: ${value.problem} (${origin})`);
    return;
  }
  if (read.values.has(key)) read.warnings.push(`${key} is set twice; the later one counts (${origin})`);
  read.values.set(key, { value: value.value, line });
  const meant = nearMiss(key, ENV_KEYS);
  if (meant !== undefined) read.warnings.push(`${key} is ignored; is ${meant} meant? (${origin})`);
  if (FILE_ONLY_KEYS.includes(key))
    read.warnings.push(`${key} is ignored: it belongs in the config file (${origin})`);
}

/** The pieces of a shell's word: single quotes, double quotes with escapes, an escaped character, bare text. */
const PIECE = /^(?:'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+))/s;

function parseValue(text: string): Result<string, { problem: string }> {
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(text)) return { problem: 'the value has a control character' };
  if (!/^["']/.test(text)) return { value: /^#/.test(text) ? '' : text.replace(/\s#.*$/s, '').trimEnd() };
  let value = '';
  let left = text;
  for (let piece = PIECE.exec(left); piece; piece = PIECE.exec(left)) {
    const [whole, single, double, escaped, bare] = piece;
    value += single ?? double?.replaceAll(/\\([\\"$`])/g, '$1') ?? escaped ?? bare ?? '';
    left = left.slice(whole.length);
  }
  if (/^["']/.test(left)) return { problem: 'a quote is not closed on its line' };
  return /^(?:\s+#.*|\s*)$/s.test(left) ? { value } : { problem: 'something follows the closing quote' };
}

/**
 * The text of a credentials file that `parseEnvFile` reads back the same and that a POSIX shell can `source`. Throws
 * INPUT_INVALID, naming the key, for texts that no line can hold: line breaks, other control characters, broken
 * Unicode.
 */
export function formatEnvFile(entries: Readonly<Record<string, string>>): string {
  return Object.entries(entries)
    .map(([key, value]) => `${key}=${quote(key, value)}\n`)
    .join('');
}

function quote(key: string, value: string): string {
  const fix = 'A credentials file holds one line for each key: choose a value without it.';
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key))
    throw inputError(visible(key), 'it is not a name of a variable', fix);
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(value)) throw inputError(key, 'its value has a control character', fix);
  if (!value.isWellFormed()) throw inputError(key, 'its value is no valid Unicode', fix);
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(value)) return value;
  return value.includes("'") ? `"${value.replaceAll(/[\\"$`]/g, '\\$&')}"` : `'${value}'`;
}
