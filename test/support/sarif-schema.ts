import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv } from 'ajv';

/** OASIS's schema of SARIF 2.1.0 (sarif-2.1.0-rtm.5.json), which is of draft 4. */
const {
  $schema: _draft,
  id: $id,
  ...schema
} = JSON.parse(readFileSync(resolve(import.meta.dirname, 'schemas/sarif-2.1.0.json'), 'utf8'));
const options = { strict: false, validateFormats: false, unicodeRegExp: false };
const fits = new Ajv(options).compile({ $id, ...schema });

/** What of a log is no SARIF; undefined where all of it is. */
export function sarifProblems(log: unknown): string | undefined {
  return fits(log) ? undefined : JSON.stringify(fits.errors);
}
