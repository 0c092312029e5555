import type { Io } from '../../cli/io.ts';
import { readableDuration } from '../../duration.ts';
import { McpkcError } from '../../errors.ts';
import type { Lease } from '../connection/connect.ts';

/**
 * The life of a lock that isn't renewed, in milliseconds. Too short: a slow edit loses it; too long: a killed run
 * blocks.
 */
export const LEASE_MS = 60_000;
/** The time that a write may take on its way, and that the estimate of the server's clock may be off. */
const MARGIN_MS = 15_000;

/** A lease of the realm's lock, by the monotonic clock of this machine. A lease that is over is never renewed. */
export class LockLease implements Lease {
  readonly #io: Io;
  #since: number;
  #why: string | undefined;
  #overran = false;

  /** `since`: a time of `io.elapsed()` before the lock was written. */
  constructor(io: Io, since: number) {
    this.#io = io;
    this.#since = since;
  }

  /** Whether the next write still falls into it. */
  isHeld(): boolean {
    return this.#why === undefined && this.#age() <= LEASE_MS - MARGIN_MS;
  }

  /** Whether a write may have fallen out of it. */
  hasOverrun(): boolean {
    return this.#overran;
  }

  /** The lock was renewed; `since` as in the constructor. */
  renew(since: number): void {
    if (this.isHeld()) this.#since = since;
  }

  /** The lock is another's, or gone. */
  lose(why: string): void {
    this.#why ??= why;
  }

  requireHeld(): void {
    if (this.isHeld()) return;
    this.#why ??= `This run was held up for ${readableDuration(this.#age())}, and its lock is good for ${readableDuration(LEASE_MS)}`;
    throw lockLostError(`${this.#why}: another run may edit the realm meanwhile. Nothing more was written.`);
  }

  onWritten(): void {
    if (this.#age() > LEASE_MS || this.#why !== undefined) this.#overran = true;
  }

  #age(): number {
    return this.#io.elapsed() - this.#since;
  }
}

/** LOCK_LOST: `message` is what happened and what was written. */
export function lockLostError(message: string, fix = ''): McpkcError {
  const again = 'Run the command again: it begins from what is there now.';
  return new McpkcError('LOCK_LOST', message, fix === '' ? again : `${again}\n${fix}`);
}
