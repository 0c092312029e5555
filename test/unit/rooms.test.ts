import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** The files of `src/`: path below it → text. */
const HOUSE: ReadonlyMap<string, string> = new Map(
  readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => [path.replaceAll('\\', '/'), readFileSync(join(SRC, path), 'utf8')]),
);

/** Type arrows that run up, each with the reason why it may. */
const UP: Readonly<Record<string, string>> = {
  'cli → config': 'a handler’s context promises the configuration, whose readers use the Io of cli/',
  'keycloak → plan': 'a writer takes a Change, and apply calls the writers',
};

interface Arrow {
  from: string;
  to: string;
  isType: boolean;
  by: string;
}

/** A file's room: the first folder, for commands the second; a file at the top is a room of its own. */
function roomOf(path: string): string {
  const [first = '', second] = path.split('/');
  return first === 'commands' && path.split('/').length > 2 ? `commands/${second}` : first;
}

const STATIC = /(?:^|\n)\s*(?:import|export)\s+(type\s)?([^;'"]*?)from\s*['"](\.[^'"]+)['"]/g;
const LAZY = /(typeof\s+)?import\(\s*['"](\.[^'"]+)['"]\s*\)/g;

/** Every import from one room of another; `import type` and lists of `type` names take no value. */
function arrowsOf(house: ReadonlyMap<string, string>): Arrow[] {
  return [...house].flatMap(([path, text]) => {
    const arrow = (specifier: string, isType: boolean): Arrow[] => {
      const target = posix.normalize(posix.join(posix.dirname(path), specifier));
      if (target.startsWith('..') || roomOf(target) === roomOf(path)) return [];
      return [{ from: roomOf(path), to: roomOf(target), isType, by: `${path} → ${target}` }];
    };
    const isOfTypes = (names: string) =>
      names.trim().startsWith('{') &&
      names
        .replace(/[{}]/g, '')
        .split(',')
        .map((name) => name.trim())
        .every((name) => name === '' || name.startsWith('type '));
    return [
      ...[...text.matchAll(STATIC)].flatMap(([, type, names = '', specifier = '']) =>
        arrow(specifier, type !== undefined || isOfTypes(names)),
      ),
      ...[...text.matchAll(LAZY)].flatMap(([, type, specifier = '']) => arrow(specifier, type !== undefined)),
    ];
  });
}

/** Rooms that can be reached from a room along these arrows. */
function reached(from: string, arrows: readonly Arrow[]): Set<string> {
  const found = new Set<string>();
  const open = [from];
  for (let room = open.pop(); room !== undefined; room = open.pop()) {
    for (const { to } of arrows.filter((one) => one.from === room)) {
      if (!found.has(to)) open.push(to);
      found.add(to);
    }
  }
  return found;
}

/** Imports that take values from a room which takes values from theirs, however far round. */
function valueCycles(house: ReadonlyMap<string, string>): string[] {
  const values = arrowsOf(house).filter(({ isType }) => !isType);
  return values.filter(({ from, to }) => reached(to, values).has(from)).map(({ by }) => by);
}

/** Type arrows between rooms that run against the values. */
function typesUp(house: ReadonlyMap<string, string>): string[] {
  const arrows = arrowsOf(house);
  const values = arrows.filter(({ isType }) => !isType);
  const up = arrows.filter(({ from, to, isType }) => isType && reached(to, values).has(from));
  return [...new Set(up.map(({ from, to }) => `${from} → ${to}`))].sort();
}

/** Imports of one command by another. */
function betweenCommands(house: ReadonlyMap<string, string>): string[] {
  return arrowsOf(house)
    .filter(({ from, to }) => from.startsWith('commands/') && to.startsWith('commands'))
    .map(({ by }) => by);
}

/** The house with one more import at the top of a file. */
function withImport(path: string, line: string): ReadonlyMap<string, string> {
  expect(HOUSE.has(path), path).toBe(true);
  return new Map([...HOUSE, [path, `${line}\n${HOUSE.get(path)}`]]);
}

describe('imports between the rooms of src/', () => {
  it('run one way by value', () => {
    expect(valueCycles(HOUSE)).toEqual([]);
  });

  it('run up by type only where a reason is named, three times at most', () => {
    expect(typesUp(HOUSE)).toEqual(Object.keys(UP));
    expect(Object.keys(UP).length).toBeLessThanOrEqual(3);
  });

  it('never lead from one command to another', () => {
    expect(betweenCommands(HOUSE)).toEqual([]);
  });
});

describe('one import turned round is found', () => {
  it('by value, also lazily and far round', () => {
    const turned = withImport('names/loopback.ts', "import { readRealm } from '../keycloak/read/realm.ts';");
    expect(valueCycles(turned)).toContain('names/loopback.ts → keycloak/read/realm.ts');
    const lazy = withImport('realm/marks.ts', "const it = await import('../plan/apply.ts');");
    expect(valueCycles(lazy)).toContain('realm/marks.ts → plan/apply.ts');
  });

  it('by type', () => {
    const turned = withImport('realm/marks.ts', "import type { Desired } from '../plan/desired.ts';");
    expect(valueCycles(turned)).toEqual([]);
    expect(typesUp(turned)).toContain('realm → plan');
  });

  it('between commands', () => {
    const turned = withImport('commands/env/command.ts', "import type { A } from '../init/command.ts';");
    expect(betweenCommands(turned)).toEqual(['commands/env/command.ts → commands/init/command.ts']);
  });
});
