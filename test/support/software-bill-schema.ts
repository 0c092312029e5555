import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv } from 'ajv';

const FOLDER = resolve(import.meta.dirname, '../../node_modules/@cyclonedx/cyclonedx-library/res/schema');
const schema = (name: string) =>
  JSON.parse(readFileSync(resolve(FOLDER, `${name}.SNAPSHOT.schema.json`), 'utf8'));

const ajv = new Ajv({ strict: false, validateFormats: false });
for (const name of ['spdx', 'jsf-0.82'])
  ajv.addSchema(schema(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
const fits = ajv.compile(schema('bom-1.6'));

/** What of a bill of materials is no CycloneDX 1.6, by its schema; undefined where all of it is. */
export function billProblems(bill: unknown): string | undefined {
  return fits(bill) ? undefined : JSON.stringify(fits.errors);
}
