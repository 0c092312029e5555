import type { Keycloak } from '../keycloak/connection/connect.ts';
import { mapSome } from '../keycloak/connection/lists.ts';
import { findClient } from '../keycloak/read/clients.ts';
import {
  readClientPolicies,
  readClientProfiles,
  readClientScopes,
  readRealmScopes,
  readRegistrationPolicies,
} from '../keycloak/read/read.ts';
import type {
  Client,
  ClientPolicy,
  ClientProfile,
  ClientScope,
  RegistrationPolicy,
} from './representations.ts';

/** What mcpkc decides by, read once at the start of a command. It never holds all clients of a realm. */
export interface RealmSnapshot {
  realm: string;
  scopes: ClientScope[];
  /** Names of the scopes that a client gets which is made without naming any. */
  defaultScopes: string[];
  optionalScopes: string[];
  registrationPolicies: RegistrationPolicy[];
  clientPolicies: ClientPolicy[];
  clientProfiles: ClientProfile[];
  /** The clients that the command names, as far as they are there. */
  clients: Client[];
}

/** Clients that are named can be many (--existing); this many are read at once. */
const CLIENTS_AT_ONCE = 8;

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

/** The client scope with this name. */
export function scopeNamed(snapshot: RealmSnapshot, name: string): ClientScope | undefined {
  return snapshot.scopes.find((scope) => scope.name === name);
}

/** The registration policies of one provider that anonymous registrations meet. */
export function anonymousPolicies(snapshot: RealmSnapshot, providerId: string): RegistrationPolicy[] {
  return snapshot.registrationPolicies.filter(
    (policy) => policy.providerId === providerId && policy.subType === 'anonymous',
  );
}
