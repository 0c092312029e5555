import { inject } from 'vitest';
import { isAtLeast } from '../../../src/keycloak/read/features.ts';
import type {} from './global-setup.ts';

/** Whether the run's server is of this release or a later one: `since(26, 7, 0)`. */
export function since(...release: [number, number, number]): boolean {
  return isAtLeast(inject('keycloak').version, release) === true;
}
