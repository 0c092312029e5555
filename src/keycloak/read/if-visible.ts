import { McpkcError } from '../../errors.ts';

/** The result of a reading; undefined where the account lacks the role for it. */
export async function ifVisible<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof McpkcError && error.code === 'ROLE_MISSING') return undefined;
    throw error;
  }
}
