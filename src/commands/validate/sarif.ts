import type { ShownCheck, ValidationAnswer } from '../../checks/answer.ts';
import { CHECKS } from '../../checks/index.ts';
import type { SarifLevel, SarifRun } from '../../cli/sarif.ts';
import { formatCommand } from '../../text.ts';

const LEVEL: Readonly<Record<ShownCheck['severity'], SarifLevel>> = {
  must: 'error',
  should: 'warning',
  info: 'note',
};

/** The checks that failed, and those that are red since they could not be run, as SARIF. */
export function validateSarif(
  { mcp, checks, red, exitStatus }: ValidationAnswer,
  file: string | undefined,
): SarifRun {
  return {
    command: 'validate',
    about: [mcp],
    exitStatus,
    file,
    rules: CHECKS.map(({ id, title, severity, cause, fix, spec }) => ({
      id,
      title,
      level: LEVEL[severity],
      what: title,
      cause,
      fix,
      sources: [spec],
    })),
    // Checks that were not run for another check's failure are reported there.
    results: checks
      .filter(
        ({ id, outcome, culprit }) =>
          outcome === 'fail' || (outcome === 'not-run' && culprit === null && red.includes(id)),
      )
      .map(({ id, severity, message, fix, outcome }) => ({
        rule: id,
        level: LEVEL[severity],
        subject: mcp,
        message: outcome === 'not-run' ? `Not run: ${message}` : message,
        fix: fix ?? formatCommand(['explain', id]),
      })),
  };
}
