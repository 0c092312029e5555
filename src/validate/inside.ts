import { isProbe } from '../clients/dynamic.ts';
import type { Config } from '../config/load.ts';
import type { Io } from '../io.ts';
import { allClients } from '../keycloak/clients.ts';
import { connect, type Keycloak } from '../keycloak/connect.ts';
import { type Client, POLICY } from '../keycloak/representations.ts';
import { anonymousPolicies, type RealmSnapshot, readRealm, scopeNamed } from '../keycloak/snapshot.ts';
import { scopeWish } from '../provision/input.ts';
import { policyNames } from '../provision/policies.ts';
import { adoptedScopes } from '../provision/provisioned.ts';
import { modeOf, scopeNameFor } from '../provision/scope-choice.ts';
import { audiencesOf } from '../resources/audience-mapper.ts';
import { realmListOf } from '../resources/default-scope.ts';
import { hostsOf } from '../resources/trusted-hosts.ts';
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
