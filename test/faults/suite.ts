import type { RunningKeycloak } from '../../tools/keycloak/server.ts';
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

function casesOf(row: Row, positions: readonly Position[]): Case[] {
  return positions.flatMap((position) =>
    FAULTS.filter((fault) => fault.fits(position, row)).map((fault) => ({ position, fault })),
  );
}

function isWrite(position: Position): boolean {
  return position.method !== 'GET' && !isToken(position);
}

/** A row with a proxy and connectors of its own, so that several cases of it can run at once. */
export interface Lane {
  bench: Bench;
  row: Row;
}

interface Ready extends Lane {
  whole: Undisturbed;
}

/** Runs a row undisturbed and then, of its cases, those that are picked, as many at once as there are lanes. */
export async function runRow(
  lanes: readonly [Lane, ...Lane[]],
  pick: Pick,
  progress: (line: string) => void,
): Promise<RowResult> {
  const { row } = lanes[0];
  const name = `${row.command}: ${row.name}`;
  const result: RowResult = { row: name, requests: 0, cases: 0, run: 0, skipped: 0, failed: [] };
  const ready: Ready[] = [];
  try {
    for (const lane of lanes) ready.push({ ...lane, whole: await undisturbed(lane.bench, lane.row) });
  } catch (error) {
    progress(String(error));
    result.failed.push({ row: name, position: '', fault: 'none', wrong: [String(error)] });
    return result;
  }
  // Anybody who watches may ask once more or once less: what counts is what every undisturbed run asked.
  const [one, ...others] = ready.map(({ whole }) => whole.positions);
  const positions = (one ?? []).filter((position) =>
    others.every((list) => list.some((other) => nameOf(other) === nameOf(position))),
  );
  result.requests = positions.length;
  if (row.offline && positions.length > 0)
    throw new Error(`${name} is said to send no requests, and sent ${positions.length}`);
  const all = casesOf(row, positions);
  const picked = all.filter((_one, at) => pick(at));
  result.cases = all.length;
  result.skipped = all.length - picked.length;
  const left = picked.values();
  const work = async (lane: Ready) => {
    for (const one of left) await take(lane, one, result, progress);
  };
  await Promise.all(ready.map(work));
  return result;
}

/**
 * Restarts the server under a row, at its first write or in its middle. It takes ten seconds, and nothing else may run on
 * the server meanwhile; one that isn't ours can't be restarted.
 */
export async function runRestart(
  { bench, row }: Lane,
  result: RowResult,
  progress: (line: string) => void,
): Promise<void> {
  if (!bench.server.owned || row.offline) return;
  const whole = await undisturbed(bench, row);
  const position = whole.positions.find(isWrite) ?? whole.positions[Math.floor(whole.positions.length / 2)];
  if (!position) return;
  result.cases += 1;
  const fault = restart(() => bench.server.restart());
  await take({ bench, row, whole }, { position, fault }, result, progress);
}

/** How often a case is tried whose position doesn't come. */
const TRIES = 4;

async function take(
  lane: Ready,
  { position, fault }: Case,
  result: RowResult,
  progress: (line: string) => void,
): Promise<void> {
  let verdict = await attempt(lane, position, fault);
  for (let tries = 1; tries < TRIES && !verdict.hit; tries++) verdict = await attempt(lane, position, fault);
  const { hit } = verdict;
  // What did not happen can't have been answered as it should.
  const wrong = hit ? verdict.wrong : [];
  const name = `${result.row} | ${nameOf(position)} | ${fault.name}`;
  if (hit) result.run += 1;
  else result.skipped += 1;
  if (!hit) progress(`– ${name}: the request did not come`);
  if (wrong.length === 0) return;
  result.failed.push({ row: result.row, position: nameOf(position), fault: fault.name, wrong });
  progress(`✗ ${name}\n    ${wrong.join('\n    ')}`);
}

async function attempt({ bench, row, whole }: Ready, position: Position, fault: Fault) {
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
