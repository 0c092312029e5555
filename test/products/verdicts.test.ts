import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { SITUATIONS } from './situations.ts';
import { type Cell, cellsOf, contradiction, REPLAYS } from './verdicts.ts';

const table = new Map<string, Cell[]>();

/** Where the table of docs/compatibility.md is written: `MCPKC_VERDICTS=docs/verdicts.json npm run suite -- verdicts`. */
const FILE = process.env.MCPKC_VERDICTS;

describe('verdict against replay', () => {
  it.each(SITUATIONS)('$title', { timeout: 300_000 }, async (situation) => {
    const cells = await cellsOf(situation, Object.keys(REPLAYS));
    table.set(situation.title, cells);
    const wrong = cells.flatMap((cell) => {
      const problem = contradiction(cell);
      return problem === undefined ? [] : [`${cell.product}: ${problem} (${cell.message})`];
    });
    expect(wrong).toEqual([]);
  });

  it('fails in at least two cells of five, and is unknown in at most one of ten', () => {
    const cells = [...table.values()].flat();
    expect(cells.length).toBe(SITUATIONS.length * Object.keys(REPLAYS).length);
    const share = (verdict: string) => cells.filter((cell) => cell.verdict === verdict).length / cells.length;
    expect(share('fails')).toBeGreaterThanOrEqual(0.4);
    expect(share('unknown')).toBeLessThanOrEqual(0.1);
  });

  afterAll(() => {
    if (FILE === undefined) return;
    const rows = [...table].map(([situation, cells]) => ({
      situation,
      verdicts: Object.fromEntries(cells.map(({ product, verdict, stage }) => [product, stage ?? verdict])),
    }));
    writeFileSync(FILE, `${JSON.stringify({ products: Object.keys(REPLAYS), rows }, null, 2)}\n`);
  });
});
