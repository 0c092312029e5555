import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Keycloak } from '../../../src/keycloak/connection/connect.ts';
import { PAGE, readAllClients } from '../../../src/keycloak/read/clients.ts';

/** A realm's clients in Keycloak's order, and what happens to them before a page is read. */
function realmWith(count: number, before: (ids: string[], read: number) => void = () => {}) {
  const ids = Array.from({ length: count }, (_, index) => `c${String(index).padStart(6, '0')}`);
  let reads = 0;
  const find = async ({ first, max }: { first: number; max: number }) => {
    before(ids, reads);
    reads += 1;
    return ids.slice(first, first + max).map((id) => ({ id, clientId: id }));
  };
  const admin = { clients: { find } };
  const keycloak = { read: (_attempt: unknown, send: (it: typeof admin) => unknown) => send(admin) };
  return { keycloak: keycloak as unknown as Keycloak, ids, reads: () => reads };
}

async function read(keycloak: Keycloak): Promise<string[]> {
  const seen: string[] = [];
  for await (const page of readAllClients(keycloak)) seen.push(...page.map(({ id }) => id));
  return seen;
}

describe('allClients', () => {
  it.each([0, 1, 99, 100, 101, 198, 199, 200, 495, 496, 497, 1000, 2345])(
    'gives each of %i clients once',
    async (count) => {
      const { keycloak, ids } = realmWith(count);
      const seen = await read(keycloak);
      expect(seen.toSorted()).toEqual(ids);
    },
  );

  it('reads a small realm in one request', async () => {
    const { keycloak, reads } = realmWith(PAGE - 1);
    await read(keycloak);
    expect(reads()).toBe(1);
  });

  it('reads no more pages than it must where nothing moves', async () => {
    const { keycloak, reads } = realmWith(1000);
    await read(keycloak);
    expect(reads()).toBeLessThanOrEqual(13);
  });

  it('skips nobody who stays, though others go and come between any two pages', async () => {
    const moves = fc.array(
      fc.record({
        at: fc.integer({ min: 0, max: 25 }),
        go: fc.integer({ min: 0, max: 350 }),
        from: fc.double({ min: 0, max: 1, noNaN: true }),
        come: fc.integer({ min: 0, max: 150 }),
      }),
      { maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1500 }), moves, async (count, list) => {
        const gone = new Set<string>();
        const { keycloak, ids } = realmWith(count, (now, reading) => {
          for (const { at, go, from, come } of list.filter((move) => move.at === reading)) {
            const start = Math.floor(from * now.length);
            for (const id of now.splice(start, go)) gone.add(id);
            for (let index = 0; index < come; index += 1)
              now.push(`n${at}-${index}-${Math.floor(from * 1e6)}`);
            now.sort();
          }
        });
        const stayed = [...ids];
        const seen = await read(keycloak);
        expect(new Set(seen).size).toBe(seen.length);
        const missed = stayed.filter((id) => !gone.has(id) && !seen.includes(id));
        expect(missed).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('an answer that is no list is no empty realm', async () => {
    const admin = { clients: { find: async () => ({ error: 'maintenance' }) } };
    const keycloak = { read: (_attempt: unknown, send: (it: typeof admin) => unknown) => send(admin) };
    await expect(read(keycloak as unknown as Keycloak)).rejects.toMatchObject({ code: 'KEYCLOAK_ERROR' });
  });
});
