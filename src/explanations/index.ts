import { CHECKS } from '../checks/index.ts';
import { type ErrorCode, EXIT_STATUS } from '../errors.ts';
import type { ExplainedCode, Explanation } from '../explanation.ts';
import { GROUPS } from '../findings/index.ts';
import { INPUT_ERRORS } from './errors-input.ts';
import { REFUSED } from './errors-refused.ts';
import { SERVER_ERRORS } from './errors-server.ts';

/** Findings of `status`, each explained beside its rule. */
const findings: ExplainedCode[] = GROUPS.flatMap(({ rules }) =>
  rules.map(({ code, severity, explanation }) => ({ code, kind: `finding (${severity})`, explanation })),
);

/** Errors, by exit status. */
const errors: ExplainedCode[] = [INPUT_ERRORS, SERVER_ERRORS, REFUSED].flatMap((room) =>
  (Object.entries(room) as [ErrorCode, Explanation][]).map(([code, explanation]) => ({
    code,
    kind: `error (exit status ${EXIT_STATUS[code]})`,
    explanation,
  })),
);

const sentence = (text: string) => (/[.!?)]$/.test(text) ? text : `${text}.`);

/** Checks of `validate`, each explained where it is defined. */
const checks: ExplainedCode[] = CHECKS.map(({ id, title, severity, spec, cause, fix }) => ({
  code: id,
  kind: `check (${severity})`,
  explanation: { what: sentence(title), cause: sentence(cause), fix: sentence(fix), sources: [spec] },
}));

/** Everything that `mcpkc explain` knows: each source of codes is a line here. */
export const EXPLAINED: readonly ExplainedCode[] = [...findings, ...errors, ...checks];
