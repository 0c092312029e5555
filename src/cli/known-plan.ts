import type { Io } from './io.ts';

const readers = new WeakSet<Io>();

/** Remembers that the plan stood on this run's terminal, whole. */
export function rememberShownPlan(io: Io): void {
  readers.add(io);
}

/** Whether who reads the answer on stdout has the plan on the same terminal. */
export function isPlanKnown(io: Io): boolean {
  return io.stdout.isTerminal && readers.has(io);
}
