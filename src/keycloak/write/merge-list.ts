/** The entries of `to` that aren't in `from`. */
function difference(to: readonly string[], from: readonly string[]): string[] {
  return to.filter((one) => !from.includes(one));
}

/** A list as it is now, with what a change adds and without what it removes: foreign entries of meanwhile survive. */
export function mergeList(
  now: readonly string[],
  before: readonly string[],
  after: readonly string[],
): string[] {
  const removed = difference(before, after);
  const kept = now.filter((one) => !removed.includes(one));
  return [...kept, ...difference(after, before).filter((one) => !kept.includes(one))];
}
