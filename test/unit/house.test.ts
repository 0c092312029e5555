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
  'export const it = [Date.now(), process.pid, fetch, setTimeout, readFileSync, Client, Command];',
].join('\n');

const ROOMS = [
  ...['plan', 'report', 'errors'].map((name) => `src/${name}.ts`),
  ...['provision', 'resources', 'status', 'prune', 'onboard', 'clients', 'render'].map(
    (name) => `src/${name}/some.ts`,
  ),
];

describe('the linter holds the house', () => {
  it.each(ROOMS)('%s is pure', (file) => {
    expect(complaints(file, 'export const it = new Date(0);\n')).toEqual([]);
    expect(complaints(file, IMPURE).map((line) => line.slice(4).trim())).toEqual([
      'This room gets clock, files and streams as arguments (io.ts).',
      "Only keycloak/ talks to Keycloak's admin API.",
      'Only main, program, command, global-options and commands/ parse the command line.',
      'This room gets the clock as an argument (io.ts).',
      'Do not use the global variable process.',
      'Do not use the global variable fetch.',
      'Do not use the global variable setTimeout.',
    ]);
  });

  it.each([
    ['src/onboard/some.ts', 'chalk', 'Only render/ decides how a text looks.'],
    ['src/commands/some.ts', 'ora', 'Only render/ decides how a text looks.'],
    ['src/commands/some.ts', './init.ts', "Commands don't import each other"],
    [
      'src/scopes/some.ts',
      '@keycloak/keycloak-admin-client',
      "Only keycloak/ talks to Keycloak's admin API.",
    ],
    ['src/keycloak/some.ts', 'commander', 'Only main, program, command, global-options and commands/'],
  ])('%s must not import %s', (file, name, why) => {
    expect(complaints(file, `export * from '${name}';\n`).join()).toContain(why);
  });

  it.each([
    ['src/keycloak/some.ts', '@keycloak/keycloak-admin-client'],
    ['src/render/some.ts', 'chalk'],
    ['src/commands/some.ts', 'commander'],
    ['src/commands/some.ts', './index.ts'],
  ])('%s may import %s', (file, name) => {
    expect(complaints(file, `export { it } from '${name}';\n`)).toEqual([]);
  });

  it('nobody but io.ts knows the process', () => {
    const text = 'export const it = process.pid;\n';
    for (const file of ['src/main.ts', 'src/scopes/some.ts', 'src/keycloak/some.ts', 'src/http.ts']) {
      expect(complaints(file, text), file).toEqual(['  × Do not use the global variable process.']);
    }
    expect(complaints('src/io.ts', text)).toEqual([]);
  });
});
