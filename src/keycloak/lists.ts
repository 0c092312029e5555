import { McpkcError } from '../errors.ts';
import type { Attempt } from './failures.ts';

/**
 * A list that Keycloak answered. Something else (a proxy's own JSON with status 200, an empty body) is KEYCLOAK_ERROR:
 * an empty list would be taken for a realm without anything in it.
 */
export function listOf<T>(answer: readonly T[], { what }: Attempt): T[] {
  if (Array.isArray(answer)) return answer;
  const message = `The answer is not Keycloak’s (to ${what}): no list, though the status says that all is well.`;
  throw new McpkcError(
    'KEYCLOAK_ERROR',
    message,
    'Is KC_SERVER a Keycloak, and what does a proxy in between answer?',
  );
}

/** `Promise.all`, `atOnce` at a time, in order. */
export async function mapSome<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += atOnce) {
    results.push(...(await Promise.all(items.slice(at, at + atOnce).map(work))));
  }
  return results;
}
