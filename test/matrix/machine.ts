import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Times of all cores since the machine started, in ms. */
function times(): { idle: number; all: number } {
  let [idle, all] = [0, 0];
  for (const core of cpus()) {
    idle += core.times.idle;
    all += Object.values(core.times).reduce((sum, ms) => sum + ms, 0);
  }
  return { idle, all };
}

/** How many cores nobody else used while it was watched; at least a tenth of one, which the scheduler grants. */
export async function freeCores(watchMs = 3_000): Promise<number> {
  const before = times();
  await sleep(watchMs);
  const after = times();
  const share = (after.idle - before.idle) / Math.max(after.all - before.all, 1);
  return Math.max(share * cpus().length, 0.1);
}

/** What vitest is told of the machine. */
export interface Pace {
  workers: number;
  testTimeout: number;
  hookTimeout: number;
}

/**
 * A worker for each free core and one more, which waits for Keycloak meanwhile; never more than six on the one server.
 * Time-outs (ms) are those of vitest.config.ts where two cores are free, and up to eight times as long where less is.
 */
export function paceOf(free: number): Pace {
  const patience = Math.min(Math.max(2 / free, 1), 8);
  return {
    workers: Math.min(Math.round(free) + 1, 6),
    testTimeout: Math.round(60_000 * patience),
    hookTimeout: Math.round(120_000 * patience),
  };
}
