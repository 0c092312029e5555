import { McpkcError } from '../errors.ts';
import type { Io } from '../io.ts';
import { visible } from '../render/text.ts';
import type { Keycloak } from './connect.ts';
import { statusOf } from './failures.ts';

/**
 * The realm role that stands for the lock. Keycloak creates a role with a given name exactly once (one 201, all others
 * 409; seen on 26.4.0 and 26.7.3), which is the only mutual exclusion that its admin API offers: it knows no ETag.
 */
export const LOCK_ROLE = 'mcpkc-lock';

/** How long a lock is good for without being renewed. Too short: a slow edit loses it; too long: a killed run blocks. */
const LEASE_MS = 60_000;
const WAIT_MS = 45_000;
const RENEW_MS = 20_000;

const TAKE = { what: `create the realm role '${LOCK_ROLE}' (the lock)`, role: 'manage-realm' } as const;
const LOOK = { what: `read the realm role '${LOCK_ROLE}' (the lock)`, role: 'view-realm' } as const;

/** Who runs this, as others are told: user, machine, process, command. */
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

/**
 * Runs `work` while holding the realm's lock, so that no two runs of mcpkc edit a list of the realm at once. Waits up
 * to 45 s for another run, then LOCK_HELD (exit status 5) says who holds it and until when. A lock whose time is up,
 * or whose process is gone from this machine, is taken over.
 */
export async function withLock<T>(
  keycloak: Keycloak,
  io: Io,
  holder: Holder,
  work: () => Promise<T>,
): Promise<T> {
  const id = await take(keycloak, io, holder);
  const stop = new AbortController();
  const renewing = renewUntil(stop.signal, keycloak, io, holder, id);
  try {
    return await work();
  } finally {
    stop.abort();
    await renewing;
    await release(keycloak, id);
  }
}

async function take(keycloak: Keycloak, io: Io, holder: Holder): Promise<string> {
  const deadline = io.now() + WAIT_MS;
  try {
    for (let round = 0; ; round++) {
      await tryToCreate(keycloak, holder, io.now() + LEASE_MS);
      const found = await look(keycloak);
      if (found && isOurs(found, holder)) return found.id;
      if (found && isStale(found, io)) {
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

interface Lock {
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

function attributesOf(holder: Holder, until: number): Record<string, string[]> {
  const { by, host, pid, command } = holder;
  const entries = Object.entries({ by, host, pid, command, until, nonce: nonceOf(holder) });
  return Object.fromEntries(entries.map(([key, value]) => [`mcpkc.${key}`, [String(value).slice(0, 200)]]));
}

async function look(keycloak: Keycloak): Promise<Lock | undefined> {
  const role: unknown = await keycloak.read(LOOK, (admin) => admin.roles.findOneByName({ name: LOCK_ROLE }));
  if (typeof role !== 'object' || role === null) return undefined;
  const { id, attributes } = role as { id: string; attributes?: Record<string, string[]> };
  const read = (key: string) => attributes?.[`mcpkc.${key}`]?.[0] ?? '';
  const holder = { by: read('by'), host: read('host'), pid: Number(read('pid')), command: read('command') };
  return { id, holder, nonce: read('nonce'), until: Number(read('until')) };
}

function isOurs(lock: Lock, holder: Holder): boolean {
  return lock.nonce === nonceOf(holder);
}

function isStale(lock: Lock, io: Io): boolean {
  if (!(lock.until > io.now())) return true;
  const { host, pid } = lock.holder;
  return host === io.hostname && Number.isInteger(pid) && pid > 0 && !io.isAlive(pid);
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
      const attributes = attributesOf(holder, io.now() + LEASE_MS);
      await keycloak.replace({ ...TAKE, what: 'renew the lock' }, (admin) =>
        admin.roles.updateById({ id }, { name: LOCK_ROLE, attributes }),
      );
    } catch {
      // Stopped, or Keycloak is away: then the work's own requests say so.
    }
  }
}

/** Keycloak says that the role is there and doesn't show it: something answers in its place. */
function unseen(): McpkcError {
  const message = `Keycloak refuses to create the realm role '${LOCK_ROLE}' (the lock) as being there, and doesn’t show it.`;
  return new McpkcError('KEYCLOAK_ERROR', message, 'Is a proxy in between that answers from a cache?');
}

function held({ holder, until }: Lock): McpkcError {
  const { by, host, pid, command } = holder;
  const who = visible(
    `${by || 'somebody'} on ${host || 'an unknown machine'} (process ${pid}, mcpkc ${command})`,
  );
  const when = Number.isFinite(until) ? new Date(until).toISOString() : 'an unknown time';
  const hint = `Try again when it is done. Should that process be gone, the lock ends by itself at that time.`;
  return new McpkcError(
    'LOCK_HELD',
    `Another run edits this realm: ${who}, until ${when} at the latest.`,
    hint,
    {
      details: { holder, until: when },
    },
  );
}
