/** Different values at most that are kept: one more is left as it is, so that memory doesn't grow with what differs. */
const MOST = 1000;

/**
 * Makes a function that gives back the same object for values that are equal as JSON. Of tens of thousands of clients
 * most are alike in most of their parts.
 */
export function keepOnce(): <T>(value: T) => T {
  const kept = new Map<string, unknown>();
  return <T>(value: T): T => {
    const key = JSON.stringify(value);
    const known = kept.get(key) as T | undefined;
    if (known === undefined && kept.size < MOST) kept.set(key, value);
    return known ?? value;
  };
}
