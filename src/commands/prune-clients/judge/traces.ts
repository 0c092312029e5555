import { type ClientFacts, grantAttributesOf } from '../../../products/dynamic.ts';
import type { TracedType } from './evidence.ts';

/** A grant whose use leaves neither a session for sure, nor a consent: only a stored event shows it, if anything. */
export interface LifeTrace {
  grant: string;
  /** The event type of its use; undefined where none is known. */
  event: TracedType | undefined;
}

/** Keycloak's event types (`EventType`, 26.0 to 26.7) for the grants that an attribute of the client turns on. */
const EVENT_OF: Readonly<Record<string, LifeTrace>> = {
  'oauth2.device.authorization.grant.enabled': {
    grant: 'the device grant',
    event: 'OAUTH2_DEVICE_CODE_TO_TOKEN',
  },
  'oidc.ciba.grant.enabled': { grant: 'the backchannel grant (CIBA)', event: 'AUTHREQID_TO_TOKEN' },
  'standard.token.exchange.enabled': { grant: 'token exchange', event: 'TOKEN_EXCHANGE' },
};

/**
 * The grants that a client may use beside signing in. The code flow, the implicit flow and the password grant are no
 * part of it: each leaves a LOGIN.
 */
export function tracesOf(client: ClientFacts): LifeTrace[] {
  const own = grantAttributesOf(client).map((name) =>
    Object.hasOwn(EVENT_OF, name) ? (EVENT_OF[name] as LifeTrace) : { grant: name, event: undefined },
  );
  return [
    ...(client.serviceAccountsEnabled === true
      ? [{ grant: 'client credentials', event: 'CLIENT_LOGIN' } as const]
      : []),
    ...(client.authorizationServicesEnabled === true
      ? [{ grant: 'authorization services', event: undefined }]
      : []),
    ...own,
  ];
}
