import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ATTACKS } from '../attacks/attacks.ts';

const FOLDER = join(import.meta.dirname, '../attacks');
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.test.ts'));
const numberOf = (file: string) => file.slice(0, file.indexOf('-')).toUpperCase();

it('each attack has one test file, and each test file its row', () => {
  expect(FILES.map(numberOf).sort()).toEqual(ATTACKS.map(({ id }) => id).sort());
});

it('an attack and what holds are sentences', () => {
  for (const { id, attack, holds } of ATTACKS) {
    for (const text of [attack, holds]) expect(text, id).toMatch(/^[A-Z`].*\.$/);
  }
});
