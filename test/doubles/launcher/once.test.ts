import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fillOnce } from '../../../tools/keycloak/once.ts';
import { scratch } from './fakes.ts';

let folder: string;
let remove: () => void;

beforeEach(() => {
  ({ folder, remove } = scratch());
});
afterEach(() => remove());

describe('filling a folder once', () => {
  /** A sign of life may be late by a second, as it may on a busy machine. */
  const pace = { heartbeat: 20, stale: 1_000, poll: 10 };

  test('a killed run holds nobody up', async () => {
    const target = join(folder, 'target');
    writeFileSync(`${target}.lock`, '');
    utimesSync(`${target}.lock`, new Date(0), new Date(0));
    await fillOnce(target, async (to) => writeFileSync(join(to, 'a'), ''), undefined, pace);
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['target']));
    expect(existsSync(`${target}.lock`)).toBe(false);
  });

  test('a slow run keeps its lock', async () => {
    const target = join(folder, 'target');
    let fills = 0;
    const fill = async () => {
      fills++;
      await new Promise((done) => setTimeout(done, 2 * pace.stale));
    };
    await Promise.all([fillOnce(target, fill, undefined, pace), fillOnce(target, fill, undefined, pace)]);
    expect(fills).toBe(1);
  });

  test('when the first fails, the next one tries', async () => {
    const target = join(folder, 'target');
    let second: Promise<void> | undefined;
    const first = fillOnce(
      target,
      async () => {
        await new Promise<void>((waiting) => {
          second = fillOnce(target, async () => {}, waiting, pace);
        });
        throw new Error('broken');
      },
      undefined,
      pace,
    );
    await expect(first).rejects.toThrow('broken');
    await second;
    expect(existsSync(target)).toBe(true);
  });
});
