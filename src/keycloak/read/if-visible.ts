import { McpkcError } from '../../errors.ts';

/** The result of a request; undefined where the account lacks the role for it. */
export async function ifVisible<T>(request: () => Promise<T>): Promise<T | undefined> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof McpkcError && error.code === 'ROLE_MISSING') return undefined;
    throw error;
  }
}
