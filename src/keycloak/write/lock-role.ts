import type { Io } from '../../cli/io.ts';
import { McpkcError } from '../../errors.ts';
import { visible } from '../../text.ts';
import type { Keycloak } from '../connection/connect.ts';

/**
 * The realm role that stands for the lock. Keycloak creates a role with a given name exactly once (one 201, all others
 * 409; seen on 26.4.0 and 26.7.3), which is the only mutual exclusion that its admin API offers: it knows no ETag.
 */
export const LOCK_ROLE = 'mcpkc-lock';

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

/** A lock as it stands in the realm; `until` is by the server's clock. */
export interface Lock {
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

/** What the role holds. */
export function attributesOf(holder: Holder, until: number): Record<string, string[]> {
  const { by, host, pid, command } = holder;
  const entries = Object.entries({ by, host, pid, command, until, nonce: nonceOf(holder) });
  return Object.fromEntries(entries.map(([key, value]) => [`mcpkc.${key}`, [String(value).slice(0, 200)]]));
}

/** The lock that is there, whoever's it is. */
export async function look(keycloak: Keycloak): Promise<Lock | undefined> {
  const role: unknown = await keycloak.read(LOOK, (admin) => admin.roles.findOneByName({ name: LOCK_ROLE }));
  if (typeof role !== 'object' || role === null) return undefined;
  const { id, attributes } = role as { id: string; attributes?: Record<string, string[]> };
  const read = (key: string) => attributes?.[`mcpkc.${key}`]?.[0] ?? '';
  const holder = { by: read('by'), host: read('host'), pid: Number(read('pid')), command: read('command') };
  return { id, holder, nonce: read('nonce'), until: Number(read('until')) };
}

/** Whether this very run took it. */
export function isOurs(lock: Lock, holder: Holder): boolean {
  return lock.nonce === nonceOf(holder);
}

/** Whether its time is up, or its holder is gone from this machine. The clock is the server's: machines' own differ. */
export function isStale(lock: Lock, io: Io, serverNow: number): boolean {
  if (!(lock.until > serverNow)) return true;
  const { host, pid } = lock.holder;
  return host === io.hostname && Number.isInteger(pid) && pid > 0 && !io.isAlive(pid);
}

/** Keycloak says that the role is there and doesn't show it: something answers in its place. */
export function lockUnseenError(): McpkcError {
  const message = `Keycloak refuses to create the realm role '${LOCK_ROLE}' (the lock) as being there, and doesn’t show it.`;
  return new McpkcError('KEYCLOAK_ERROR', message, 'Is a proxy in between that answers from a cache?');
}

/** A holder in words, from whatever stands in the role. */
export function holderText({ by, host, pid, command }: Holder): string {
  return visible(`${by || 'somebody'} on ${host || 'an unknown machine'} (process ${pid}, mcpkc ${command})`);
}

/** LOCK_HELD: who has it, and until when. */
export function lockHeldError({ holder, until }: Lock): McpkcError {
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
