import { McpkcError } from '../../errors.ts';
import type { Client, ClientScope } from '../../realm/representations.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import { formatCommand } from '../../text.ts';
import type { Keycloak } from '../connection/connect.ts';
import { canAccountSee } from '../connection/own-roles.ts';
import { readClientsNamedLike } from './clients.ts';
import {
  readClientPolicies,
  readClientProfiles,
  readClientScopes,
  readRealmScopes,
  readRegistrationPolicies,
} from './read.ts';

/**
 * Reads the realm, side by side: six requests, and one for each client that is named or for all that begin alike.
 * `reading`: its client scopes, where they are on their way already.
 */
export async function readRealm(
  keycloak: Keycloak,
  clientIds: readonly string[] = [],
  reading: Promise<ClientScope[]> = readClientScopes(keycloak),
): Promise<RealmSnapshot> {
  const [scopes, lists, registrationPolicies, clientPolicies, clientProfiles, clients] = await Promise.all([
    reading,
    readRealmScopes(keycloak),
    readRegistrationPolicies(keycloak),
    readClientPolicies(keycloak),
    readClientProfiles(keycloak),
    readClientsNamedLike(keycloak, clientIds),
  ]);
  await requireShownScopes(keycloak, clients);
  return {
    realm: keycloak.realm,
    scopes,
    defaultScopes: lists.defaults,
    optionalScopes: lists.optionals,
    registrationPolicies,
    clientPolicies,
    clientProfiles,
    clients,
  };
}

/**
 * Throws ROLE_MISSING for a client that seems to hold no scope at all. Where the account may not view client scopes,
 * Keycloak leaves the lists empty (26.8.0), and a plan made by them would be wrong.
 */
async function requireShownScopes(keycloak: Keycloak, clients: readonly Client[]): Promise<void> {
  const bare = clients.find(
    ({ defaultClientScopes, optionalClientScopes }) =>
      defaultClientScopes.length === 0 && optionalClientScopes.length === 0,
  );
  if (bare === undefined || (await canAccountSee(keycloak, 'view-clients'))) return;
  const { account, roleClient } = keycloak.place;
  throw new McpkcError(
    'ROLE_MISSING',
    `The scopes of '${bare.clientId}' are not shown to the account '${account}': it lacks the role 'view-clients' of the client '${roleClient}'.`,
    `To grant what is missing, signing in once as an administrator:\n${formatCommand(['init', ['--server', keycloak.server], ['--realm', keycloak.realm]])}`,
    { details: { role: 'view-clients' } },
  );
}
