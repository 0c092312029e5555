import type { Client } from './representations.ts';
import type { RealmSnapshot } from './snapshot.ts';
/** The realm's list that a scope is in. A client that is made without naming any scope gets those of both lists. */
export type RealmList = 'default' | 'optional' | 'none';

/** The one of the realm's two lists that a scope is in. */
export function realmListOf(snapshot: RealmSnapshot, scope: string): RealmList {
  if (snapshot.defaultScopes.includes(scope)) return 'default';
  return snapshot.optionalScopes.includes(scope) ? 'optional' : 'none';
}

/** The one of a client's two lists that a scope is in. */
export function heldAs(client: Client, scope: string): RealmList {
  if (client.defaultClientScopes.includes(scope)) return 'default';
  return client.optionalClientScopes.includes(scope) ? 'optional' : 'none';
}
