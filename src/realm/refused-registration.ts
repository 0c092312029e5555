import type { UserEvent } from './representations.ts';

/** Keycloak's stored reason for refusing a registration; texts are '' where it keeps none. */
export interface RefusedBy {
  /** The client registration policy, by its name in the realm. */
  policy: string;
  /** The objection of a client policy's executor, in Keycloak's words: no URI and no policy's name (26.7.4). */
  detail: string;
}

/**
 * The reason why a registration was refused, from its CLIENT_REGISTER_ERROR. Undefined for an event that shows nothing
 * more. Keycloak stores two events of a refusal by a client policy; the one with the error `not_allowed` comes last
 * (26.7.4).
 */
export function refusedBy({ error, details }: Pick<UserEvent, 'error' | 'details'>): RefusedBy | undefined {
  const detail = details.client_policy_error_detail ?? details.client_policy_error ?? '';
  if (detail !== '' && error !== 'not_allowed') return undefined;
  return { policy: details.client_registration_policy ?? '', detail };
}
