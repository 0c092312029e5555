import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TOUR = readFileSync(join(ROOT, 'docs/tour.md'), 'utf8');

/** Each path that the tour names, `<…>` left out. */
const PATHS = [...new Set([...TOUR.matchAll(/`((?:src|bin)\/[^`<]*)`/g)].map(([, path = '']) => path))];
/** Each function that it names, with the file that it says to be its place. */
const FUNCTIONS = [...TOUR.matchAll(/`(\w+)\(\)` of `(src\/[^`]+)`/g)].map(
  ([, name = '', file = '']) => [name, file] as const,
);

describe('the tour', () => {
  it('has ten steps', () => {
    expect([...TOUR.matchAll(/^(\d+)\. \*\*/gm)].map(([, number]) => Number(number))).toEqual(
      Array.from({ length: 10 }, (_, at) => at + 1),
    );
  });

  it.each(PATHS)('%s is there', (path) => {
    expect(existsSync(join(ROOT, path))).toBe(true);
  });

  it.each(FUNCTIONS)('%s is in %s', (name, file) => {
    expect(readFileSync(join(ROOT, file), 'utf8')).toMatch(
      new RegExp(`(function|const) ${name}\\b|^ {2}(async )?${name}\\(`, 'm'),
    );
  });
});
