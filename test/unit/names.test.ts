import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'rolldown/parseAst';
import { expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

interface Node {
  type: string;
  [field: string]: unknown;
}

/** Names of the functions of a file that return an McpkcError, undefined or not, as their declared type says. */
function factoriesOf(source: string): string[] {
  const names: string[] = [];
  const isError = (type: unknown): boolean => {
    const { typeName, types } = (type ?? {}) as { typeName?: { name?: string }; types?: unknown[] };
    return typeName?.name === 'McpkcError' || (types ?? []).some(isError);
  };
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) for (const one of node) walk(one);
    if (typeof node !== 'object' || node === null || !('type' in node)) return;
    const one = node as Node;
    const { id, returnType } = one as { id?: { name?: string }; returnType?: { typeAnnotation?: unknown } };
    if (one.type === 'FunctionDeclaration' && isError(returnType?.typeAnnotation)) names.push(id?.name ?? '');
    for (const [field, value] of Object.entries(one)) if (field !== 'type') walk(value);
  };
  walk(parseAst(source, { lang: 'ts' }).body);
  return names;
}

it('the factory of an error ends in Error', () => {
  const names = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) => factoriesOf(readFileSync(join(SRC, path), 'utf8')));
  expect(names.length).toBeGreaterThan(25);
  // These two pass an error on that is there.
  const passing = ['toMcpkcError', 'withOptionsOfRun'];
  expect(names.filter((name) => !name.endsWith('Error') && !passing.includes(name))).toEqual([]);
});
