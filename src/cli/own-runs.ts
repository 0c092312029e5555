import type { Io } from './io.ts';
import { type RealmPlace, realmInFileName, stateFolder } from './state-files.ts';

/** The time in which a run of mcpkc on this machine sent probes to a realm, in milliseconds since the epoch. */
export interface OwnRun {
  from: number;
  to: number;
}

/** The most runs that are kept of a realm: a day of one every ten minutes. */
const MOST_RUNS = 144;

function fileOf(io: Pick<Io, 'env' | 'platform'>, place: RealmPlace): string | undefined {
  const folder = stateFolder(io);
  return folder && `${folder}/probed/${realmInFileName(place)}.json`;
}

/**
 * Remembers a run where only this user writes: no stranger can have what he does taken for mcpkc's own, and the realm stays as it
 * was. A machine that keeps nothing is no failure.
 */
export async function rememberOwnRun(io: Io, place: RealmPlace, run: OwnRun): Promise<void> {
  const file = fileOf(io, place);
  if (file === undefined) return;
  try {
    const runs = [...(await readOwnRuns(io, place)), run].slice(-MOST_RUNS);
    await io.files.write(file, `${JSON.stringify(runs)}\n`, { mode: 0o600 });
  } catch {
    // A read-only home folder, a full disk.
  }
}

/** The runs that were remembered, the oldest first; none where the file is missing or can't be read. */
export async function readOwnRuns(io: Io, place: RealmPlace): Promise<OwnRun[]> {
  const file = fileOf(io, place);
  if (file === undefined) return [];
  try {
    const read: unknown = JSON.parse((await io.files.read(file)) ?? '[]');
    return Array.isArray(read) ? read.filter(isOwnRun) : [];
  } catch {
    return [];
  }
}

function isOwnRun(value: unknown): value is OwnRun {
  const { from, to } = (value ?? {}) as Partial<Record<'from' | 'to', unknown>>;
  return typeof from === 'number' && typeof to === 'number';
}
