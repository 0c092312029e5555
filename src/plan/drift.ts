import type { Keycloak } from '../keycloak/connection/connect.ts';
import { readLastWrites } from '../keycloak/read/admin-events.ts';
import { POLICY } from '../realm/representations.ts';
import { anonymousPolicies, type RealmSnapshot, scopeNamed } from '../realm/snapshot.ts';
import { brief, visible } from '../text.ts';
import type { RealmPlan } from './plan.ts';
import { changeName } from './text.ts';

/**
 * Names of those who last wrote the things that a plan would repair, a sentence each, where admin events tell. Only
 * existing things are named: a deleted one has no path any more. Reads nothing where nothing is to be repaired.
 */
export async function collectDriftNotes(
  keycloak: Keycloak,
  plan: RealmPlan,
  snapshot: RealmSnapshot,
): Promise<string[]> {
  const things = new Map<string, string>();
  for (const change of plan) {
    if (change.action === 'create') continue;
    const path = pathOf(change, snapshot);
    if (path !== undefined && !things.has(path)) things.set(path, changeName(change));
  }
  const writes = await readLastWrites(keycloak, [...things.keys()]);
  return writes.map(({ path, at, by, ipAddress }) => {
    const who = `${brief(by, 80) || 'somebody'}${ipAddress === '' ? '' : ` from ${visible(ipAddress)}`}`;
    return `Last written by ${who}, ${new Date(at).toISOString()}: what is to be repaired by ${things.get(path)}.`;
  });
}

/** Path of a thing in admin events, below the realm. */
function pathOf({ kind, key }: RealmPlan[number], snapshot: RealmSnapshot): string | undefined {
  const scope = (name: string) => {
    const id = scopeNamed(snapshot, name)?.id;
    return id && `client-scopes/${id}`;
  };
  const policy = (provider: string) => {
    const id = anonymousPolicies(snapshot, provider).find(({ name }) => name === key)?.id;
    return id && `components/${id}`;
  };
  switch (kind) {
    case 'client-scope':
    case 'scope-access':
      return scope(key);
    case 'audience-mapper':
      return scope(key.slice(0, key.indexOf('/')));
    case 'trusted-hosts':
      return policy(POLICY.trustedHosts);
    case 'allowed-scopes':
      return policy(POLICY.allowedScopes);
    case 'registration-origins':
      return policy(POLICY.webOrigins);
    case 'mapper-types':
      return policy(POLICY.allowedMappers);
    case 'client-policy':
      return 'client-policies';
    case 'client':
    case 'allowed-client': {
      const id = snapshot.clients.find(({ clientId }) => clientId === key)?.id;
      return id && `clients/${id}`;
    }
    default:
      return undefined;
  }
}
