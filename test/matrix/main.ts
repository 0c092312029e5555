/* `npm run suite -- matrix`: the tests that need a Keycloak, against releases that mcpkc supports. */
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freeCores, paceOf } from './machine.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The first release with what mcpkc is built on, one between, and the newest that there is (2026-11). */
const VERSIONS = ['26.4.0', '26.5.6', '26.7.4'];

const USAGE = `npm run suite -- matrix [--versions 26.4.0,26.7.4] [<test file> …]

Runs the tests against each version, whose server is fetched through Maven when it is not there yet.
Workers and time-outs follow how many cores nobody else uses.
`;

/** What vitest's JSON report says of a run. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
  }[];
}

/** One version's outcome. */
interface Outcome {
  version: string;
  passed: number;
  failed: string[];
  skipped: number;
}

/** Where vitest.config.ts lets the report be written. */
const REPORT = join(ROOT, 'test-results/report.json');

async function runVitest(version: string, files: readonly string[]): Promise<void> {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const { workers, testTimeout, hookTimeout } = paceOf(await freeCores());
  process.stderr.write(`Keycloak ${version}: ${workers} workers, ${testTimeout / 1_000} s a test\n`);
  const pace = [`--maxWorkers=${workers}`, `--testTimeout=${testTimeout}`, `--hookTimeout=${hookTimeout}`];
  const args = [vitest, 'run', '--project', 'keycloak', ...pace, ...files];
  const { MCPKC_TEST_KEYCLOAK_URL: _foreign, KEYCLOAK_HOME: _home, ...env } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: { ...env, MCPKC_KEYCLOAK_VERSION: version },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('error', reject);
    // A red run is a result; what failed is in the report.
    child.on('close', () => resolve());
  });
}

function outcomeOf(version: string, file: string): Outcome {
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  const failed = report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const place = name.replace(ROOT, '');
    const tests = assertionResults.filter((one) => one.status === 'failed');
    if (tests.length === 0 && status === 'failed') return [`${place}: ${firstLine(message)}`];
    return tests.map(
      ({ fullName, failureMessages }) => `${place}: ${fullName}: ${firstLine(failureMessages[0] ?? '')}`,
    );
  });
  return { version, passed: report.numPassedTests, failed, skipped: report.numPendingTests };
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').slice(0, 200);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { versions: { type: 'string' }, help: { type: 'boolean' } },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const versions = values.versions?.split(',') ?? VERSIONS;
  const folder = join(ROOT, 'test-results');
  mkdirSync(folder, { recursive: true });
  const outcomes: Outcome[] = [];
  for (const version of versions) {
    const report = join(folder, `keycloak-${version}.json`);
    rmSync(REPORT, { force: true });
    await runVitest(version, positionals);
    copyFileSync(REPORT, report);
    outcomes.push(outcomeOf(version, report));
  }
  process.stdout.write('Keycloak      passed  failed  skipped\n');
  for (const { version, passed, failed, skipped } of outcomes) {
    const cells = [passed, failed.length, skipped].map((cell) => String(cell).padStart(8)).join('');
    process.stdout.write(`${version.padEnd(12)}${cells}\n`);
    for (const line of failed) process.stdout.write(`  ✗ ${line}\n`);
  }
  return outcomes.some(({ failed }) => failed.length > 0) ? 1 : 0;
}

process.exitCode = await main();
