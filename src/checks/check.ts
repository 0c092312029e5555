import type { Evidence } from './evidence.ts';
import type { Exchange } from './exchange.ts';

/**
 * `must`: real clients break, or the specification says MUST. `should`: some clients break. `info`: worth knowing. One
 * id has one severity.
 */
export type Severity = 'must' | 'should' | 'info';

/** `blocked`: what the check needs failed or could not be had, which is red; `skipped`: the operator chose so. */
export type Outcome = 'pass' | 'fail' | 'blocked' | 'skipped';

/** What a check says of the evidence. */
export interface Judgement {
  outcome: Outcome;
  /** What was found, a sentence; may hold what outsiders wrote. */
  says: string;
  /** Why, and what mends it: instead of the check's general words, where the evidence tells more. */
  cause?: string;
  fix?: string;
  /** Passed, but an operator should read the sentence. */
  warning?: true;
  /** What was judged. */
  exchanges?: readonly (Exchange | undefined)[];
  /** Further facts for the document: no secrets, no foreign objects. */
  facts?: Record<string, unknown>;
}

/** One line of the playbook. It does no I/O: a step has probed, many checks judge. */
export interface Check {
  /** Stable: it stands in JSON, JUnit and the README. */
  id: string;
  title: string;
  severity: Severity;
  /** Checks that must pass (or be left out by the operator) for this one to mean anything; else it is blocked. */
  needs: readonly string[];
  /** Checks whose failure may leave nothing to judge: what this one works with is got there, or in another way. */
  mayNeed?: readonly string[];
  /** Where it is written. */
  spec: string;
  /** Why it usually fails, and what then mends it. */
  cause: string;
  fix: string;
  judge(evidence: Evidence): Judgement;
}

/** A check with its judgement. */
export interface CheckResult extends Judgement {
  check: Check;
  severity: Severity;
}

type Rest = Omit<Judgement, 'outcome' | 'says'>;

/** Passed. */
export const pass = (says: string, rest: Rest = {}): Judgement => ({ outcome: 'pass', says, ...rest });
/** Passed, with something to know. */
export const warn = (says: string, rest: Rest = {}): Judgement => ({
  outcome: 'pass',
  says,
  warning: true,
  ...rest,
});
/** Failed. */
export const fail = (says: string, rest: Rest = {}): Judgement => ({ outcome: 'fail', says, ...rest });
/** Could not be judged: `says` is the reason, `fix` the way out. */
export const blocked = (says: string, fix?: string, rest: Rest = {}): Judgement => ({
  outcome: 'blocked',
  says,
  ...(fix === undefined ? {} : { fix }),
  ...rest,
});
/** Left out: the operator's choice, or nothing that it applies to. */
export const skipped = (says: string, rest: Rest = {}): Judgement => ({ outcome: 'skipped', says, ...rest });

/** The group of a check, as `--only` and `--skip` take it: what stands before the first dash of its id. */
export function groupOf({ id }: Pick<Check, 'id'>): string {
  return id.slice(0, id.indexOf('-'));
}
