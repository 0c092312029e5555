import type { RunningKeycloak } from '../tools/keycloak/server.ts';
import type { Figure } from './figures.ts';
import type { BenchRealm } from './realms.ts';

/** What the rows measure with. */
export interface Bench {
  server: RunningKeycloak;
  /** A short run in small realms, where a figure for 50,000 clients can't be told. */
  quick: boolean;
  rounds: number;
  /** How many registrations the row about `onboard` waits for. */
  registrations: number;
  /** How many clients the row about deletion deletes. */
  deletions: number;
  /** Realms of three sizes, each made when it is first asked for. */
  small(): Promise<BenchRealm>;
  middle(): Promise<BenchRealm>;
  large(): Promise<BenchRealm>;
  /** An empty realm with an account, for what is made from nothing. */
  fresh(): Promise<BenchRealm>;
}

/** One line of the table. */
export interface Line {
  what: string;
  yardstick: string;
  ours: Figure;
  theirs?: Figure;
  unit: 'ms' | 'MB' | 'a second';
  /** What is compared with the limit. */
  value: number;
  /** How the value reads: `1.3 ×`, `45 ms`. */
  shown: string;
  /** The value may be at most this, or at least; without a limit it is there to be known. */
  limit?: { most: number } | { least: number };
  /** The target in words, as the table shows it. */
  target: string;
  note?: string;
}

/** Something that is measured; one run may give several lines. */
export interface Row {
  name: string;
  /** Its targets are times and no ratios: the small run leaves it out. */
  timed?: true;
  measure(bench: Bench): Promise<Line[]>;
}

/** Whether a line reaches its target, with head room: 2 lets it be twice as bad. */
export function reaches({ value, limit }: Line, slack = 1): boolean {
  if (limit === undefined) return true;
  return 'most' in limit ? value <= limit.most * slack : value >= limit.least / slack;
}

const round = (value: number) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

/** `1.3 ×` */
export function times(value: number): string {
  return `${round(value)} ×`;
}

/** The fields of a line of times: ours may be at most `most` times as long as theirs. */
export function slowdown(ours: Figure, theirs: Figure, most: number) {
  const value = ratio(ours, theirs);
  const shown = times(value);
  return { ours, theirs, unit: 'ms', value, shown, limit: { most }, target: `≤ ${most} ×` } as const;
}

/** The most memory that a command may take, in MB. */
const MOST_MB = 150;

/** The fields of a line of peak memory. */
export function peakMemory(ours: Figure, theirs: Figure) {
  const value = ours.median;
  const shown = `${value.toFixed(0)} MB`;
  const limit = { most: MOST_MB };
  return { ours, theirs, unit: 'MB', value, shown, limit, target: `≤ ${MOST_MB} MB` } as const;
}

/** Ours divided by theirs, by the medians. */
export function ratio(ours: Figure, theirs: Figure): number {
  return ours.median / theirs.median;
}
