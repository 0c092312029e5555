// biome-ignore-all lint/plugin/clock: a limit for letting go after an interruption.
import type { Io } from '../../cli/io.ts';
import { McpkcError } from '../../errors.ts';
import { visible } from '../../text.ts';
import type { Keycloak } from '../connection/connect.ts';
import { statusOf } from '../connection/failures.ts';
import { LEASE_MS, LockLease, lockLostError } from './lease.ts';
import { waitUntilKept } from './until-kept.ts';

/**
 * The realm role that stands for the lock. Keycloak creates a role with a given name exactly once (one 201, all others
 * 409; seen on 26.4.0 and 26.7.3). That is the only mutual exclusion that its admin API offers: it knows no ETag.
 */
export const LOCK_ROLE = 'mcpkc-lock';

const LOOK = { what: `read the realm role '${LOCK_ROLE}' (the lock)`, role: 'view-realm' } as const;

/** The owner of a run, as others see it: user, machine, process, command. */
export interface Holder {
  by: string;
  host: string;
  pid: number;
  command: string;
}

/** The holder that this process is. */
export function holderOf(io: Io, command: string): Holder {
  return { by: io.user, host: io.hostname, pid: io.pid, command };
}

/** The lock's role as it stands in the realm; `until` is by the server's clock. */
interface LockRole {
  id: string;
  holder: Holder;
  nonce: string;
  until: number;
}

const nonces = new WeakMap<Holder, string>();

function nonceOf(holder: Holder): string {
  const known = nonces.get(holder) ?? crypto.randomUUID();
  nonces.set(holder, known);
  return known;
}

/** The attributes of the lock's role. */
function attributesOf(holder: Holder, until: number): Record<string, string[]> {
  const { by, host, pid, command } = holder;
  const entries = Object.entries({ by, host, pid, command, until, nonce: nonceOf(holder) });
  return Object.fromEntries(entries.map(([key, value]) => [`mcpkc.${key}`, [String(value).slice(0, 200)]]));
}

/** The lock that is there, of this run or of another. */
async function look(keycloak: Keycloak): Promise<LockRole | undefined> {
  const role: unknown = await keycloak.read(LOOK, (admin) => admin.roles.findOneByName({ name: LOCK_ROLE }));
  if (typeof role !== 'object' || role === null) return undefined;
  const { id, attributes } = role as { id: string; attributes?: Record<string, string[]> };
  const read = (key: string) => attributes?.[`mcpkc.${key}`]?.[0] ?? '';
  const holder = { by: read('by'), host: read('host'), pid: Number(read('pid')), command: read('command') };
  return { id, holder, nonce: read('nonce'), until: Number(read('until')) };
}

/** Whether this very run took it. */
function isOurs(lock: LockRole, holder: Holder): boolean {
  return lock.nonce === nonceOf(holder);
}

/** Whether its time is up, or its holder is gone from this machine. The clock is the server's: machines' own differ. */
function isStale(lock: LockRole, io: Io, serverNow: number): boolean {
  if (!(lock.until > serverNow)) return true;
  const { host, pid } = lock.holder;
  return host === io.hostname && Number.isInteger(pid) && pid > 0 && !io.isAlive(pid);
}

/** Whether another run may be at work under the lock right now. */
export async function isLockHeld(keycloak: Keycloak, io: Io): Promise<boolean> {
  const lock = await look(keycloak);
  return lock !== undefined && !isStale(lock, io, keycloak.serverNow());
}

/** Keycloak reports that the role is there and doesn't show it: something answers in its place. */
function lockUnseenError(): McpkcError {
  const message = `Keycloak refuses to create the realm role '${LOCK_ROLE}' (the lock) as being there, and doesn’t show it.`;
  return new McpkcError('KEYCLOAK_ERROR', message, 'Is a proxy in between that answers from a cache?');
}

/** A holder in words, from whatever stands in the role. */
function holderText({ by, host, pid, command }: Holder): string {
  return visible(`${by || 'somebody'} on ${host || 'an unknown machine'} (process ${pid}, mcpkc ${command})`);
}

/** LOCK_HELD: who has it, and until when. */
function lockHeldError({ holder, until }: LockRole): McpkcError {
  const who = holderText(holder);
  const when = Math.abs(until) <= 8.64e15 ? new Date(until).toISOString() : 'an unknown time';
  const fix = `Try again when it is done. A lock that is not renewed for a minute is taken over.`;
  return new McpkcError(
    'LOCK_HELD',
    `Another run edits this realm: ${who}, until ${when} at the latest.`,
    fix,
    {
      details: { holder, until: when },
    },
  );
}

/** A lock that nobody renews is over by then; one that is renewed is another run's at work. */
const WAIT_MS = LEASE_MS + 15_000;
const RENEW_MS = 20_000;

const TAKE = {
  what: `create the realm role '${LOCK_ROLE}' (the lock)`,
  role: 'manage-realm',
  isOfLock: true,
} as const;

/** A lock that is held, and renewed, until it is released. */
export interface Lock {
  /** Releases it; LOCK_LOST where another run may have edited the realm while this one did. */
  release(): Promise<void>;
}

/**
 * Takes the realm's lock, so that no two runs of mcpkc edit a list of the realm at once. Every write of this connection
 * looks at the lease right before it is sent. Waits up to 75 s for another run, then throws LOCK_HELD (exit status 5),
 * which shows the holder and the end of its time. A lock is taken over whose time is up, or whose process is gone from
 * this machine. So is one that nobody renewed for a minute, whatever time stands in it.
 */
