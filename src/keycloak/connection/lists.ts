import { McpkcError } from '../../errors.ts';
import type { Attempt } from './failures.ts';

/**
 * A list that Keycloak answered. Anything else (a proxy's own JSON with status 200, an empty body) is KEYCLOAK_ERROR.
 * An empty list would be taken for a realm without anything in it.
 */
export function listOf<T>(answer: readonly T[], { what }: Attempt): T[] {
  if (Array.isArray(answer)) return answer;
  const message = `The answer is not Keycloak’s (to ${what}): no list, though the status is one of success.`;
  throw new McpkcError(
    'KEYCLOAK_ERROR',
    message,
    'Is KC_SERVER a Keycloak, and what does a proxy in between answer?',
  );
}

/** Requests that are sent side by side; more make Keycloak no quicker. */
const AT_ONCE = 4;

/**
 * Works on a list, four at a time unless set. After a failure nothing more is begun; work that was on its way ends
 * first. Returns the results in the list's order, and the first failure.
 */
export async function trySome<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  atOnce = AT_ONCE,
): Promise<{ results: R[]; failure: unknown }> {
  const done: { at: number; result: R }[] = [];
  let failure: unknown;
  const left = items.entries();
  const worker = async () => {
    for (const [at, item] of left) {
      try {
        done.push({ at, result: await work(item) });
      } catch (error) {
        failure ??= error;
      }
      if (failure !== undefined) return;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { results: done.sort((a, b) => a.at - b.at).map(({ result }) => result), failure };
}

/** `Promise.all`, four at a time unless set; results stand as their items do. */
export async function mapSome<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  atOnce = AT_ONCE,
): Promise<R[]> {
  const { results, failure } = await trySome(items, work, atOnce);
  if (failure !== undefined) throw failure;
  return results;
}
