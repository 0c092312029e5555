import type { Answer, ShownCheck } from '../../checks/answer.ts';
import { markupText } from '../../text.ts';

/** The results as JUnit XML: a test case per check, its id as name; what is not run is an error, what is info never fails. */
export function junitXml({ mcp, checks, red }: Answer): string {
  const count = (outcome: ShownCheck['outcome']) =>
    checks.filter((check) => check.outcome === outcome && !isSkipped(check, red)).length;
  const skipped = checks.filter((check) => isSkipped(check, red)).length;
  const totals = `tests="${checks.length}" failures="${count('fail')}" errors="${count('not-run')}" skipped="${skipped}"`;
  const cases = checks.map((check) => caseXml(check, red)).join('\n');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${totals}>\n<testsuite name="mcpkc validate ${markupText(mcp)}" ${totals}>\n${cases}\n</testsuite>\n</testsuites>\n`;
}

/** What isn't red but didn't pass is told as skipped, since JUnit has no warnings; and what a failed check left not run. */
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
