import { describe, expect, it } from 'vitest';
import { tokenSource } from '../../../src/keycloak/connection/token.ts';

function fake(lifeMs: number) {
  let time = 0;
  let asked = 0;
  let failing = 0;
  const fetchToken = async () => {
    asked += 1;
    const number = asked;
    await new Promise((resolve) => setImmediate(resolve));
    if (failing > 0) {
      failing -= 1;
      throw new Error('no token');
    }
    return { value: `token-${number}`, renewAt: time + lifeMs };
  };
  return {
    source: tokenSource(fetchToken, () => time),
    asked: () => asked,
    pass: (ms: number) => {
      time += ms;
    },
    fail: (times: number) => {
      failing = times;
    },
  };
}

describe('tokenSource', () => {
  it('asks once for many at the same time', async () => {
    const { source, asked } = fake(1000);
    const tokens = await Promise.all(Array.from({ length: 10 }, () => source.getAccessToken()));
    expect(new Set(tokens)).toEqual(new Set(['token-1']));
    expect(asked()).toBe(1);
  });

  it('asks again when the time is up, once for all', async () => {
    const { source, asked, pass } = fake(1000);
    await source.getAccessToken();
    pass(999);
    expect(await source.getAccessToken()).toBe('token-1');
    pass(1);
    const tokens = await Promise.all([source.getAccessToken(), source.getAccessToken()]);
    expect(tokens).toEqual(['token-2', 'token-2']);
    expect(asked()).toBe(2);
  });

  it('asks again after a failure, and gives the failure to all who waited', async () => {
    const { source, fail } = fake(1000);
    fail(1);
    const both = await Promise.allSettled([source.getAccessToken(), source.getAccessToken()]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await source.getAccessToken()).toBe('token-2');
  });

  it('asks again when told to', async () => {
    const { source } = fake(1000);
    await source.getAccessToken();
    source.renew();
    expect(await source.getAccessToken()).toBe('token-2');
  });

  it('a failure of an old request doesn’t throw a newer token away', async () => {
    const { source, fail, asked } = fake(1000);
    fail(1);
    const old = source.getAccessToken().catch(() => 'failed');
    source.renew();
    expect(await source.getAccessToken()).toBe('token-2');
    expect(await old).toBe('failed');
    expect(await source.getAccessToken()).toBe('token-2');
    expect(asked()).toBe(2);
  });
});
