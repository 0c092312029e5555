import { McpkcError } from '../../errors.ts';
import type { Keycloak } from '../connection/connect.ts';
import { statusOf } from '../connection/failures.ts';

/**
 * The number of times that an edit is begun anew: after a 500 from two writes at once, or after another edit in
 * between.
 */
const ROUNDS = 5;

/** Repeats an edit until a read-back shows it; two writes at once may also answer 500 `unknown_error` (26.7.3). */
export async function waitUntilKept(
  keycloak: Keycloak,
  what: string,
  edit: () => Promise<boolean>,
): Promise<void> {
  for (let round = 1; round <= ROUNDS; round++) {
    try {
      if (await edit()) return;
    } catch (error) {
      if (statusOf(error) !== 500 || round === ROUNDS) throw error;
    }
    await keycloak.waiting.sleep(100 * round, keycloak.waiting.signal);
  }
  const message = `${what} did not keep what was written: somebody else edits it at the same time.`;
  const fix = 'Run the command again when the other edit is done.';
  throw new McpkcError('CHANGE_NOT_KEPT', message, fix, { details: { notKept: what } });
}

/** The thing that an edit did not keep; undefined for another error. */
export function notKeptBy(error: unknown): string | undefined {
  if (!(error instanceof McpkcError) || error.code !== 'CHANGE_NOT_KEPT') return undefined;
  const { notKept } = (error.details ?? {}) as { notKept?: unknown };
  return typeof notKept === 'string' ? notKept : undefined;
}
