import { type Bench, runCase, type Undisturbed, undisturbed } from './case.ts';
import type { Fault } from './fault.ts';
import { FAULTS } from './faults.ts';
import { nameOf, type Position } from './proxy.ts';
import type { Row } from './row.ts';

/** A case that went wrong. */
export interface Failed {
  row: string;
  position: string;
  fault: string;
  wrong: string[];
}

/** What a row's cases brought. */
export interface RowResult {
  row: string;
  requests: number;
  /** Faults × positions that fit each other. */
  cases: number;
  run: number;
  /** Cases left out by the profile, or whose position did not come. */
  skipped: number;
  failed: Failed[];
}

/** Which cases run: all of them, or a fixed part. */
export type Pick = (at: number) => boolean;

export const ALL: Pick = () => true;

/** Every `step`-th case; with another `start` other ones. */
export function every(step: number, start = 0): Pick {
  return (at) => at % step === start;
}

interface Case {
  position: Position;
  fault: Fault;
}

function casesOf(row: Row, { positions }: Undisturbed): Case[] {
  return positions.flatMap((position) =>
    FAULTS.filter((fault) => fault.fits(position, row)).map((fault) => ({
      position,
      fault,
    })),
  );
}

/** Runs a row undisturbed and then, of its cases, those that the profile picks. */
export async function runRow(
  bench: Bench,
  row: Row,
  pick: Pick,
  progress: (line: string) => void,
): Promise<RowResult> {
  const name = `${row.command}: ${row.name}`;
  const whole = await undisturbed(bench, row);
  const result: RowResult = {
    row: name,
    requests: whole.positions.length,
    cases: 0,
    run: 0,
    skipped: 0,
    failed: [],
  };
  if (row.offline && whole.positions.length > 0)
    throw new Error(`${name} is said to send no requests, and sent ${whole.positions.length}`);
  for (const [at, { position, fault }] of casesOf(row, whole).entries()) {
    result.cases += 1;
    if (!pick(at)) {
      result.skipped += 1;
      continue;
    }
    const verdict = await attempt(bench, row, whole, position, fault);
    if (verdict.hit) result.run += 1;
    else result.skipped += 1;
    if (verdict.wrong.length === 0) continue;
    const failed = { row: name, position: nameOf(position), fault: fault.name, wrong: verdict.wrong };
    result.failed.push(failed);
    progress(`✗ ${name} | ${failed.position} | ${failed.fault}\n    ${failed.wrong.join('\n    ')}`);
  }
  return result;
}

async function attempt(bench: Bench, row: Row, whole: Undisturbed, position: Position, fault: Fault) {
  try {
    return await runCase(bench, row, whole, position, fault);
  } catch (error) {
    return { hit: true, wrong: [`the case broke: ${error instanceof Error ? error.stack : String(error)}`] };
  }
}

/** The results as a table, with a line that sums them up. */
export function tableOf(results: readonly RowResult[]): string {
  const sum = (pick: (one: RowResult) => number) => results.reduce((all, one) => all + pick(one), 0);
  const total = {
    row: 'all',
    requests: sum((one) => one.requests),
    cases: sum((one) => one.cases),
    run: sum((one) => one.run),
    skipped: sum((one) => one.skipped),
    failed: results.flatMap((one) => one.failed),
  };
  const width = Math.max(...results.map(({ row }) => row.length), 8);
  const line = (row: string, ...cells: (string | number)[]) =>
    `${row.padEnd(width)}${cells.map((cell) => String(cell).padStart(10)).join('')}`;
  return [
    line('command', 'requests', 'cases', 'run', 'skipped', 'failed'),
    ...[...results, total].map((one) =>
      line(one.row, one.requests, one.cases, one.run, one.skipped, one.failed.length),
    ),
    '',
  ].join('\n');
}
