import { defineConfig } from 'vitest/config';

/** Test files that need a Keycloak; the rest runs without one. */
const WITH_KEYCLOAK = ['test/{keycloak,connectors,validate,cli,edge,docs}/**/*.test.ts'];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ['default', ['json', { outputFile: 'test-results/report.json' }]],
    projects: [
      {
        extends: true,
        test: {
          name: 'plain',
          include: ['test/{unit,hosts,support}/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'keycloak',
          include: WITH_KEYCLOAK,
          globalSetup: ['test/support/build.ts', 'test/support/keycloak/global-setup.ts'],
        },
      },
    ],
  },
});
