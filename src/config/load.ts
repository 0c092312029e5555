import type { Io } from '../io.ts';
import type { Config } from './config.ts';

export type { Config } from './config.ts';
export { requireAccount, requireRealm } from './config.ts';

/** Reads flags, environment, env file and config file; throws CONFIG_INVALID with every problem at once. */
export async function loadConfig(_flags: Record<string, unknown>, _io: Io): Promise<Config> {
  throw new Error('not built yet');
}
