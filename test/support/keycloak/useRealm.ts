import { afterAll, inject } from 'vitest';
import type {} from './global-setup.ts';
import { createRealm, type Realm } from './realm.ts';

/**
 * A realm for this test file on the run's server, removed after its last test. At the top of the file:
 * `const realm = await useRealm('create-scope');`
 */
export async function useRealm(purpose: string, settings: Record<string, unknown> = {}): Promise<Realm> {
  const realm = await createRealm(inject('keycloak'), purpose, settings);
  afterAll(() => realm.remove());
  return realm;
}
