import type { Io } from '../cli/io.ts';
import type { Config } from '../config/load.ts';
import { connect, type Keycloak } from '../keycloak/connection/connect.ts';
import { allClients } from '../keycloak/read/clients.ts';
import { readRealm } from '../keycloak/read/realm.ts';
import { scopeWish } from '../plan/input.ts';
import { policyNames } from '../plan/policies.ts';
import { adoptedScopes } from '../plan/provisioned.ts';
import { isProbe } from '../products/dynamic.ts';
import { audiencesOf } from '../realm/audiences.ts';
import { realmListOf } from '../realm/lists.ts';
import { modeOf, scopeNameFor } from '../realm/mcp-scope.ts';
import { hostsOf } from '../realm/registration-policies.ts';
import { type Client, POLICY } from '../realm/representations.ts';
import { anonymousPolicies, type RealmSnapshot, scopeNamed } from '../realm/snapshot.ts';
import type { InsideFacts } from './evidence.ts';

/** The admin side of a run. */
export interface Inside {
  keycloak: Keycloak;
  snapshot: RealmSnapshot;
  facts: InsideFacts;
  /** The audience scope's id, where it is there. */
  scopeId: string | undefined;
  /** All clients that matter to a run, read once: probes, and those that were given the scope. */
  clients: Promise<Relevant>;
}

/** Of all clients of a realm, the few that a run looks at. */
export interface Relevant {
  probes: Client[];
  adopted: Client[];
}

/** Signs in and reads the realm; wrong credentials and missing roles end the run (exit status 4). */
export async function lookInside(config: Config, mcp: string, io: Io, signal: AbortSignal): Promise<Inside> {
  const keycloak = await connect(config, io, signal);
  const snapshot = await readRealm(keycloak);
  const scope = scopeNameFor(scopeWish(config, mcp, {}), snapshot);
  const found = scopeNamed(snapshot, scope);
  const hosts = anonymousPolicies(snapshot, POLICY.trustedHosts).map(hostsOf);
  const allowed = anonymousPolicies(snapshot, POLICY.allowedScopes);
  const facts: InsideFacts = {
    realm: keycloak.realm,
    mcp,
    scope,
    exists: found !== undefined,
    mode: found ? modeOf(found, snapshot) : 'windowed',
    list: realmListOf(snapshot, scope),
    audiences: found ? audiencesOf(found) : [],
    userlessRejected: snapshot.clientPolicies.some(
      ({ name, enabled }) => name === policyNames(scope).userless && enabled !== false,
    ),
    trustedHosts: hosts.flatMap((one) => one.hosts),
    allowedScopes: allowed.flatMap(({ config: one }) => one['allowed-client-scopes'] ?? []),
    allowDefaultScopes: allowed.every(({ config: one }) => one['allow-default-scopes']?.[0] !== 'false'),
    realmLists: [...snapshot.defaultScopes, ...snapshot.optionalScopes],
  };
  const clients = relevantClients(keycloak, scope);
  // Awaited by the step that needs it; a failure is that step's.
  clients.catch(() => {});
  return { keycloak, snapshot, facts, scopeId: found?.id, clients };
}

async function relevantClients(keycloak: Keycloak, scope: string): Promise<Relevant> {
  const relevant: Relevant = { probes: [], adopted: [] };
  for await (const page of allClients(keycloak)) {
    for (const client of page) {
      if (isProbe(client)) relevant.probes.push(client);
      else if (adoptedScopes(client).includes(scope) && client.defaultClientScopes.includes(scope)) {
        relevant.adopted.push(client);
      }
    }
  }
  return relevant;
}
