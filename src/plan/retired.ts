import { McpkcError } from '../errors.ts';
import { parseResource, trustedHost } from '../names/resource-url.ts';
import { audienceScopeOf, isAudienceScope, resourceOf } from '../realm/mcp-scope.ts';
import { formerPolicy, OWN_POLICY, scopesNamedBy } from '../realm/own-policies.ts';
import { allowancesOf, type RealmRecord } from '../realm/record.ts';
import type { ClientPolicy } from '../realm/representations.ts';
import { type RealmSnapshot, scopeNamed } from '../realm/snapshot.ts';
import type { Desired, DesiredAllowed } from './desired.ts';
import { unhardened } from './unhardened.ts';

/** What a resource's retirement is made from. */
export interface Retirement {
  scope: string;
  resource: string;
  /** Hosts that some client product needs; they stay. */
  presetHosts: readonly string[];
  /** What was in the realm before mcpkc. */
  record: RealmRecord;
}

/**
 * A realm without the resource: policies that name its scopes go before them, hosts that other resources or products
 * use stay, clients lose the scopes with the scopes. Throws SCOPE_IN_POLICY where somebody else's client policy names it.
 */
export function retired(
  { scope, resource, presetHosts, record }: Retirement,
  snapshot: RealmSnapshot,
): Desired {
  const audience = audienceScopeOf(snapshot, scope)?.name;
  // The audience first: a run that was cut off finds the rest by the scope that is left.
  const both = [...(audience === undefined ? [] : [audience]), scope];
  const isOwn = (policy: ClientPolicy) =>
    policy.name === OWN_POLICY.userless || formerPolicy(policy)?.scope === scope;
  const foreign = snapshot.clientPolicies.filter(
    (policy) => !isOwn(policy) && scopesNamedBy(policy).some((one) => both.includes(one)),
  );
  if (foreign.length > 0) {
    const names = foreign.map(({ name }) => `'${name}'`).join(', ');
    const fix =
      'Take it out there (Realm settings, Client policies): once the scope is gone, no client policy of the realm could be edited.';
    throw new McpkcError(
      'SCOPE_IN_POLICY',
      `The client scope '${scope}' is named by the client policy ${names}.`,
      fix,
    );
  }
  const host = trustedHost(resource);
  const used = snapshot.scopes.some((one) => !both.includes(one.name) && hostOf(resourceOf(one)) === host);
  // Without the scope it is not ours to say whom the host is for; the scope goes last, so a broken run left it.
  const kept = used || presetHosts.includes(host) || !scopeNamed(snapshot, scope);
  // Without the scope it isn't known whether the realm was hardened for this server.
  const isLast =
    scopeNamed(snapshot, scope) !== undefined &&
    !snapshot.scopes.some((one) => !both.includes(one.name) && isAudienceScope(one));
  return {
    allowedClients: needless(resource, record, snapshot),
    // Deleting a scope takes it from every client.
    clientScopes: both.map((name) => ({ name, absent: true })),
    trustedHosts: { add: [], remove: kept ? [] : [host], createMissing: false },
    allowedScopes: { add: [], remove: both, defaults: false },
    userless: { add: [], remove: both },
    formerPolicies: { scope },
    ...(isLast ? unhardened(snapshot, record) : {}),
    defaultScopes: both.map((one) => ({ scope: one, list: 'none' as const })),
  };
}

/** Clients that mcpkc made for this resource and no other: nothing is left that they connect to. */
function needless(resource: string, record: RealmRecord, { clients }: RealmSnapshot): DesiredAllowed[] {
  return clients.flatMap((client): DesiredAllowed[] => {
    const all = allowancesOf(record, client);
    const [entry] = all;
    if (entry === undefined || all.some((one) => one.resource !== resource)) return [];
    const { id, clientId } = client;
    return [{ clientId, id, proof: entry.proof, absent: true, why: 'it was made for this resource alone' }];
  });
}

function hostOf(resource: string | undefined): string | undefined {
  const read = parseResource(resource ?? '');
  return 'value' in read ? trustedHost(read.value) : undefined;
}
