import type { UserEvent } from './representations.ts';

/** What Keycloak stores of why it refused a registration; texts are '' where it keeps none. */
export interface RefusedBy {
  /** The client registration policy, by its name in the realm. */
  policy: string;
  /** What a client policy's executor objected to, in Keycloak's words: no URI and no policy's name (26.7.4). */
  detail: string;
}

/**
 * Why a registration was refused, from its CLIENT_REGISTER_ERROR. Undefined for an event that says nothing more: Keycloak
 * stores two of a refusal by a client policy, of which the one with the error `not_allowed` comes last (26.7.4).
 */
export function refusedBy({ error, details }: Pick<UserEvent, 'error' | 'details'>): RefusedBy | undefined {
  const detail = details.client_policy_error_detail ?? details.client_policy_error ?? '';
  if (detail !== '' && error !== 'not_allowed') return undefined;
  return { policy: details.client_registration_policy ?? '', detail };
}