export async function takeLock(keycloak: Keycloak, io: Io, holder: Holder): Promise<Lock> {
  const { id, since } = await take(keycloak, io, holder);
  const lease = new LockLease(io, since);
  const stop = new AbortController();
  const renewing = renewUntil(stop.signal, keycloak, io, holder, id, lease);
  keycloak.writeUnder(lease);
  return {
    release: async () => {
      keycloak.writeUnder(undefined);
      stop.abort();
      await renewing;
      const now = await release(keycloak, holder, id);
      if (now !== 'ours' && (lease.hasOverrun() || lease.isHeld())) throw lockTakenOverError(now);
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
  const result = await work().catch(async (failure) => {
    await lock.release().catch(() => {});
    throw failure;
  });
  await lock.release();
  return result;
}

function lockTakenOverError(now: LockRole | undefined): McpkcError {
  const message = `The lock of this run (the realm role '${LOCK_ROLE}') was gone before the run was done: another run may have edited the realm at the same time, and lost what it wrote to this one.`;
  const other =
    now === undefined ? '' : `So should the other run, when it is done: ${holderText(now.holder)}.`;
  return lockLostError(message, other);
}

/** Another run's lock as it was seen: a holder at work changes it every 20 s. */
interface Watched {
  text: string;
  since: number;
}

async function take(keycloak: Keycloak, io: Io, holder: Holder): Promise<{ id: string; since: number }> {
  const deadline = io.elapsed() + WAIT_MS;
  /** The start of each attempt, by the time that it wrote into the lock: an earlier one may have done it. */
  const begun = new Map<number, number>();
  let watched: Watched | undefined;
  try {
    for (let round = 0; ; round++) {
      const until = keycloak.serverNow() + LEASE_MS;
      begun.set(until, begun.get(until) ?? io.elapsed());
      await tryToCreate(keycloak, holder, until);
      const found = await look(keycloak);
      if (found && isOurs(found, holder)) return { id: found.id, since: begun.get(found.until) ?? 0 };
      if (found) {
        const text = JSON.stringify([found.id, found.nonce, found.until]);
        if (watched?.text !== text) watched = { text, since: io.elapsed() };
        if (isStale(found, io, keycloak.serverNow()) || io.elapsed() - watched.since > LEASE_MS) {
          await drop(keycloak, found.id);
          continue;
        }
      }
      if (io.elapsed() > deadline) throw found ? lockHeldError(found) : lockUnseenError();
      await io.sleep(30 + Math.min(round, 40) * 40 * Math.random(), keycloak.waiting.signal);
    }
  } catch (error) {
    // Interrupted or cut off between the creation and its answer: the lock may be there all the same.
    if (keycloak.waiting.signal.aborted) await releaseOurs(keycloak, holder);
    throw error;
  }
}

/**
 * A role's creation is the same request each time, so that it may be repeated after a lost answer. The 409 may then
 * come from this run's own creation: the read-back shows whose lock it is.
 */
async function tryToCreate(keycloak: Keycloak, holder: Holder, until: number): Promise<void> {
  const role = { name: LOCK_ROLE, attributes: attributesOf(holder, until), description: 'Lock of mcpkc' };
  try {
    await keycloak.replace(TAKE, (admin) => admin.roles.create(role));
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
  }
}

/** Deletes the lock's role; that it is gone already is as good. */
async function drop(keycloak: Keycloak, id: string): Promise<void> {
  await waitUntilKept(keycloak, 'The lock', async () => {
    try {
      await keycloak.replace({ ...TAKE, what: 'release the lock' }, (admin) => admin.roles.delById({ id }));
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
    }
    return true;
  });
}

/** The time limit for releasing the lock after an interruption, in milliseconds. */
const RELEASE_MS = 5000;

/** Releases the lock where it is still this run's; else returns the lock in its place. */
async function release(
  keycloak: Keycloak,
  holder: Holder,
  id: string,
): Promise<'ours' | LockRole | undefined> {
  const attempts = keycloak.waiting.signal.aborted ? [] : [keycloak];
  for (const cleaning of [...attempts, undefined]) {
    try {
      // The run may be interrupted, also in the middle of this: the lock is released all the same.
      const using = cleaning ?? keycloak.withSignal(AbortSignal.timeout(RELEASE_MS));
      const found = await look(using);
      if (!found || !isOurs(found, holder)) return found;
      await drop(using, id);
      return 'ours';
    } catch {
      // It expires on its own; the outcome of the work is what matters.
    }
  }
  return 'ours';
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
  lease: LockLease,
): Promise<void> {
  while (!stop.aborted) {
    try {
      await io.sleep(RENEW_MS, stop);
      // A lease that is over may be another's by now: renewed, it would be held by two.
      if (!lease.isHeld()) return;
      const since = io.elapsed();
      const attributes = attributesOf(holder, keycloak.serverNow() + LEASE_MS);
      await keycloak.replace({ ...TAKE, what: 'renew the lock' }, (admin) =>
        admin.roles.updateById({ id }, { name: LOCK_ROLE, attributes }),
      );
      lease.renew(since);
    } catch (error) {
      if (stop.aborted) return;
      if (statusOf(error) === 404)
        return lease.lose(`The lock of this run (the realm role '${LOCK_ROLE}') is gone`);
      // Keycloak is away: then the work's own requests report it.
    }
  }
}
