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
  for (let round = 0; ; round++) {
    const attributes = attributesOf(holder, io.now() + LEASE_MS);
    try {
      await keycloak.create(TAKE, (admin) =>
        admin.roles.create({ name: LOCK_ROLE, attributes, description: 'Lock of mcpkc' }),
      );
    } catch (error) {
      if (statusOf(error) !== 409) throw error;
    }
    // Read back whether it is ours: after a lost answer the 409 may be our own creation.
    const found = await look(keycloak);
    if (found && isOurs(found, holder)) return found.id;
    if (found && isStale(found, io)) {
      await drop(keycloak, found.id);
      continue;
    }
    if (io.now() > deadline && found) throw held(found);
    await io.sleep(30 + Math.min(round, 10) * 20 * Math.random(), keycloak.waiting.signal);
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

async function release(keycloak: Keycloak, id: string): Promise<void> {
  // The run may have been interrupted: the lock is given back all the same, for at most 5 s.
  const cleaning = keycloak.waiting.signal.aborted
    ? keycloak.withSignal(AbortSignal.timeout(5000))
    : keycloak;
  await drop(cleaning, id).catch(() => {
    // It expires by itself; what the work said is what matters.
  });
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
