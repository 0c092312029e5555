// Reads the test runner's report and prints `N passed, N failed`; fails where no test ran or any test failed.
import { readFileSync } from 'node:fs';

let passed = 0;
let failed = 0;
try {
  const report = JSON.parse(readFileSync('test-results/report.json', 'utf8'));
  passed = report.numPassedTests;
  // A file that could not be loaded has no tests of its own: it counts as one failure.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((one) => one.status !== 'failed'),
  );
  failed = report.numFailedTests + broken.length;
} catch (error) {
  process.stderr.write(`There is no report of the test runner: ${error.message}\n`);
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = passed === 0 || failed > 0 ? 1 : 0;
