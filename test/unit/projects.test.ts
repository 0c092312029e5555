import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import config from '../../vitest.config.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

interface Project {
  test: { name: string; include: string[]; exclude?: string[]; globalSetup?: string[] };
}
const projects = ((config as { test?: { projects?: unknown } }).test?.projects ?? []) as Project[];
const filesOf = ({ test: { include, exclude = [] } }: Project) =>
  globSync(include, { cwd: ROOT }).filter((file) => !globSync(exclude, { cwd: ROOT }).includes(file));

/** Run by a configuration of their own. */
const ELSEWHERE = [
  'test/scale/prune-clients.test.ts',
  'test/scale/requests.test.ts',
  'test/cluster/cluster.test.ts',
  'test/products/allowed/allowed.test.ts',
];

it('every test file is in one project', () => {
  const run = [...projects.flatMap(filesOf), ...ELSEWHERE];
  expect(run.sort()).toEqual(globSync('test/**/*.test.ts', { cwd: ROOT }).sort());
});

it('a project without Keycloak has no file that asks for one', () => {
  const without = projects.filter(
    ({ test: { globalSetup = [] } }) => !globalSetup.some((file) => file.includes('keycloak')),
  );
  expect(without.map(({ test: { name } }) => name)).toEqual(['unit', 'program', 'doubles']);
  const asking = without
    .flatMap(filesOf)
    .filter((file) => /inject\('keycloak'\)|await useRealm\(/.test(read(file)));
  expect(asking).toEqual([]);
});

it('every project that a command line names is there, and npm test runs all but the long one', () => {
  const lines = [
    'package.json',
    'CONTRIBUTING.md',
    'README.md',
    'test/matrix/main.ts',
    'tools/suites.ts',
  ].map(read);
  const named = new Set(
    lines.flatMap((text) => [...text.matchAll(/--project[ =',]+(\w+)/g)]).map(([, name]) => name),
  );
  const names = projects.map(({ test: { name } }) => name);
  expect([...named].sort()).toEqual(names.toSorted());
  const { test } = JSON.parse(read('package.json')).scripts as Record<string, string>;
  const ran = [...(test ?? '').matchAll(/--project (\w+)/g)].map(([, name]) => name);
  expect(ran).toEqual(names.filter((name) => name !== 'long'));
});
