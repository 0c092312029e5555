import { afterAll, inject } from 'vitest';
import type {} from './global-setup.ts';
import { createRealm, type Realm } from './realm.ts';

/**
 * A realm for this test file on the run's server, removed after its last test. At the top of the file:
 * `const realm = await useRealm('create-scope');` In a `beforeAll` it works too, but there vitest ignores our `afterAll`,
 * so that the realm stays until the end of the run.
 */
export async function useRealm(purpose: string, settings: Record<string, unknown> = {}): Promise<Realm> {
  const server = inject('keycloak');
  const realm = await createRealm(server, `${purpose}-${server.run}`, settings);
  afterAll(() => realm.remove());
  return realm;
}
