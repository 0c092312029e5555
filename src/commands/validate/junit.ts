import type { ShownCheck, ValidationAnswer } from '../../checks/answer.ts';
import { markupText } from '../../text.ts';

/** The beginning of a run, as ISO 8601, and its duration in milliseconds. */
export interface RunTime {
  at: string;
  ms: number;
}

/**
 * The results as JUnit XML: a test case per check, its id as name. A check that is not run is an error; one of severity
 * info never fails.
 */
export function junitXml({ mcp, checks, red }: ValidationAnswer, { at, ms }: RunTime): string {
  const count = (outcome: ShownCheck['outcome']) =>
    checks.filter((check) => check.outcome === outcome && !isSkipped(check, red)).length;
  const skipped = checks.filter((check) => isSkipped(check, red)).length;
  const totals = `tests="${checks.length}" failures="${count('fail')}" errors="${count('not-run')}" skipped="${skipped}" time="${ms / 1000}"`;
  const cases = checks.map((check) => caseXml(check, red)).join('\n');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${totals}>\n<testsuite name="mcpkc validate ${markupText(mcp)}" ${totals} timestamp="${at}">\n${cases}\n</testsuite>\n</testsuites>\n`;
}

/** A run that failed before there were results, as JUnit XML: one test case with an error, in place of an older run’s results. */
export function failedJunitXml(
  { code, message, fix }: { code: string; message: string; fix: string },
  { at, ms }: RunTime,
): string {
  const totals = `tests="1" failures="0" errors="1" skipped="0" time="${ms / 1000}"`;
  const error = `<error message="${markupText(message)}" type="${markupText(code)}">${markupText(`${message}\n${fix}`)}</error>`;
  const testcase = `<testcase classname="mcpkc" name="the run" time="${ms / 1000}">${error}</testcase>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${totals}>\n<testsuite name="mcpkc validate" ${totals} timestamp="${at}">\n${testcase}\n</testsuite>\n</testsuites>\n`;
}

/**
 * A check that isn't red but didn't pass is reported as skipped, since JUnit has no warnings. So is one that a failed
 * check left not run.
 */
function isSkipped({ outcome, id, culprit }: ShownCheck, red: readonly string[]): boolean {
  return outcome === 'skipped' || (outcome !== 'pass' && (culprit !== null || !red.includes(id)));
}

function caseXml(check: ShownCheck, red: readonly string[]): string {
  const { id, title, outcome, message, cause, fix, severity, evidence } = check;
  const seconds = evidence.exchanges.reduce((sum, { ms }) => sum + ms, 0) / 1000;
  const open = `<testcase classname="mcpkc.${markupText(id.slice(0, id.indexOf('-')))}" name="${markupText(`${id} ${title}`)}" time="${seconds}"`;
  if (outcome === 'pass') return `${open}/>`;
  const words = `${severity}: ${message}`;
  if (isSkipped(check, red)) return `${open}><skipped message="${markupText(words)}"/></testcase>`;
  const element = outcome === 'not-run' ? 'error' : 'failure';
  const body = [message, cause === null ? '' : `Cause: ${cause}`, fix === null ? '' : `Fix: ${fix}`]
    .filter((one) => one !== '')
    .join('\n');
  return `${open}><${element} message="${markupText(words)}">${markupText(body)}</${element}></testcase>`;
}
