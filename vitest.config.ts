import { defineConfig } from 'vitest/config';

/** Test files that need a Keycloak; the rest runs without one. */
const WITH_KEYCLOAK = ['test/{keycloak,attacks,connectors,products,validate,cli,edge,docs}/**/*.test.ts'];

/** What takes minutes or fetches something more (nginx): `npm run test:long`, not part of `npm test`. */
const LONG = [
  'test/validate/nginx.test.ts',
  'test/keycloak/init-kcadm.test.ts',
  'test/keycloak/onboard-cost.test.ts',
  'test/keycloak/prune-killed.test.ts',
  'test/keycloak/status/server.test.ts',
];

const SET_UP = ['test/support/build.ts', 'test/support/keycloak/global-setup.ts'];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Most of a test's time is Keycloak's: one worker more than a small machine has cores keeps both busy.
    maxWorkers: 3,
    reporters: ['default', ['json', { outputFile: 'test-results/report.json' }]],
    projects: [
      {
        extends: true,
        test: { name: 'plain', include: ['test/{unit,hosts,support}/**/*.test.ts'] },
      },
      {
        extends: true,
        test: { name: 'keycloak', include: WITH_KEYCLOAK, exclude: LONG, globalSetup: SET_UP },
      },
      {
        extends: true,
        test: { name: 'long', include: LONG, globalSetup: SET_UP },
      },
    ],
  },
});
