import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BIOME = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');

/** A place with the project's rules and nothing else. */
const house = mkdtempSync(join(tmpdir(), 'mcpkc-house-'));
for (const part of ['biome.json', 'lint', '.gitignore'])
  cpSync(join(ROOT, part), join(house, part), { recursive: true });
afterAll(() => rmSync(house, { recursive: true }));

/** What the linter says of a text, were it in this file. */
function complaints(file: string, text: string): string[] {
  const path = join(house, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  const args = [BIOME, 'lint', '--colors=off', '--max-diagnostics=100', file];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: house, encoding: 'utf8' });
  const said = stdout + stderr;
  expect(said).toContain('Checked 1 file');
  return said.split('\n').filter((line) => line.startsWith('  × ') && !line.includes('errors were emitted'));
}

const IMPURE = [
  "import { readFileSync } from 'node:fs';",
  "import Client from '@keycloak/keycloak-admin-client';",
  "import { Command } from 'commander';",
  'export const it = [Date.now(), AbortSignal.timeout(9), process.pid, fetch, setTimeout, readFileSync, Client, Command];',
].join('\n');

const ROOMS = [
  ...['errors', 'text', 'main'].map((name) => `src/${name}.ts`),
  ...['names', 'realm', 'plan', 'products', 'findings', 'checks', 'commands/status'].map(
    (name) => `src/${name}/some.ts`,
  ),
];

describe('the linter holds the house', () => {
  it.each(ROOMS)('%s is pure', (file) => {
    expect(complaints(file, 'export const it = new Date(0);\n')).toEqual([]);
    expect(complaints(file, IMPURE).map((line) => line.slice(4).trim())).toEqual([
      'Clock, files and streams are arguments (cli/io.ts).',
      "keycloak/ alone talks to Keycloak's admin API.",
      'Commands are parsed in main, program and cli/.',
      'The clock is an argument (cli/io.ts).',
      'The clock is an argument (cli/io.ts).',
      'Do not use the global variable process.',
      'Do not use the global variable fetch.',
      'Do not use the global variable setTimeout.',
    ]);
  });

  it.each([
    ['chalk', 'cli/ alone decides how a text looks.'],
    ['ora', 'cli/ alone decides how a text looks.'],
  ])('nothing imports %s unsaid', (name, why) => {
    expect(complaints('src/commands/status/some.ts', `export * from '${name}';\n`).join()).toContain(why);
  });

  it('an exception names its reason', () => {
    const ignore = (reason: string) =>
      `// biome-ignore-all lint/style/noRestrictedGlobals:${reason}\nexport const it = process.pid;\n`;
    expect(complaints('src/cli/some.ts', ignore(' this is the process.'))).toEqual([]);
    expect(complaints('src/cli/some.ts', ignore('')).join()).toContain('process');
  });
});
