import type { Evidence } from './evidence.ts';
import type { Exchange } from './exchange.ts';

/**
 * `must`: real clients break, or the specification says MUST. `should`: some clients break. `info`: worth knowing. One
 * id has one severity.
 */
export type Severity = 'must' | 'should' | 'info';

/** `not-run`: what the check needs failed or could not be had; `skipped`: the operator chose so, or it doesn't apply. */
export type Outcome = 'pass' | 'fail' | 'not-run' | 'skipped';

/** What a check says of the evidence. */
export interface Judgement {
  outcome: Outcome;
  /** What was found, a sentence; may hold what outsiders wrote. */
  message: string;
  /** Why, and what fixes it: instead of the check's general words, where the evidence tells more. */
  cause?: string;
  fix?: string;
  /** Passed, but an operator should read the sentence. */
  warning?: true;
  /** Not run for want of what nobody has to have (an account, a bearer): no failure, unless the operator demands it. */
  excused?: true;
  /** The check whose failure left nothing to judge. */
  culprit?: string;
  /** What was judged. */
  exchanges?: readonly (Exchange | undefined)[];
  /** Further facts for the document: no secrets, no foreign objects. */
  facts?: Record<string, unknown>;
}

/** One line of the playbook. It does no I/O: a step has probed, many checks judge. */
export interface Check {
  /** Stable: it stands in JSON, JUnit and docs/reference.md. */
  id: string;
  title: string;
  severity: Severity;
  /** Checks that must pass (or be left out by the operator) for this one to mean anything; else it is not run. */
  needs: readonly string[];
  /** Checks whose failure may leave nothing to judge: what this one works with is got there, or in another way. */
  mayNeed?: readonly string[];
  /** Where it is written. */
  spec: string;
  /** Why it usually fails, and what then fixes it. */
  cause: string;
  fix: string;
  judge(evidence: Evidence): Judgement;
}

/** A check with its judgement. */
export interface CheckResult extends Judgement {
  check: Check;
  severity: Severity;
}

type Rest = Omit<Judgement, 'outcome' | 'message'>;

/** Passed. */
export const pass = (message: string, rest: Rest = {}): Judgement => ({ outcome: 'pass', message, ...rest });
/** Passed, with something to know. */
export const warn = (message: string, rest: Rest = {}): Judgement => ({
  outcome: 'pass',
  message,
  warning: true,
  ...rest,
});
/** Failed. */
export const fail = (message: string, rest: Rest = {}): Judgement => ({ outcome: 'fail', message, ...rest });
/** Could not be judged: `message` is the reason, `fix` the way out. */
export const notRun = (message: string, fix?: string, rest: Rest = {}): Judgement => ({
  outcome: 'not-run',
  message,
  ...(fix === undefined ? {} : { fix }),
  ...rest,
});
/** Left out: the operator's choice, or nothing that it applies to. */
export const skipped = (message: string, rest: Rest = {}): Judgement => ({
  outcome: 'skipped',
  message,
  ...rest,
});

/** What each group of checks is about, in the playbook’s order. */
export const GROUP_TITLES: Readonly<Record<string, string>> = {
  META: 'manifest and caches',
  CHAL: 'what the MCP server answers without a right token',
  PRM: 'protected resource metadata',
  ASM: 'authorization server metadata',
  CLIENT: 'the client made beforehand',
  REG: 'registration',
  AUTHZ: 'the authorization request',
  TOK: 'tokens',
  MCP: 'the MCP endpoint',
  LOG: 'Keycloak’s events',
};

/** The group of a check, as `--only` and `--skip` take it: what stands before the first dash of its id. */
export function groupOf({ id }: Pick<Check, 'id'>): string {
  return id.slice(0, id.indexOf('-'));
}
