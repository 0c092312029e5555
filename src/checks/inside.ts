import type { Io } from '../cli/io.ts';
import type { Config } from '../config/load.ts';
import { connect, type Keycloak } from '../keycloak/connection/connect.ts';
import { readAccess } from '../keycloak/read/access.ts';
import { readAllClients } from '../keycloak/read/clients.ts';
import { readRealm } from '../keycloak/read/realm.ts';
import { readRecord } from '../keycloak/read/record.ts';
import { scopeWish } from '../plan/input.ts';
import { isProbe } from '../products/dynamic.ts';
import { audiencesOf } from '../realm/audiences.ts';
import { heldAs } from '../realm/lists.ts';
import { completeServer, mcpServerIn, scopeNames } from '../realm/mcp-server.ts';
import { formerPolicy, isUserlessRefused } from '../realm/own-policies.ts';
import type { RealmRecord } from '../realm/record.ts';
import { hostsOf, webOriginsOf } from '../realm/registration-policies.ts';
import { type Client, POLICY } from '../realm/representations.ts';
import { anonymousPolicies, type RealmSnapshot } from '../realm/snapshot.ts';
import type { InsideServer } from './evidence.ts';

/** The admin side of a run. */
export interface Inside {
  keycloak: Keycloak;
  snapshot: RealmSnapshot;
  server: InsideServer;
  /** The record of mcpkc in the realm: the clients that it made for products. */
  record: RealmRecord;
  /** The audience scope's id, where it is there. */
  scopeId: string | undefined;
  /** All clients that matter to a run, read once: probes, and those that were adopted. */
  clients: Promise<Relevant>;
}

/** The few clients of a realm that a run looks at. */
export interface Relevant {
  probes: Client[];
  adopted: Client[];
}

/** Signs in and reads the realm; wrong credentials and missing roles end the run (exit status 4). */
export async function lookInside(config: Config, mcp: string, io: Io, signal: AbortSignal): Promise<Inside> {
  const keycloak = await connect(config, io, signal);
  const [snapshot, record] = await Promise.all([readRealm(keycloak), readRecord(keycloak)]);
  snapshot.record = record;
  const found = mcpServerIn(snapshot, scopeWish(config, mcp, {}));
  snapshot.access = await readAccess(keycloak, snapshot, scopeNames(found));
  const { scope, carrier, carriers, mode, scopes } = found;
  const hosts = anonymousPolicies(snapshot, POLICY.trustedHosts).map(hostsOf);
  const allowed = anonymousPolicies(snapshot, POLICY.allowedScopes);
  const origins = anonymousPolicies(snapshot, POLICY.webOrigins);
  const server: InsideServer = {
    ...completeServer(found, snapshot),
    realm: keycloak.realm,
    audiences: scopes.carrier ? audiencesOf(scopes.carrier) : [],
    machinesRejected: snapshot.clientPolicies.some(
      (policy) =>
        policy.enabled !== false && formerPolicy(policy) !== undefined && isUserlessRefused(policy, scope),
    ),
    userlessRejected: snapshot.clientPolicies.some(
      (policy) =>
        policy.enabled !== false && [scope, ...carriers].some((one) => isUserlessRefused(policy, one)),
    ),
    trustedHosts: hosts.flatMap((one) => one.hosts),
    allowedScopes: allowed.flatMap(({ config: one }) => one['allowed-client-scopes'] ?? []),
    allowDefaultScopes: allowed.every(({ config: one }) => one['allow-default-scopes']?.[0] !== 'false'),
    realmLists: [...snapshot.defaultScopes, ...snapshot.optionalScopes],
    webOrigins: origins.length === 0 ? undefined : origins.flatMap(webOriginsOf),
  };
  const clients = relevantClients(keycloak, mode === 'adopted' ? carrier : undefined);
  // Awaited by the step that needs it; a failure is that step's.
  clients.catch(() => {});
  return { keycloak, snapshot, server, record, scopeId: scopes.carrier?.id, clients };
}

async function relevantClients(keycloak: Keycloak, scope: string | undefined): Promise<Relevant> {
  const relevant: Relevant = { probes: [], adopted: [] };
  for await (const page of readAllClients(keycloak)) {
    for (const client of page) {
      if (isProbe(client)) relevant.probes.push(client);
      else if (scope !== undefined && heldAs(client, scope) === 'default') relevant.adopted.push(client);
    }
  }
  return relevant;
}
