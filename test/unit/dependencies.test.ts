import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/dependencies.md'), 'utf8');
const [bundled = '', byHand = ''] = page.split('## Written by hand');

it('the page of dependencies names the packages that src/ takes code from, and no other', () => {
  const taken = globSync('src/**/*.ts', { cwd: ROOT }).flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    // What is imported by type alone is in no bundle.
    const imports = text.matchAll(/^import (?!type )[^;]*? from '([^'.][^']*)'|\bimport\('([^'.][^']*)'\)/gm);
    return [...imports].map(([, fixed, later]) => fixed ?? later ?? '');
  });
  const packages = taken
    .filter((name) => !name.startsWith('node:'))
    .map((name) => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0]);
  const named = [...bundled.matchAll(/^\| \[([^\]]+)\]\(/gm)].map(([, name]) => name);
  expect([...new Set(packages)].sort()).toEqual(named.sort());
});

it('names parts written by hand that are there', () => {
  const parts = [...byHand.matchAll(/`(src\/[^`]*)`/g)].map(([, path = '']) => path);
  expect(parts.length).toBeGreaterThan(20);
  expect(parts.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});
