import { afterAll, beforeAll, describe, it } from 'vitest';
import { expectCli } from '../support/cli.ts';
import { expectConnected, hardened, leave, type Place, PRESET } from './hardened.ts';
import { recordedProducts } from './recording.ts';

describe('a hardened realm, for products whose redirect URIs are known', () => {
  let place: Place;

  beforeAll(async () => {
    place = await hardened(Object.values(PRESET));
  });
  afterAll(() => leave(place));

  it.each(Object.keys(PRESET))('%s registers, signs in and refreshes', (product) =>
    expectConnected(product, place),
  );
});

describe('a hardened realm, for products at a host that was opened by name', () => {
  let place: Place;

  beforeAll(async () => {
    place = await hardened(['chatgpt']);
    await expectCli(0, ['trusted-hosts', '--add', 'localhost,127.0.0.1,github.com,claude.ai,opencode.ai'], {
      env: place.env,
    });
  });
  afterAll(() => leave(place));

  it.each(recordedProducts())('%s registers, signs in and refreshes', (product) =>
    expectConnected(product, place),
  );
});
