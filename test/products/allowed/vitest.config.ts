import { defineConfig } from 'vitest/config';

/** Real products, installed from their packages: minutes, and the network of a package manager. */
export default defineConfig({
  test: {
    root: new URL('../../..', import.meta.url).pathname,
    name: 'allowed',
    include: ['test/products/allowed/**/*.test.ts'],
    testTimeout: 400_000,
    hookTimeout: 300_000,
  },
});
