import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How the lock breathes; tests make it quicker. */
export interface Pace {
  /** The holder touches the lock this often, in milliseconds. */
  heartbeat: number;
  /** A lock that wasn't touched for so long belongs to a killed run. */
  stale: number;
  /** Who waits looks this often. */
  poll: number;
}

const PACE: Pace = { heartbeat: 2_000, stale: 15_000, poll: 200 };
const FORGOTTEN = 3_600_000;

/**
 * Makes sure that the folder `target` exists, filled by `fill` once, however many runs ask at the same time.
 * What makes it safe is that `fill` works in a folder beside it, which is renamed when it is complete: nobody ever
 * sees half of it. The lock file only saves the others the work, so a lock that is wrongly taken over does no harm.
 */
export async function fillOnce(
  target: string,
  fill: (folder: string) => Promise<void>,
  waiting: () => void = () => {},
  pace: Pace = PACE,
): Promise<void> {
  const lock = `${target}.lock`;
  await mkdir(dirname(target), { recursive: true });
  let told = false;
  while (!existsSync(target)) {
    if (await take(lock)) {
      await holding(lock, pace, () => fillAndRename(target, fill));
      return;
    }
    if (!told) waiting();
    told = true;
    if (await isStale(lock, pace.stale)) await rm(lock, { force: true });
    else await sleep(pace.poll);
  }
}

/** Fills a folder beside `target` and renames it; when another run was quicker, its result stays. */
export async function fillAndRename(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  if (existsSync(target)) return;
  await removeForgotten(target);
  const folder = `${target}.partial-${process.pid}-${randomBytes(3).toString('hex')}`;
  try {
    await mkdir(folder, { recursive: true });
    await fill(folder);
    await rename(folder, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function holding(lock: string, pace: Pace, work: () => Promise<void>): Promise<void> {
  const touch = () => {
    const now = new Date();
    utimes(lock, now, now).catch(() => {});
  };
  const heart = setInterval(touch, pace.heartbeat);
  try {
    await work();
  } finally {
    clearInterval(heart);
    await rm(lock, { force: true });
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx');
    await file.writeFile(`${process.pid}\n`);
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isStale(file: string, age: number): Promise<boolean> {
  try {
    return Date.now() - (await stat(file)).mtimeMs > age;
  } catch {
    return false;
  }
}

/** Folders that killed runs left behind. */
async function removeForgotten(target: string): Promise<void> {
  for (const name of await readdir(dirname(target))) {
    const folder = join(dirname(target), name);
    if (!name.startsWith(`${basename(target)}.partial-`)) continue;
    if (await isStale(folder, FORGOTTEN)) await rm(folder, { recursive: true, force: true });
  }
}
