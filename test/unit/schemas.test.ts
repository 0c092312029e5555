import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { reportJson } from '../../src/cli/report.ts';
import { COMMANDS } from '../../src/commands/index.ts';
import { answerOf, documentOf } from '../../src/commands/status/answer.ts';
import { mergeConfigFile } from '../../src/config/merge-files.ts';
import { schemaUrn } from '../../src/schema-urn.ts';
import { documentSchemas } from '../../src/schemas/documents.ts';
import { jsonSchemas } from '../../src/schemas/index.ts';
import { LINES } from '../cli/lines.ts';
import { runCli } from '../support/cli.ts';
import { connector, seen, visible, withPolicy } from './status/seen.ts';

const NAMES = COMMANDS.map(({ name }) => name);

const ROOT = resolve(import.meta.dirname, '../..');
const FILES = readdirSync(join(ROOT, 'schemas'));
const read = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));

/** Problems of a document by the schema that it names, as the package has it. */
function problemsOf(document: Readonly<Record<string, unknown>>): unknown {
  const name = /^urn:mcpkc:schema:([\w-]+):/.exec(String(document.$schema))?.[1] ?? 'none';
  const check = new Ajv2020({ strict: false, allErrors: true }).compile(read(`schemas/${name}.schema.json`));
  return check(document) ? undefined : check.errors;
}

describe('the schemas in the package', () => {
  it('are those of the code (npm run docs -- --no-screens writes them)', () => {
    const made = jsonSchemas(NAMES);
    expect(FILES.sort()).toEqual(Object.keys(made).sort());
    for (const [file, schema] of Object.entries(made)) expect(read(`schemas/${file}`), file).toEqual(schema);
  });

  it('are one for each command, for failures and for the configuration', () => {
    const names = [...COMMANDS.map(({ name }) => name), 'config', 'error', 'fleet'];
    expect(FILES.sort()).toEqual(names.map((name) => `${name}.schema.json`).sort());
  });

  it('are JSON Schemas, by the name that documents have for them', () => {
    const ajv = new Ajv2020({ strict: false });
    for (const file of FILES) {
      const schema = read(`schemas/${file}`);
      expect(ajv.validateSchema(schema), file).toBe(true);
      expect(schema.$id).toBe(schemaUrn(file.replace('.schema.json', '')));
    }
  });
});

describe('the schema of the config file', () => {
  it('takes the sample, which names it', () => {
    const sample = read('config.sample.json');
    expect(sample.$schema).toBe(schemaUrn('config'));
    expect(problemsOf(sample)).toBeUndefined();
  });

  it('is named by a new file, not put into one that is there', () => {
    const isSame = () => false;
    const made = mergeConfigFile('', { KC_REALM: 'tools' }, isSame).text;
    expect(problemsOf(JSON.parse(made))).toBeUndefined();
    expect(mergeConfigFile('{"KC_SERVER":"http://x"}', { KC_REALM: 'tools' }, isSame).text).not.toContain(
      '$schema',
    );
  });

  it.each([
    [{ KC_RELAM: 'tools' }, 'KC_RELAM'],
    [{ protect: 'legacy' }, '/protect'],
    [{ presets: [{ name: 'x', redirectUri: 'https://x.example.com' }] }, 'redirectUri'],
  ])('refuses %j', (config, where) => {
    const problems = problemsOf({ $schema: schemaUrn('config'), ...config });
    expect(JSON.stringify(problems)).toContain(where);
  });
});

describe('documents of runs', () => {
  const exactly = documentSchemas((shape) => z.strictObject(shape), NAMES);

  it.each(['env', 'presets', 'explain', 'completion', 'validate'])(
    '%s names its schema and fits it',
    async (name) => {
      const env = { KC_SERVER: 'https://auth.example.com', KC_REALM: 'tools' };
      const { json } = await runCli([name, ...(LINES[name] ?? []), '--json'], { env });
      expect(json.$schema).toBe(schemaUrn(name));
      expect(problemsOf(json)).toBeUndefined();
      expect(exactly[name]?.safeParse(json).error).toBeUndefined();
    },
  );

  it('a failure names its schema and fits it', async () => {
    const { json } = await runCli(['status', '--json'], { env: {} });
    expect(json.$schema).toBe(schemaUrn('error'));
    expect(problemsOf(json)).toBeUndefined();
    expect(exactly.error?.safeParse(json).error).toBeUndefined();
  });

  it('one that lacks a field does not fit', async () => {
    const { json } = await runCli(['status', '--json'], { env: {} });
    expect(JSON.stringify(problemsOf({ ...json, fix: undefined }))).toContain('fix');
  });
});

const hidden = { visible: false, role: 'view-realm' } as const;

it.each([
  ['a look without clients', seen()],
  [
    'one with clients',
    seen({ clients: visible({ clients: [connector('c')], sessions: visible(new Map()) }) }),
  ],
  [
    'one that sees nothing',
    seen({ record: hidden, scopes: hidden, registrationPolicies: hidden, refusals: hidden }),
  ],
  ['one with errors', seen(withPolicy('trusted-hosts', { 'trusted-hosts': [] }))],
])('the document of status fits its schema exactly: %s', (_what, of) => {
  const { command, server, realm, document } = {
    command: 'status',
    server: of.server,
    realm: of.realm,
    document: documentOf(of, answerOf(of)),
  };
  const written = JSON.parse(reportJson({ command, server, realm, document, exitStatus: 0, text: () => '' }));
  const { error } = documentSchemas((shape) => z.strictObject(shape)).status?.safeParse(written) ?? {};
  expect(error && z.prettifyError(error)).toBeUndefined();
});
