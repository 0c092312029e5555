import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Test files that need a Keycloak. */
const WITH_KEYCLOAK = ['test/{keycloak,attacks,connectors,others,products,validate,cli,docs}/**/*.test.ts'];

/** What takes minutes or fetches something more (nginx): `npm run suite -- long`, not part of `npm test`. */
const LONG = [
  'test/cli/monitoring.test.ts',
  'test/products/verdicts.test.ts',
  'test/products/hardened-pieces.test.ts',
  'test/products/fastmcp-server.test.ts',
  'test/keycloak/asks.test.ts',
  'test/keycloak/create-scope-many.test.ts',
  'test/keycloak/screens-at-widths.test.ts',
  'test/keycloak/fleet-many.test.ts',
  'test/keycloak/fleet-ways.test.ts',
  'test/keycloak/left-probes.test.ts',
  'test/keycloak/left-policies.test.ts',
  'test/validate/made-beforehand.test.ts',
  'test/validate/page.test.ts',
  'test/validate/foreign-servers.test.ts',
  'test/validate/readme-path.test.ts',
  'test/validate/nginx.test.ts',
  'test/docs/access-recipes.test.ts',
  'test/docs/kubernetes.test.ts',
  'test/docs/help-examples.test.ts',
  'test/keycloak/access-moments.test.ts',
  'test/keycloak/access-people.test.ts',
  'test/keycloak/access-products.test.ts',
  'test/keycloak/connections.test.ts',
  'test/keycloak/connections-products.test.ts',
  'test/keycloak/company.test.ts',
  'test/validate/access.test.ts',
  'test/validate/registration-fronts.test.ts',
  'test/validate/proxies.test.ts',
  'test/keycloak/init-kcadm.test.ts',
  'test/keycloak/old-realms.test.ts',
  'test/keycloak/lock-suspended.test.ts',
  'test/keycloak/onboard-cost.test.ts',
  'test/keycloak/creation-times.test.ts',
  'test/keycloak/prune-killed.test.ts',
  'test/validate/more-broken-hosts.test.ts',
  'test/keycloak/status/server.test.ts',
  'test/keycloak/status/law.test.ts',
  'test/keycloak/status/executors.test.ts',
  'test/keycloak/status/roles.test.ts',
  'test/keycloak/onboard-kill.test.ts',
  'test/keycloak/create-scope-interrupted.test.ts',
  'test/keycloak/onboard-sdk.test.ts',
  'test/connectors/registration.test.ts',
  'test/validate/broken-realms.test.ts',
  'test/validate/killed.test.ts',
  'test/validate/neighbours.test.ts',
  'test/validate/truth.test.ts',
  'test/keycloak/prune-sources.test.ts',
  'test/keycloak/races.test.ts',
  'test/keycloak/hardening-proved.test.ts',
  'test/connectors/table.test.ts',
  'test/keycloak/faults-sample.test.ts',
  'test/keycloak/allow-documents.test.ts',
  'test/others/proof.test.ts',
  'test/others/resource-indicators.test.ts',
  'test/others/twelve.test.ts',
  'test/others/way-back.test.ts',
];

/** Real products, installed from their packages: `npm run test:allowed`. */
const ALLOWED = 'test/products/allowed/**/*.test.ts';

/** In the suite `export` every realm that a test staged is exported, and planned from its export. */
const setupFiles = process.env.MCPKC_EXPORT === undefined ? [] : ['test/support/keycloak/export-each.ts'];

const BUILT = 'test/support/build.ts';
const WITH_SERVER = [BUILT, 'test/support/keycloak/global-setup.ts'];

export default defineConfig({
  test: {
    // Files of a worker share its modules: read once, they take half of unit's time less (44 → 22 s of processor). No test
    // replaces a module, and what a test puts in place of a global it puts back itself.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Most of a test's time is Keycloak's, or a child process's: one worker more than there are cores keeps both busy.
    maxWorkers: Math.min(availableParallelism() + 1, 8),
    reporters: ['default', ['json', { outputFile: 'test-results/report.json' }]],
    projects: [
      // Without Java and Keycloak: mcpkc in this process, and the tables that the tests on a Keycloak run over.
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      // Without Java and Keycloak: the program as it is installed, on broken networks.
      {
        extends: true,
        test: { name: 'program', include: ['test/{edge,package}/**/*.test.ts'], globalSetup: [BUILT] },
      },
      // What the tests themselves stand on: MCP servers with faults, replayed products, the launcher of Keycloak.
      { extends: true, test: { name: 'doubles', include: ['test/doubles/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'keycloak',
          include: WITH_KEYCLOAK,
          exclude: [...LONG, ALLOWED],
          globalSetup: WITH_SERVER,
          setupFiles,
        },
      },
      { extends: true, test: { name: 'long', include: LONG, globalSetup: WITH_SERVER, setupFiles } },
    ],
  },
});
