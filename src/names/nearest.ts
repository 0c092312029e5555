/** The number of letters to add, drop, change or swap with their neighbour to make one word of the other. */
export function countEdits(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

const plain = (key: string) => key.toUpperCase().replaceAll(/[_.-]/g, '').slice(0, 60);

/** The known key that is most like a word, and how far it is from it (case, `_` and `-` don't count). */
export function findNearest(word: string, known: readonly string[]): { key: string; distance: number } {
  let best = { key: '', distance: Number.POSITIVE_INFINITY };
  for (const key of known) {
    const away = countEdits(plain(word), plain(key));
    if (away < best.distance) best = { key, distance: away };
  }
  return best;
}

/** The known key that a word was most likely meant to be: at most two slips, one in a short word. */
export function nearMiss(word: string, known: readonly string[]): string | undefined {
  if (known.includes(word)) return undefined;
  const best = findNearest(word, known);
  return best.distance <= (plain(word).length < 8 ? 1 : 2) ? best.key : undefined;
}
