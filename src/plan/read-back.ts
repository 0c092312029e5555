import { McpkcError } from '../errors.ts';
import type { Plan } from './plan.ts';
import { changeName } from './text.ts';

/**
 * Reads again what a plan was for, and plans again: that plan must be empty, else CHANGE_NOT_KEPT (exit status 3).
 * Returns what was read. `edited`: the thing that somebody else edits then.
 */
export async function readBack<Facts>(
  edited: 'realm' | 'account',
  read: () => Promise<Facts>,
  planAgain: (now: Facts) => Plan,
): Promise<Facts> {
  const now = await read();
  const rest = planAgain(now);
  if (rest.length === 0) return now;
  throw new McpkcError(
    'CHANGE_NOT_KEPT',
    `Keycloak did not keep everything that was written: ${rest.map(changeName).join('; ')}.`,
    `Somebody else edits the ${edited} at the same time; run the command again.`,
  );
}
