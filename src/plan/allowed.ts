import type { Config } from '../config/config.ts';
import type { Keycloak } from '../keycloak/connection/connect.ts';
import { readSessionStats } from '../keycloak/read/sessions.ts';
import { presetOf } from '../products/dynamic.ts';
import type { NamedServer } from '../realm/mcp-server.ts';
import { PKCE_ATTRIBUTE, PKCE_METHOD } from '../realm/own-policies.ts';
import type { Allowed, RealmRecord } from '../realm/record.ts';
import { allowancesOf, clientKeyOf } from '../realm/record.ts';
import type { Client } from '../realm/representations.ts';
import type { RealmSnapshot } from '../realm/snapshot.ts';
import { CIMD_ATTRIBUTE, PINNED_UNTIL, plainScopes } from '../realm/ways.ts';
import { count, formatCommand, typedName } from '../text.ts';
import type { AllowTarget } from './allow-targets.ts';
import type { Assignment, Desired, DesiredAllowed } from './desired.ts';
import { NOT_HARDENED } from './hardening.ts';
import { knownPresets } from './input.ts';
import { describeClient } from './named.ts';
import type { Reservation } from './plan.ts';
import { provision } from './provisioned.ts';

/** Facts that clients for products are planned by: the wanted server, and the realm as it is. */
export interface ServerToAllow extends NamedServer {
  /** Whether the resource's scopes are still to be made. */
  isNew: boolean;
  snapshot: RealmSnapshot;
  record: RealmRecord;
}

/** The moment and author of an entry. */
export interface AllowStamp {
  /** ISO 8601, UTC, by the server's clock. */
  since: string;
  by: string;
}

/**
 * The entry of a target: the one that proves the client that is there, else a new one. `planned`: entries that the same plan
 * makes for other servers: a product's document is one client for all of them.
 */
export function allowedEntry(
  mcpServer: ServerToAllow,
  target: AllowTarget,
  stamp: AllowStamp,
  planned: readonly Allowed[] = [],
): Allowed {
  const { snapshot, record, resource, carrier } = mcpServer;
  const found = snapshot.clients.find(({ clientId }) => clientId === target.clientId);
  const proved = found ? allowancesOf(record, found) : [];
  const there =
    proved.length > 0 ? proved : planned.filter(({ client }) => client.clientId === target.clientId);
  const same = there.find((one) => one.resource === resource);
  const id = there[0]?.client.id ?? crypto.randomUUID();
  const { clientId, way, preset } = target;
  const products = [...new Set([...(same?.products ?? []), ...(preset ? [preset.name] : [])])];
  return {
    kind: 'allowed',
    client: { id, clientId },
    key: clientKeyOf(clientOf(mcpServer, target, id)),
    proof: there[0]?.proof ?? crypto.randomUUID(),
    way,
    products,
    resource,
    scope: carrier,
    madeScopes: same?.madeScopes ?? madeScopes(mcpServer),
    since: same?.since ?? stamp.since,
    by: same?.by ?? stamp.by,
  };
}

/** Whether the resource's scopes are there for such clients alone. */
function madeScopes({ isNew, ways }: ServerToAllow): boolean {
  return isNew || ways?.made.some((one) => one.madeScopes) === true;
}

/** The client as Keycloak is to have it. */
function clientOf({ snapshot }: ServerToAllow, target: AllowTarget, id: string): Client {
  const { clientId, name, way, secret, redirectUris, requestedScopes, preset } = target;
  const scopes = plainScopes(snapshot, requestedScopes);
  return {
    id,
    clientId,
    name,
    description: `Made by mcpkc for a product, by ${way}; the next mcpkc allow undoes what is changed here.`,
    protocol: 'openid-connect',
    enabled: true,
    publicClient: secret === 'none',
    bearerOnly: false,
    standardFlowEnabled: true,
    implicitFlowEnabled: false,
    directAccessGrantsEnabled: false,
    serviceAccountsEnabled: false,
    consentRequired: true,
    fullScopeAllowed: false,
    redirectUris,
    attributes: {
      [PKCE_ATTRIBUTE]: PKCE_METHOD,
      ...(way === 'document' ? { [CIMD_ATTRIBUTE]: PINNED_UNTIL } : {}),
    },
    defaultClientScopes: scopes.defaults,
    optionalClientScopes: scopes.optionals,
    ...(preset && preset.origins.length > 0 ? { webOrigins: [...preset.origins] } : {}),
  };
}

/** The audience as default; in adopted mode the scope that the product may name besides. */
function assignmentsFor(
  { mode, scope, carrier }: ServerToAllow,
  { clientId, name }: AllowTarget,
): Assignment[] {
  const audience: Assignment = {
    clientId,
    scope: carrier,
    list: 'default',
    why: `so that ${name}’s tokens carry the MCP server’s audience`,
  };
  if (mode === 'standing') return [audience];
  return [
    audience,
    {
      clientId,
      scope,
      list: 'optional',
      why: `so that ${name} may name the scope that the MCP server names`,
    },
  ];
}

/**
 * A realm in which clients for some products hold a server's audience, and the server's scopes are there. Nothing of
 * registration changes: hosts, allowed scopes, mappers and policies stay.
 */
export function withAllowed(
  mcpServer: ServerToAllow,
  targets: readonly AllowTarget[],
  entries: readonly Allowed[],
): Desired {
  const whole = provision(mcpServer, {
    presets: [],
    hardening: NOT_HARDENED,
    assignments: targets.flatMap((target) => assignmentsFor(mcpServer, target)),
    clients: [],
  });
  const allowedClients = targets.flatMap((target, index): DesiredAllowed[] => {
    const entry = entries[index];
    if (entry === undefined) return [];
    const { id } = entry.client;
    const { id: _id, ...create } = clientOf(mcpServer, target, id);
    const why = `so that ${target.name} connects without registering`;
    return [{ clientId: target.clientId, id, proof: entry.proof, create, why }];
  });
  const { clientScopes, audienceMappers, defaultScopes, assignments } = whole;
  return {
    ...(clientScopes && { clientScopes }),
    ...(audienceMappers && { audienceMappers }),
    ...(defaultScopes && { defaultScopes }),
    ...(assignments && { assignments }),
    allowedClients,
    remember: entries,
  };
}

/** Clients that have the id of one that is to be made, and that mcpkc didn't make: they are deleted and made anew. */
export async function collectTakenReservations(
  { keycloak, config }: { keycloak: Keycloak; config: Config },
  resource: string,
  taken: readonly Client[],
): Promise<Reservation[]> {
  if (taken.length === 0) return [];
  const stats = await readSessionStats(keycloak);
  return taken.map((client) => {
    const { active, offline } = stats.get(client.id) ?? { active: 0, offline: 0 };
    const product = presetOf(client, knownPresets(config));
    const like = product ? `, whose redirect URIs are ${product.title}’s` : '';
    const adopt = formatCommand(['onboard', resource], [typedName(client.clientId)]);
    return {
      message: `There is a client of that id that mcpkc didn’t make${like}, with ${count(active + offline, 'session')}. It is deleted and made anew, since who made it could change it later:\n  ${describeClient(client)}\nTo grant the audience to that client as it is:\n${adopt}`,
    };
  });
}
