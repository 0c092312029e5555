import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const TOUR = read('docs/tour.md');

/** What lies in the repository; a name in angle brackets or with an ellipsis stands for many. */
const PATH = /`((?:src|bin|test|tools|docs|schemas|examples|lint|bench|action)\/[^`<…*]*)`/g;
const pathsIn = (text: string) => [...text.matchAll(PATH)].map(([, path = '']) => path);

/** The parts of a document that stand for themselves: a step, a bullet, a row of a table, a paragraph. */
const partsOf = (text: string) => text.split(/\n(?=\d+\. |- |\| |\n)/);

/** Every source below a path. */
function sourcesOf(path: string): string[] {
  const whole = join(ROOT, path);
  if (!existsSync(whole)) return [];
  if (!statSync(whole).isDirectory()) return [readFileSync(whole, 'utf8')];
  return readdirSync(whole, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(whole, file), 'utf8'));
}

const declares = (name: string) => new RegExp(`(function|const) ${name}\\b|^ {2}(async )?${name}\\(`, 'm');

describe('the tour', () => {
  it('has ten steps', () => {
    expect([...TOUR.matchAll(/^(\d+)\. \*\*/gm)].map(([, number]) => Number(number))).toEqual(
      Array.from({ length: 10 }, (_, at) => at + 1),
    );
  });

  // `name()` of `file`: in that file, and in no other.
  it.each(
    [...TOUR.matchAll(/`(\w+)\(\)` of `(src\/[^`]+)`/g)].map(([, name = '', file = '']) => [name, file]),
  )('%s is in %s', (name, file) => expect(read(file)).toMatch(declares(name)));
});

describe.each(['docs/tour.md', 'CONTRIBUTING.md'])('%s', (document) => {
  const text = read(document);

  it.each([...new Set(pathsIn(text))])('%s is there', (path) => {
    expect(existsSync(join(ROOT, path))).toBe(true);
  });

  it('names functions that stand in a file which the same part names', () => {
    const lost = partsOf(text).flatMap((part) => {
      const sources = pathsIn(part).flatMap(sourcesOf);
      const names = [...part.matchAll(/`(\w+)\(\)`/g)].map(([, name = '']) => name);
      return names.filter((name) => !sources.some((source) => declares(name).test(source)));
    });
    expect(lost).toEqual([]);
  });

  it('names npm scripts that are there', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});
