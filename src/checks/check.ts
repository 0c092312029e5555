import type { Evidence } from './evidence.ts';
import type { Exchange } from './exchange.ts';

/**
 * `must`: real clients break, or the specification has a MUST. `should`: some clients break. `info`: worth knowing. One
 * id has one severity.
 */
export type CheckSeverity = 'must' | 'should' | 'info';

/** `not-run`: what the check needs failed or could not be had; `skipped`: the operator chose so, or it doesn't apply. */
export type CheckOutcome = 'pass' | 'fail' | 'not-run' | 'skipped';

/** A check's judgement of the evidence. */
export interface Judgement {
  outcome: CheckOutcome;
  /** The finding, a sentence; may hold text that outsiders wrote. */
  message: string;
  /** The cause, and the fix: instead of the check's general words, where the evidence tells more. */
  cause?: string;
  fix?: string;
  /** Passed, but an operator should read the sentence. */
  warning?: true;
  /**
   * Not run without something that nobody has to have (an account, a bearer): no failure, unless the operator demands
   * it.
   */
  excused?: true;
  /** The check whose failure left nothing to judge. */
  culprit?: string;
  /** The exchanges that were judged. */
  exchanges?: readonly (Exchange | undefined)[];
  /** Further facts for the document: no secrets, no foreign objects. */
  facts?: Record<string, unknown>;
}

/** One line of the playbook. It does no I/O: a step has probed, many checks judge. */
export interface Check {
  /** Stable: it stands in JSON, JUnit and docs/reference.md. */
  id: string;
  title: string;
  severity: CheckSeverity;
  /** Checks that must pass for this one to mean anything, else it is not run; the operator may leave them out. */
  needs: readonly string[];
  /** Checks whose failure may leave nothing to judge: the input of this one comes from there, or in another way. */
  mayNeed?: readonly string[];
  /** The place of the specification where it is written. */
  spec: string;
  /** The usual cause of a failure, and its fix. */
  cause: string;
  fix: string;
  judge(evidence: Evidence): Judgement;
}

/** A check with its judgement. */
export interface CheckResult extends Judgement {
  check: Check;
  severity: CheckSeverity;
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

/** The subject of each group of checks, in the playbook’s order. */
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

/** The group of a check, as `--only` and `--skip` take it: the part of its id before the first dash. */
export function groupOf({ id }: Pick<Check, 'id'>): string {
  return id.slice(0, id.indexOf('-'));
}
