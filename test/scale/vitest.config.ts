import { defineConfig } from 'vitest/config';

/** What takes minutes, and so is no part of the ordinary run: 10,000 clients. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    name: 'scale',
    include: ['test/scale/**/*.test.ts'],
    globalSetup: 'test/support/keycloak/global-setup.ts',
    testTimeout: 2_700_000,
    hookTimeout: 2_700_000,
  },
});
