const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
] as const;

/** A duration as the flags take it, in its largest unit: `7d`, `3h`, `10m`. */
export function durationText(ms: number): string {
  for (const [unit, size] of UNITS) {
    if (ms >= size) return `${Math.floor(ms / size)}${unit}`;
  }
  return `${Math.max(0, Math.floor(ms / 1000))}s`;
}

/** ISO 8601, UTC, to the second. */
export function when(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
