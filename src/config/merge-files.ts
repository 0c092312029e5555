import { schemaUrn } from '../schema-urn.ts';
import { formatEnvFile, parseEnvFile } from './env-file.ts';
import { readJsonObject } from './json-text.ts';

/** The wanted values of a file's keys; null removes a key. Other keys stay. */
export type WantedFile = Readonly<Record<string, string | null>>;

/** A file's new text, and the wanted keys whose values are new in it. */
export interface Merged {
  text: string;
  changed: string[];
}

/**
 * A credentials file with other values for some keys. Their lines are replaced where they stand (the last one counts,
 * as in a shell; earlier ones go). Missing ones are added at the end, and every other line stays as it is, comments
 * too.
 */
export function mergeEnvFile(text: string, wanted: WantedFile): Merged {
  const { values } = parseEnvFile(text, '');
  const changed = Object.keys(wanted).filter((key) => (values.get(key)?.value ?? null) !== wanted[key]);
  if (changed.length === 0) return { text, changed };
  const written = new Set<string>();
  const lines = text.split(/(?<=\n)/).flatMap((line, index) => {
    const key = changed.find((one) => isAssignment(line, one));
    if (key === undefined) return [line];
    const value = wanted[key];
    if (typeof value !== 'string' || values.get(key)?.line !== index + 1) return [];
    written.add(key);
    return [formatEnvFile({ [key]: value })];
  });
  const kept = lines.join('');
  const missing = changed.flatMap((key) => {
    const value = wanted[key];
    return typeof value === 'string' && !written.has(key) ? [formatEnvFile({ [key]: value })] : [];
  });
  const gap = kept !== '' && !kept.endsWith('\n') && missing.length > 0 ? '\n' : '';
  return { text: `${kept}${gap}${missing.join('')}`, changed };
}

function isAssignment(line: string, key: string): boolean {
  const [, found] = /^\u{feff}?\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=/u.exec(line) ?? [];
  return found === key;
}

/**
 * A JSON config file with other values for some keys; all other members stay, in their order. The text has to be a
 * JSON object or empty: the reader of the configuration has seen to that. A new file names its JSON Schema.
 */
export function mergeConfigFile(
  text: string,
  wanted: WantedFile,
  same: (key: string, value: unknown) => boolean,
): Merged {
  const read = text.trim() === '' ? { value: { members: [], twice: [] } } : readJsonObject(text);
  const isNew = 'value' in read && read.value.members.length === 0;
  const members = new Map('value' in read ? read.value.members : []);
  const changed = Object.keys(wanted).filter((key) => {
    const now = members.get(key);
    return wanted[key] === null ? now !== undefined && now !== null && now !== '' : !same(key, now);
  });
  if (changed.length === 0) return { text, changed };
  if (isNew) members.set('$schema', schemaUrn('config'));
  for (const key of changed) {
    const value = wanted[key];
    if (typeof value === 'string') members.set(key, value);
    else members.delete(key);
  }
  return { text: `${JSON.stringify(Object.fromEntries(members), undefined, 2)}\n`, changed };
}
