/** Several measurements of one thing. */
export interface Figure {
  median: number;
  min: number;
  max: number;
}

/** Median and spread. Throws where there is nothing. */
export function figureOf(values: readonly number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) throw new Error('Nothing was measured.');
  return { median: percentile(sorted, 50), min, max };
}

/** The value that so many per cent are not above (nearest rank; between the two middle ones for 50). */
export function percentile(values: readonly number[], per: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number) => sorted[Math.min(sorted.length - 1, Math.max(0, index))] ?? Number.NaN;
  if (per === 50 && sorted.length % 2 === 0) return (at(sorted.length / 2 - 1) + at(sorted.length / 2)) / 2;
  return at(Math.ceil((per / 100) * sorted.length) - 1);
}
