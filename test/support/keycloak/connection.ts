import { loadConfig } from '../../../src/config/load.ts';
import { connect, type Keycloak } from '../../../src/keycloak/connection/connect.ts';
import type { Account } from '../cli.ts';
import { memoryIo } from '../memory-io.ts';

/** Signs in as the product does, for tests of what talks to Keycloak. */
export async function connected({ env }: Pick<Account, 'env'>): Promise<Keycloak> {
  const io = memoryIo({ env, now: Date.now() });
  Object.assign(io, {
    now: () => Date.now(),
    sleep: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  return connect(await loadConfig({}, io), io, new AbortController().signal);
}
