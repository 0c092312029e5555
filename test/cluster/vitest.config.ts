import { defineConfig } from 'vitest/config';

/** What needs a PostgreSQL and two nodes of Keycloak, and so is no part of the ordinary run. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    name: 'cluster',
    include: ['test/cluster/**/*.test.ts'],
    globalSetup: 'test/support/build.ts',
    testTimeout: 600_000,
    hookTimeout: 900_000,
  },
});
