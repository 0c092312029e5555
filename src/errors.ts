/**
 * Every failure that mcpkc can name: code → exit status. The statuses are those of the command line's contract
 * (docs/automation.md, "Exit statuses"); scripts branch on them, so a code never changes its status.
 */
export const EXIT_STATUS = {
  USAGE: 2,
  CONFIG_INVALID: 2,
  CONFIG_MISSING: 2,
  INPUT_INVALID: 2,
  REALM_NOT_FOUND: 2,
  WRONG_SERVER_PATH: 2,
  SCOPE_NOT_FOUND: 2,
  CLIENT_NOT_IN_REALM: 2,
  FILE_NOT_WRITTEN: 2,
  KEYCLOAK_UNREACHABLE: 3,
  KEYCLOAK_STARTING: 3,
  KEYCLOAK_ERROR: 3,
  KEYCLOAK_BUSY: 3,
  KEYCLOAK_TIMEOUT: 3,
  TLS_FAILED: 3,
  MCP_SERVER_UNREACHABLE: 3,
  PORT_BLOCKED: 3,
  CHANGE_NOT_KEPT: 3,
  NOT_WITHDRAWN: 3,
  WRONG_SECRET: 4,
  ACCOUNT_NOT_FOUND: 4,
  SERVICE_ACCOUNT_DISABLED: 4,
  ADMIN_LOGIN_FAILED: 4,
  ROLE_MISSING: 4,
  NOT_AUTHORISED: 4,
  CONSENT_NEEDED: 5,
  PLAIN_HTTP: 5,
  FOLDER_NOT_TRUSTED: 5,
  SCOPE_TAKEN: 5,
  SCOPE_IN_POLICY: 5,
  POLICIES_BROKEN: 5,
  MAPPER_REFUSED: 5,
  SECRET_MASKED: 4,
  SEVERAL_NEWCOMERS: 5,
  LOCK_HELD: 5,
  LOCK_LOST: 5,
  OLD_WINDOW: 5,
  LIMIT_EXCEEDED: 5,
  FILE_EXISTS: 5,
  REALM_PROTECTED: 5,
  CLIENT_ID_UNSAFE: 5,
  CLIENT_TAKEN: 5,
  ROLE_COMPOSITE: 5,
  POLICIES_PUT_BACK: 5,
  PROFILE_MISMATCH: 5,
  PLAN_MOVED: 5,
  NOTHING_ADOPTED: 6,
  BUG: 70,
  HUNG_UP: 129,
  INTERRUPTED: 130,
  TERMINATED: 143,
} as const;

/** The name of a failure; the key of the error table in docs/reference.md and of `mcpkc explain`. */
export type ErrorCode = keyof typeof EXIT_STATUS;

/**
 * A failure with a name. `message` shows what happened and why; `fix` shows what to do next, with the command where
 * there is one. Neither ever holds a secret. `details` is shown with `--json` and `--verbose`.
 */
export class McpkcError extends Error {
  readonly code: ErrorCode;
  readonly fix: string;
  readonly details: Record<string, unknown> | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    fix: string,
    options: { cause?: unknown; details?: Record<string, unknown> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'McpkcError';
    this.code = code;
    this.fix = fix;
    this.details = options.details;
  }

  /** The process's exit status for this failure. */
  get exitStatus(): number {
    return EXIT_STATUS[this.code];
  }
}

/** Shorthand for bad input: exit status 2, naming the option or key at fault. */
export function inputError(culprit: string, problem: string, fix: string): McpkcError {
  return new McpkcError('INPUT_INVALID', `${culprit}: ${problem}`, fix, { details: { culprit } });
}
