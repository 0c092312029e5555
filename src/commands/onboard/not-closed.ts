import { McpkcError } from '../../errors.ts';
import type { WindowMark } from '../../realm/window-mark.ts';

import { formatCommand } from '../../text.ts';
import type { Run } from './run.ts';

/** What of closing a window comes next: the realm's list, the clients that inherited, the mark. */
export type Stage = 'list' | 'clients' | 'mark';

/** A window that could not be closed (WINDOW_NOT_CLOSED, exit status 3): what is left, and the command that mends it. */
export function notClosed(run: Run, mark: WindowMark, stage: Stage, error: unknown): McpkcError {
  const { scope, resource } = run;
  const reason = error instanceof Error ? error.message : String(error);
  const message = `The window for '${scope}' could not be closed: ${reason}\n${left(run, mark, stage)}`;
  const hint = `As soon as Keycloak answers:\n${formatCommand(['onboard', resource, '--close'])}`;
  return new McpkcError('WINDOW_NOT_CLOSED', message, hint, {
    cause: error,
    details: { scope, resource, left: stage, reason: error instanceof McpkcError ? error.code : 'BUG' },
  });
}

function left({ scope, resource }: Run, { before }: WindowMark, stage: Stage): string {
  if (stage === 'mark' || before === 'default') {
    return 'What is left is its mark on the scope; no client has anything that it should not have.';
  }
  const clients = `clients that registered meanwhile may still hold '${scope}'`;
  if (stage === 'clients')
    return `What is left: ${clients}. It is no longer given to those who register now.`;
  return `What is left: '${scope}' may be a realm default still, so that every client which registers can get the audience ${resource}; and ${clients}.`;
}
