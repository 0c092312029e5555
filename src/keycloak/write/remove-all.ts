import type { DesiredAccount } from '../../plan/account/desired.ts';
import type { Change, RemovalKind, Writer, Writers } from '../../plan/plan.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import type { Keycloak } from '../connection/connect.ts';
import { statusOf } from '../connection/failures.ts';
import type { AccountRealms } from '../read/account.ts';
import { removeRecord } from './record.ts';
import { accountWriter } from './write-account.ts';
import { writeClientPolicy } from './write-client-policies.ts';
import { deleteClient, writeClient } from './write-clients.ts';
import {
  writeAllowedScopes,
  writeMapperTypes,
  writeRegistrationOrigins,
  writeTrustedHosts,
} from './write-policies.ts';
import { ScopeIds, writeAudienceMapper, writeClientScope, writeDefaultScope } from './write-scopes.ts';

/** Writes one change of a removal, with an administrator's rights. */
export function removalWriter(
  realms: AccountRealms,
  desired: DesiredAccount,
  snapshot: RealmSnapshot,
  accountId: string | undefined,
): Writer<RemovalKind> {
  const { home, target } = realms;
  const ids = new ScopeIds(target, snapshot.scopes);
  const ofAccount = accountWriter(realms, desired, accountId);
  const writes: Writers<RemovalKind> = {
    'client-policy': (change) => writeClientPolicy(target, change),
    'mapper-types': (change) => writeMapperTypes(target, change),
    'registration-origins': (change) => writeRegistrationOrigins(target, change),
    'trusted-hosts': (change) => writeTrustedHosts(target, change),
    'allowed-scopes': (change) => writeAllowedScopes(target, change),
    'resource-client': (change) => removeClient(target, change),
    client: (change) => removeFromClient(target, change),
    'client-scope': (change) => writeClientScope(target, ids, change),
    'audience-mapper': (change) => writeAudienceMapper(target, ids, change),
    'default-scope': (change) => writeDefaultScope(target, ids, change),
    'realm-role': (change) => deleteRole(target, change),
    record: () => removeRecord(target),
    'account-role': ofAccount,
    'service-account': (change) => removeClient(home, change),
  };
  return <Name extends RemovalKind>(change: Change<Name>) => {
    const kind: Name = change.kind;
    return writes[kind](change);
  };
}

async function removeClient(
  keycloak: Keycloak,
  { key, before }: Change<'client' | 'service-account' | 'resource-client'>,
): Promise<void> {
  await deleteClient(keycloak, { id: String(before?.id), clientId: key });
}

async function removeFromClient(keycloak: Keycloak, change: Change<'client'>): Promise<void> {
  await (change.action === 'delete' ? removeClient(keycloak, change) : writeClient(keycloak, change));
}

async function deleteRole(keycloak: Keycloak, { key: name }: Change<'realm-role'>): Promise<void> {
  const what = { what: `delete the realm role '${name}'`, role: 'manage-realm' } as const;
  try {
    await keycloak.replace(what, (admin) => admin.roles.delByName({ name }));
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
  }
}
