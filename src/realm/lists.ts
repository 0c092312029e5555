import type { Client } from './representations.ts';
import type { RealmSnapshot } from './snapshot.ts';
/** Which of the realm's two lists a scope is in: what a client gets that is made without naming any scope. */
export type RealmList = 'default' | 'optional' | 'none';

/** In which of the realm's two lists a scope is. */
export function realmListOf(snapshot: RealmSnapshot, scope: string): RealmList {
  if (snapshot.defaultScopes.includes(scope)) return 'default';
  return snapshot.optionalScopes.includes(scope) ? 'optional' : 'none';
}

/** As what a client holds a scope. */
export function heldAs(client: Client, scope: string): RealmList {
  if (client.defaultClientScopes.includes(scope)) return 'default';
  return client.optionalClientScopes.includes(scope) ? 'optional' : 'none';
}
