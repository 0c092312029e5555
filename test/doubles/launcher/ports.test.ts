import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { freePort, isBlocked, isFree } from '../../../tools/keycloak/ports.ts';

describe('ports', () => {
  test('one that fetch blocks is not used', async () => {
    const offers = [5060, 6000, 10080, 40_001];
    expect(await freePort(async () => offers.shift() ?? 0)).toBe(40_001);
    await expect(freePort(async () => 5061)).rejects.toThrow('no port');
  });

  test('the list agrees with fetch', async () => {
    for (const port of [5060, 5061, 6000, 6667, 10080]) {
      expect(isBlocked(port)).toBe(true);
      await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toMatchObject({
        cause: { message: 'bad port' },
      });
    }
  });

  test('a free one is free, and a taken one is not', async () => {
    const port = await freePort();
    expect(await isFree(port)).toBe(true);
    const server = createServer().listen(port, '127.0.0.1');
    await new Promise((done) => server.once('listening', done));
    expect(await isFree(port)).toBe(false);
    server.close();
  });
});
