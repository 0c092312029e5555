import type { RealmSnapshot } from '../../realm/snapshot.ts';
import type { Keycloak } from '../connection/connect.ts';
import { mapSome } from '../connection/lists.ts';
import { findClient } from './clients.ts';
import {
  readClientPolicies,
  readClientProfiles,
  readClientScopes,
  readRealmScopes,
  readRegistrationPolicies,
} from './read.ts';
/** Clients that are named can be many (--existing); this many are read at once. */
export const CLIENTS_AT_ONCE = 8;

/** Reads the realm, side by side: six requests and one for each client that is named. */
export async function readRealm(
  keycloak: Keycloak,
  clientIds: readonly string[] = [],
): Promise<RealmSnapshot> {
  const [scopes, lists, registrationPolicies, clientPolicies, clientProfiles, clients] = await Promise.all([
    readClientScopes(keycloak),
    readRealmScopes(keycloak),
    readRegistrationPolicies(keycloak),
    readClientPolicies(keycloak),
    readClientProfiles(keycloak),
    mapSome([...new Set(clientIds)], (clientId) => findClient(keycloak, clientId), CLIENTS_AT_ONCE),
  ]);
  return {
    realm: keycloak.realm,
    scopes,
    defaultScopes: lists.defaults,
    optionalScopes: lists.optionals,
    registrationPolicies,
    clientPolicies,
    clientProfiles,
    clients: clients.filter((client) => client !== undefined),
  };
}
