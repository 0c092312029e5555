/** `npm run suite -- <name> […]`: the long suites, each with its own Keycloak; ends with 0 or with what is wrong. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A long suite: what Node runs, and minutes on two cores with nothing beside. */
export interface Suite {
  what: string;
  minutes: number;
  command: readonly string[];
  env?: Readonly<Record<string, string>>;
}

const vitest = ['node_modules/vitest/vitest.mjs', 'run'];

export const SUITES: Readonly<Record<string, Suite>> = {
  faults: {
    what: 'every command × each of its requests × every fault, and the same command again; --only <text>',
    minutes: 40,
    command: ['test/faults/main.ts'],
  },
  kill: {
    what: 'onboard killed, interrupted and cut off at each of its requests; MCPKC_KILL_PART=1/4 the first of four parts, which can run side by side on one Keycloak',
    minutes: 50,
    command: [...vitest, 'test/keycloak/onboard-kill.test.ts'],
    env: { MCPKC_KILL_EVERY: '1' },
  },
  races: {
    what: 'ten processes edit one list, twenty times',
    minutes: 2,
    command: [...vitest, 'test/keycloak/lock.test.ts'],
    env: { MCPKC_RACE_ROUNDS: '20' },
  },
  scale: {
    what: '10,000 clients, 6,000 of them orphans; killed in the middle, and again',
    minutes: 5,
    command: [...vitest, '--config', 'test/scale/vitest.config.ts'],
  },
  cluster: {
    what: 'create-scope, onboard and prune-clients against two nodes on one PostgreSQL by turns, and one of them dies; needs the Debian package postgresql; MCPKC_CLUSTER=docs/cluster.json writes the table of docs/compatibility.md',
    minutes: 7,
    command: [...vitest, '--config', 'test/cluster/vitest.config.ts'],
  },
  products: {
    what: 'the newest client products, whole flows, compared with their recordings; codex opencode runs two of them, --replay codex holds replay and product against each other, --verdict codex verdict and product',
    minutes: 15,
    command: ['test/products/real/main.ts'],
  },
  verdicts: {
    what: 'verdict against replay, 14 products in 28 situations; MCPKC_VERDICTS=docs/verdicts.json writes the table of docs/compatibility.md',
    minutes: 10,
    command: [...vitest, '--project', 'long', 'test/products/verdicts.test.ts'],
  },
  export: {
    what: 'every realm that a test stages is exported, after the test and before it is removed: a plan on the file is empty, and a new realm that it makes is exported as the same file; takes test files',
    minutes: 60,
    command: [...vitest, '--project', 'keycloak', '--project', 'long'],
    env: { MCPKC_EXPORT: '1' },
  },
  long: {
    what: 'what takes minutes or fetches something more: the law of status, every connector, every fault of MCP servers and realms, kills, races, the fault sample, nginx, a company’s set-up (needs the Debian package postgresql), kcadm lines, realms of 0.1.0',
    minutes: 6,
    command: [...vitest, '--project', 'long'],
  },
  monitoring: {
    what: 'metrics, alert rules and baselines on a real realm, with Prometheus, promtool and node_exporter (Debian packages prometheus, prometheus-node-exporter); part of long',
    minutes: 2,
    command: [...vitest, '--project', 'long', 'test/cli/monitoring.test.ts'],
  },
  executable: {
    what: 'mcpkc as one Linux executable does the demo’s main job in a chroot with its shared libraries alone; takes root',
    minutes: 2,
    command: ['test/executable/main.ts'],
  },
  matrix: {
    what: 'all tests that need a Keycloak, on every supported release; --versions 26.4.0 <test file>',
    minutes: 25,
    command: ['test/matrix/main.ts'],
  },
  bench: {
    what: 'the whole benchmark, up to 50,000 clients; --quick in small realms (2 minutes), --write writes docs/benchmarks.md, --only <row>',
    minutes: 25,
    command: ['bench/main.ts'],
  },
};

/** The suites as a list for people. */
export function suitesText(): string {
  const lines = Object.entries(SUITES).map(
    ([name, { what, minutes }]) => `  ${name.padEnd(9)} ${String(minutes).padStart(2)} min  ${what}`,
  );
  return `npm run suite -- <name> [its options]\n\n${lines.join('\n')}\n`;
}

function main([name, ...options]: readonly string[]): number {
  const suite = SUITES[name ?? ''];
  if (suite === undefined) {
    process.stderr.write(suitesText());
    return 2;
  }
  const { status } = spawnSync(process.execPath, [...suite.command, ...options], {
    cwd: join(import.meta.dirname, '..'),
    stdio: 'inherit',
    env: { ...process.env, ...suite.env },
  });
  return status ?? 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  process.exitCode = main(process.argv.slice(2));
