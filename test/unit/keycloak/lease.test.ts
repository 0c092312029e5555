import { describe, expect, it } from 'vitest';
import { LEASE_MS, LockLease } from '../../../src/keycloak/write/lease.ts';
import { memoryIo } from '../../support/memory-io.ts';

function lease() {
  const io = memoryIo();
  const start = io.now();
  const held = new LockLease(io, io.elapsed());
  return { held, at: (ms: number) => io.setNow(start + ms), io };
}

describe('a lease of the lock', () => {
  it('lets writes through until a quarter of it is left, and none later', () => {
    const { held, at } = lease();
    for (const ms of [0, 20_000, LEASE_MS * 0.75]) {
      at(ms);
      expect(() => held.requireHeld()).not.toThrow();
    }
    at(LEASE_MS * 0.75 + 1);
    expect(() => held.requireHeld()).toThrow(/held up for 45 s, and its lock is good for 1 min/);
  });

  it('goes on from a renewal, but is never renewed when it is over', () => {
    const { held, at, io } = lease();
    at(40_000);
    held.renew(io.elapsed());
    at(80_000);
    expect(held.isHeld()).toBe(true);
    at(200_000);
    held.renew(io.elapsed());
    expect(held.isHeld()).toBe(false);
    expect(() => held.requireHeld()).toThrow(/Nothing more was written/);
  });

  it('is over at once where the lock is gone', () => {
    const { held } = lease();
    held.lose('The lock is gone');
    expect(() => held.requireHeld()).toThrow(/^The lock is gone: another run may edit/);
  });

  it('tells whether a write came after its end', () => {
    const { held, at } = lease();
    at(LEASE_MS);
    held.onWritten();
    expect(held.hasOverrun()).toBe(false);
    at(LEASE_MS + 1);
    held.onWritten();
    expect(held.hasOverrun()).toBe(true);
  });
});
