import { PAIRWISE_MAPPER } from '../realm/registration-policies.ts';
import type { Desired } from './desired.ts';

/** What is part of everything that opens registration, so that a realm is left harder than it was found. */
export function hardened(): Pick<Desired, 'mapperTypes'> {
  return { mapperTypes: { only: [PAIRWISE_MAPPER] } };
}
