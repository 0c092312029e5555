import { count } from './text.ts';

/** Milliseconds. */
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const LARGEST_FIRST = [
  ['d', DAY],
  ['h', HOUR],
  ['m', MINUTE],
] as const;

/** A duration as the flags take it, in its largest unit, cut: `7d`, `3h`, `10m`. */
export function durationText(ms: number): string {
  for (const [unit, size] of LARGEST_FIRST) {
    if (ms >= size) return `${Math.floor(ms / size)}${unit}`;
  }
  return `${Math.max(0, Math.floor(ms / SECOND))}s`;
}

/** A duration as the flags take it, to the second: in the largest unit that divides it (`36h`, not `1d`). */
export function exactDuration(ms: number): string {
  for (const [unit, size] of LARGEST_FIRST) {
    if (ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${Math.round(ms / SECOND)}s`;
}

/** A duration for people, to a tenth: "45 s", "10 min", "1.5 h". */
export function readableDuration(ms: number): string {
  const round = (number: number) => Number(number.toFixed(1)).toLocaleString('en');
  if (ms < MINUTE) return `${round(ms / SECOND)} s`;
  return ms < HOUR ? `${round(ms / MINUTE)} min` : `${round(ms / HOUR)} h`;
}

/** An age for people, in its largest unit, rounded up: "1 minute", "3 hours", "12 days". */
export function ageText(ms: number): string {
  const minutes = Math.max(1, Math.ceil(ms / MINUTE));
  if (minutes < 60) return count(minutes, 'minute');
  const hours = Math.ceil(minutes / 60);
  return hours < 48 ? count(hours, 'hour') : count(Math.ceil(hours / 24), 'day');
}

/** A time (milliseconds since the epoch) in ISO 8601, UTC, to the second. */
export function formatMoment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

const UNITS = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY } as const;

/** Milliseconds of a duration like `30s`, `10m`, `7d`; undefined where the text is none. At most 10 years. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  if (!match) return undefined;
  const ms = Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
  return ms > 3650 * DAY ? undefined : ms;
}
