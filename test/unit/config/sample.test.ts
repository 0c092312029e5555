import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { CONFIG_KEYS, KEY_NAMES } from '../../../src/config/schema.ts';
import { customPresets } from '../../../src/products/custom.ts';
import { memoryIo } from '../../support/memory-io.ts';

const sample = readFileSync(new URL('../../../config.sample.json', import.meta.url), 'utf8');

it('config.sample.json is a configuration, without a warning', async () => {
  const config = await loadConfig(
    {},
    memoryIo({ files: { 'config.local.json': { text: sample, mode: 0o644 } } }),
  );
  expect(config).toMatchObject({
    realm: 'mcp',
    issuer: 'https://auth.example.com/auth/realms/mcp',
    transportUrl: 'https://mcp.example.com/mcp',
    audiences: { urls: ['https://mcp.example.com/mcp'], clients: ['legacy-client'] },
    warnings: [],
  });
  expect(config.clientSecret).toBeUndefined();
  expect(customPresets(config.presets).map(({ name }) => name)).toEqual(['my-client']);
});

it('config.sample.json holds every key, in the schema’s order, and no other', () => {
  const keys = Object.keys(JSON.parse(sample) as object).filter((key) => !/^(?:\/\/|\$schema$)/.test(key));
  expect(keys).toEqual(KEY_NAMES);
});

it('every key says what it is', () => {
  for (const { key, description, shape, secret, flag } of CONFIG_KEYS) {
    expect(description, key).toMatch(/^\S.+\S$/);
    expect(shape.description, key).toBe(description);
    if (secret) expect(flag, key).toBeUndefined();
  }
});
