/**
 * Whether a text matches a glob: `*` stands for any characters but `/`, `?` for one of those, all else for itself. So
 * `https://app.example.com/*` protects no document of a deeper path. Linear in both.
 */
export function matchesGlob(glob: string, text: string): boolean {
  const [pattern, letters] = [Array.from(glob), Array.from(text)];
  let [at, star, from] = [0, -1, 0];
  for (let index = 0; index < letters.length; ) {
    if (pattern[at] === '*') {
      star = at++;
      from = index;
    } else if (
      at < pattern.length &&
      ((pattern[at] === '?' && letters[index] !== '/') || pattern[at] === letters[index])
    ) {
      at++;
      index++;
    } else if (star >= 0 && letters[from] !== '/') {
      at = star + 1;
      index = ++from;
    } else {
      return false;
    }
  }
  return pattern.slice(at).every((letter) => letter === '*');
}
