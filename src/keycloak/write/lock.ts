// biome-ignore-all lint/plugin/clock: a limit for letting go after an interruption.
import type { Io } from '../../cli/io.ts';
import type { Keycloak } from '../connection/connect.ts';
import { statusOf } from '../connection/failures.ts';
import { attributesOf, type Holder, held, isOurs, isStale, LOCK_ROLE, look, unseen } from './lock-role.ts';

export { type Holder, holderOf, LOCK_ROLE } from './lock-role.ts';

/** How long a lock is good for without being renewed. Too short: a slow edit loses it; too long: a killed run blocks. */
const LEASE_MS = 60_000;
const WAIT_MS = 45_000;
const RENEW_MS = 20_000;

const TAKE = { what: `create the realm role '${LOCK_ROLE}' (the lock)`, role: 'manage-realm' } as const;
/** A lock that is held, and renewed, until it is given back. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes the realm's lock, so that no two runs of mcpkc edit a list of the realm at once. Waits up to 45 s for another
 * run, then LOCK_HELD (exit status 5) says who holds it and until when. A lock whose time is up, or whose process is
 * gone from this machine, is taken over.
 */
export async function takeLock(keycloak: Keycloak, io: Io, holder: Holder): Promise<Lock> {
  const id = await take(keycloak, io, holder);
  const stop = new AbortController();
  const renewing = renewUntil(stop.signal, keycloak, io, holder, id);
  return {
    release: async () => {
      stop.abort();
      await renewing;
      await release(keycloak, id);
    },
  };
}

/** Runs `work` while holding the lock. */
export async function withLock<T>(
  keycloak: Keycloak,
  io: Io,
  holder: Holder,
  work: () => Promise<T>,
): Promise<T> {
  const lock = await takeLock(keycloak, io, holder);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

async function take(keycloak: Keycloak, io: Io, holder: Holder): Promise<string> {
  const deadline = io.now() + WAIT_MS;
  try {
    for (let round = 0; ; round++) {
      await tryToCreate(keycloak, holder, keycloak.serverNow() + LEASE_MS);
      const found = await look(keycloak);
      if (found && isOurs(found, holder)) return found.id;
      if (found && isStale(found, io, keycloak.serverNow())) {
        await drop(keycloak, found.id);
        continue;
      }
      if (io.now() > deadline) throw found ? held(found) : unseen();
      await io.sleep(30 + Math.min(round, 10) * 20 * Math.random(), keycloak.waiting.signal);
    }
  } catch (error) {
    // Interrupted or cut off between the creation and its answer: the lock may be there all the same.
    if (keycloak.waiting.signal.aborted) await releaseOurs(keycloak, holder);
    throw error;
  }
}

/**
 * A role's creation says the same each time, so that it may be repeated after a lost answer. The 409 may then be our
 * own creation: whose lock it is, the read-back tells.
 */
async function tryToCreate(keycloak: Keycloak, holder: Holder, until: number): Promise<void> {
  const role = { name: LOCK_ROLE, attributes: attributesOf(holder, until), description: 'Lock of mcpkc' };
  try {
    await keycloak.replace(TAKE, (admin) => admin.roles.create(role));
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
  }
}

async function drop(keycloak: Keycloak, id: string): Promise<void> {
  try {
    await keycloak.replace({ ...TAKE, what: 'release the lock' }, (admin) => admin.roles.delById({ id }));
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
  }
}

/** How long the lock is tried to be given back after an interruption. */
const RELEASE_MS = 5000;

async function release(keycloak: Keycloak, id: string): Promise<void> {
  const attempts = keycloak.waiting.signal.aborted ? [] : [keycloak];
  for (const cleaning of [...attempts, undefined]) {
    try {
      // The run may be interrupted, also in the middle of this: the lock is given back all the same.
      await drop(cleaning ?? keycloak.withSignal(AbortSignal.timeout(RELEASE_MS)), id);
      return;
    } catch {
      // It expires by itself; what the work said is what matters.
    }
  }
}

async function releaseOurs(keycloak: Keycloak, holder: Holder): Promise<void> {
  const cleaning = keycloak.withSignal(AbortSignal.timeout(RELEASE_MS));
  const found = await look(cleaning).catch(() => undefined);
  if (found && isOurs(found, holder)) await drop(cleaning, found.id).catch(() => {});
}

async function renewUntil(
  stop: AbortSignal,
  keycloak: Keycloak,
  io: Io,
  holder: Holder,
  id: string,
): Promise<void> {
  while (!stop.aborted) {
    try {
      await io.sleep(RENEW_MS, stop);
      const attributes = attributesOf(holder, keycloak.serverNow() + LEASE_MS);
      await keycloak.replace({ ...TAKE, what: 'renew the lock' }, (admin) =>
        admin.roles.updateById({ id }, { name: LOCK_ROLE, attributes }),
      );
    } catch {
      // Stopped, or Keycloak is away: then the work's own requests say so.
    }
  }
}
