import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'rolldown/parseAst';
import { describe, expect, it } from 'vitest';
import { Edits } from '../../tools/new/edits.ts';
import { STUBS } from '../../tools/new/stubs.ts';
import { SUITES } from '../../tools/suites.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What the generator would write, without writing it. */
function made(what: string, name: string) {
  const edits = new Edits(ROOT);
  const todo = STUBS[what]?.make(edits, name) ?? [];
  return { edits, todo, problem: edits.problem() };
}

describe.each([
  ['product', 'zed-next', ['src/products/all.ts', 'src/products/zed-next.ts']],
  ['finding', 'scopes/SCOPE_TOO_LONG', ['src/findings/scopes.ts', 'test/unit/status/scope-too-long.test.ts']],
  ['check', 'mcp/MCP-PING', ['src/checks/mcp.ts', 'test/unit/validate/mcp-ping.test.ts']],
  [
    'kind',
    'realm-thing',
    [
      'src/keycloak/write/write-realm-thing.ts',
      'src/plan/kinds/realm-thing.ts',
      'src/plan/kinds/all.ts',
      'test/unit/kinds/realm-thing.test.ts',
    ],
  ],
  [
    'command',
    'tidy-up',
    [
      'src/commands/all.ts',
      'src/commands/tidy-up/command.ts',
      'src/commands/tidy-up/entry.ts',
      'test/unit/tidy-up.test.ts',
    ],
  ],
])('npm run new -- %s', (what, name, paths) => {
  it('writes the stub, its test and the lines in the lists; what is left is a TODO', () => {
    const { edits, todo, problem } = made(what, name);
    expect(problem).toBeUndefined();
    expect([...edits.paths].sort()).toEqual([...paths].sort());
    expect(todo.length).toBeGreaterThan(0);
    for (const path of edits.paths) {
      const text = edits.read(path) ?? '';
      expect(() => parseAst(text, { lang: 'ts' }), path).not.toThrow();
      if (!existsSync(join(ROOT, path))) expect(text).toMatch(/TODO|it\('/);
    }
    expect(edits.paths.some((path) => edits.read(path)?.includes('TODO'))).toBe(true);
  });

  it('writes nothing over what is there', () => {
    const there = {
      product: 'chatgpt',
      finding: 'scopes/SCOPE_MISSING',
      check: 'mcp/MCP-OPEN',
      kind: 'client',
      command: 'env',
    };
    expect(made(what, there[what as keyof typeof there]).problem).toMatch(/is there already\.$/);
  });

  it('knows a name by its form', () => {
    for (const bad of ['', 'A b', '../x', 'x/y/z', '-x']) expect(bad).not.toMatch(STUBS[what]?.name ?? /^$/);
  });
});

it.each(Object.entries(SUITES))('the suite %s is there', (_name, { command }) => {
  const [file = ''] = command.filter((word) => /\.(ts|mjs)$/.test(word)).slice(-1);
  expect(existsSync(join(ROOT, file))).toBe(true);
});
