import type { RunningKeycloak } from '../support/keycloak/server.ts';
import { type Bench as CaseBench, runCase, type Undisturbed, undisturbed } from './case.ts';
import { type Fault, isToken } from './fault.ts';
import { FAULTS, restart } from './faults.ts';
import { nameOf, type Position } from './proxy.ts';
import type { Row } from './row.ts';

/** Where the suite runs: a server that is ours can be restarted. */
export interface Bench extends CaseBench {
  server: RunningKeycloak;
}

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

function casesOf({ server }: Bench, row: Row, { positions }: Undisturbed): Case[] {
  const cases = positions.flatMap((position) =>
    FAULTS.filter((fault) => fault.fits(position, row)).map((fault) => ({ position, fault })),
  );
  // A restart takes the server ten seconds: once for a row, at its first write or in its middle.
  const middle = positions.find(isWrite) ?? positions[Math.floor(positions.length / 2)];
  if (!server.owned || !middle) return cases;
  return [...cases, { position: middle, fault: restart(() => server.restart()) }];
}

function isWrite(position: Position): boolean {
  return position.method !== 'GET' && !isToken(position);
}

/** Runs a row undisturbed and then, of its cases, those that the profile picks. */
export async function runRow(
  bench: Bench,
  row: Row,
  pick: Pick,
  progress: (line: string) => void,
): Promise<RowResult> {
  const name = `${row.command}: ${row.name}`;
  const result: RowResult = { row: name, requests: 0, cases: 0, run: 0, skipped: 0, failed: [] };
  let whole: Undisturbed;
  try {
    whole = await undisturbed(bench, row);
  } catch (error) {
    progress(String(error));
    result.failed.push({ row: name, position: '', fault: 'none', wrong: [String(error)] });
    return result;
  }
  result.requests = whole.positions.length;
  if (row.offline && whole.positions.length > 0)
    throw new Error(`${name} is said to send no requests, and sent ${whole.positions.length}`);
  for (const [at, { position, fault }] of casesOf(bench, row, whole).entries()) {
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
