import { expect, it } from 'vitest';
import { expectedPresets } from '../../src/plan/input.ts';
import { PRESETS } from '../../src/products/index.ts';
import type { Entry, RealmRecord } from '../../src/realm/record.ts';

const ONE = 'https://one.example.com/mcp';
const TWO = 'https://two.example.com/mcp';
const wanted = (resource: string, ...products: string[]): Entry => ({
  kind: 'wanted',
  resource,
  products,
  since: '2026-11-27T20:00:00Z',
});
const recordOf = (...entries: Entry[]): RealmRecord => ({ state: 'proved', entries });
const names = (record: RealmRecord | undefined, resource?: string) =>
  expectedPresets(record, resource, PRESETS).map(({ name }) => name);

it('is ChatGPT where nothing is known, or nothing that is known any more', () => {
  expect(names(undefined, ONE)).toEqual(['chatgpt']);
  expect(names(recordOf(), ONE)).toEqual(['chatgpt']);
  expect(names(recordOf(wanted(TWO, 'codex')), ONE)).toEqual(['chatgpt']);
  expect(names(recordOf(wanted(ONE, 'a-preset-that-went')), ONE)).toEqual(['chatgpt']);
});

it('is the products that a server was opened for, unless ChatGPT is one of them', () => {
  expect(names(recordOf(wanted(ONE, 'codex', 'inspector')), ONE).sort()).toEqual(['codex', 'inspector']);
  expect(names(recordOf(wanted(ONE, 'codex', 'chatgpt')), ONE)).toEqual(['chatgpt']);
});

it('is those of every server where none is meant', () => {
  expect(names(recordOf(wanted(ONE, 'codex'), wanted(TWO, 'inspector'))).sort()).toEqual([
    'codex',
    'inspector',
  ]);
});
