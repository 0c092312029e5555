import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectCli } from '../support/cli.ts';
import { expectRefresh, hardened, type Place, PRESET } from './hardened.ts';
import { recordedProducts } from './recording.ts';
import { replay } from './replay.ts';

describe('a hardened realm, for products whose redirect URIs are known', () => {
  let place: Place;

  beforeAll(async () => {
    place = await hardened(Object.values(PRESET));
  });
  afterAll(async () => {
    await place?.host.stop();
    await place?.realm.remove();
  });

  it.each(Object.keys(PRESET))('%s registers, signs in and refreshes', async (product) => {
    const result = await replay(product, { user: place.user }, place.host);
    if (!result.ok) expect.fail(JSON.stringify(result));
    expect(result.opens).toBe(true);
    await expectRefresh(place, result);
  });
});

describe('a hardened realm, for products at a host that was opened by name', () => {
  let place: Place;

  beforeAll(async () => {
    place = await hardened(['chatgpt']);
    await expectCli(0, ['trusted-hosts', '--add', 'localhost,127.0.0.1,github.com,claude.ai,opencode.ai'], {
      env: place.env,
    });
  });
  afterAll(async () => {
    await place?.host.stop();
    await place?.realm.remove();
  });

  it.each(recordedProducts())('%s registers, signs in and refreshes', async (product) => {
    const result = await replay(product, { user: place.user }, place.host);
    if (!result.ok) expect.fail(JSON.stringify(result));
    expect(result.opens).toBe(true);
    await expectRefresh(place, result);
  });
});
