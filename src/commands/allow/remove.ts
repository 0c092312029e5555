import { findClient, readAllClients } from '../../keycloak/read/clients.ts';
import { countUsers, readSessionStats } from '../../keycloak/read/sessions.ts';
import { holderOf } from '../../keycloak/write/lock.ts';
import { deedBy, deedOf, writeRecord } from '../../keycloak/write/record.ts';
import { agreeToPlan } from '../../plan/agree.ts';
import { applyAndVerify } from '../../plan/apply.ts';
import type { Desired } from '../../plan/desired.ts';
import { planFor } from '../../plan/kinds/index.ts';
import type { RealmPlan, Reservation } from '../../plan/plan.ts';
import { commonReservations } from '../../plan/reservations.ts';
import { changeName } from '../../plan/text.ts';
import { heldOf } from '../../realm/mcp-scope.ts';
import { scopesNamedBy } from '../../realm/own-policies.ts';
import { type Allowed, accessIn, adoptedIn, allowancesOf, entriesOf } from '../../realm/record.ts';
import type { Client } from '../../realm/representations.ts';
import { isOwnResourceClient, RESOURCE_CLIENT } from '../../realm/resource-client.ts';
import { count, visible } from '../../text.ts';
import type { ServerAtHand } from './server.ts';

/** The wish for the clients of a resource that go; all of them, where it names none. */
export interface RemovalWish {
  products: readonly string[];
  way: Allowed['way'] | undefined;
  clientId: string | undefined;
}

/** A client that goes, or loses the resource. */
export interface Removed {
  entry: Allowed;
  /** The client; undefined where it is gone, or another client has its id: that one stays as it is. */
  client: Client | undefined;
  /** Other resources that it is for: where there are some it stays, without this one's audience. */
  others: string[];
  users: number;
  /** Whether there may be more users. */
  more: boolean;
  sessions: number;
}

/** The outcome of a removal. */
export interface RemovalResult {
  plan: RealmPlan;
  removed: Removed[];
  /** Whether the resource's scopes go too, since they were made for such clients alone. */
  scopesGo: boolean;
}

/** The entries that a wish means. */
export function entriesFor({ ways }: ServerAtHand, wish: RemovalWish): Allowed[] {
  return (ways?.made ?? []).filter(
    ({ products, way, client }) =>
      (wish.products.length === 0 || products.some((name) => wish.products.includes(name))) &&
      (wish.way === undefined || way === wish.way) &&
      (wish.clientId === undefined || client.clientId === wish.clientId),
  );
}

/** Removes the clients; users and sessions are counted first, and asked about. */
export async function removeAllowed(
  mcpServer: ServerAtHand,
  entries: readonly Allowed[],
  { yes, dryRun }: { yes: boolean; dryRun: boolean },
): Promise<RemovalResult> {
  const { keycloak, snapshot, context, resource } = mcpServer;
  const removed = await readRemoved(mcpServer, entries);
  for (const { client } of removed) {
    if (client && !snapshot.clients.some(({ id }) => id === client.id)) snapshot.clients.push(client);
  }
  const scopesGo = await areScopesNeedless(mcpServer, entries);
  const desired = desiredFor(mcpServer, removed, scopesGo);
  const plan = planFor(desired, snapshot);
  if (dryRun) return { plan, removed, scopesGo };
  const reservations = [...commonReservations(keycloak.realm, plan), ...loss(removed)];
  await agreeToPlan(context, keycloak, { plan, reservations, yes });
  const { io, signal, voice } = context;
  const holder = holderOf(io, 'allow --remove');
  await applyAndVerify(keycloak, plan, desired, snapshot, {
    io,
    holder,
    signal,
    onApplied: (change) => voice.progress(changeName(change)),
  }).finally(() => voice.progress(undefined));
  const adopted = adoptedIn(mcpServer.record, resource).filter(({ client }) =>
    entries.some((entry) => entry.client.id === client.id),
  );
  const deeds = removed.map(({ entry }) =>
    deedOf(io, 'no longer allowed', `${entry.client.clientId} for ${resource}`, deedBy(holder)),
  );
  const standIn = entriesOf(mcpServer.record, 'wrote').filter(
    ({ what, of }) => scopesGo && what === RESOURCE_CLIENT && of === resource,
  );
  await writeRecord(keycloak, { remember: deeds, forget: [...entries, ...adopted, ...standIn] });
  return { plan, removed, scopesGo };
}

async function readRemoved(mcpServer: ServerAtHand, entries: readonly Allowed[]): Promise<Removed[]> {
  const { keycloak, record, resource } = mcpServer;
  const stats = await readSessionStats(keycloak);
  return Promise.all(
    entries.map(async (entry): Promise<Removed> => {
      const found = await findClient(keycloak, entry.client.clientId);
      const all = found && found.id === entry.client.id ? allowancesOf(record, found) : [];
      if (!found || all.length === 0)
        return { entry, client: undefined, others: [], users: 0, more: false, sessions: 0 };
      const { active = 0, offline = 0 } = stats.get(found.id) ?? {};
      const { users, more } = await countUsers(keycloak, found.id);
      const others = all.map((one) => one.resource).filter((one) => one !== resource);
      return { entry, client: found, others, users, more, sessions: active + offline };
    }),
  );
}

function loss(removed: readonly Removed[]): Reservation[] {
  return removed.flatMap(({ entry, users, more, sessions, others }) => {
    if (sessions === 0) return [];
    const what =
      others.length === 0
        ? 'Their connections end.'
        : 'Their next tokens don’t open this MCP server any more.';
    const message = `${more ? 'At least ' : ''}${count(users, 'user')} (${count(sessions, 'session')}) signed in with ${visible(entry.client.clientId)}. ${what}`;
    return [{ message }];
  });
}

/**
 * Whether the resource's scopes were made for such clients and nothing else came to use them. That is: no client
 * beside, no request of `create-scope` or `onboard`, no client policy. Every client is read, where it comes to that.
 */
async function areScopesNeedless(mcpServer: ServerAtHand, entries: readonly Allowed[]): Promise<boolean> {
  const { record, resource, scope, carrier, mode, ways, snapshot, keycloak, context } = mcpServer;
  const rest = (ways?.made ?? []).filter((one) => !entries.includes(one));
  const isRestricted = accessIn(record, resource) !== undefined;
  const isAsked = ways?.registration !== undefined;
  const both = [scope, carrier];
  const isNamed = snapshot.clientPolicies.some((policy) =>
    scopesNamedBy(policy).some((name) => both.includes(name)),
  );
  if (rest.length > 0 || isRestricted || isAsked || isNamed || mode !== 'adopted') return false;
  if (!entries.some(({ madeScopes }) => madeScopes)) return false;
  const ids = new Set(entries.map(({ client }) => client.id));
  let read = 0;
  for await (const page of readAllClients(keycloak)) {
    read += page.length;
    context.voice.progress(`${count(read, 'client')} read`);
    // The name scope is a realm optional one: any client made meanwhile holds it, and gets nothing by it.
    if (page.some((client) => !ids.has(client.id) && heldOf(client, [carrier]) !== 'none')) return false;
  }
  context.voice.progress(undefined);
  return true;
}

function desiredFor(mcpServer: ServerAtHand, removed: readonly Removed[], scopesGo: boolean): Desired {
  const { scope, audienceScope: audience, resource, record, snapshot } = mcpServer;
  const ours = removed.flatMap((one) => (one.client ? [{ ...one, client: one.client }] : []));
  const why = 'as asked for with --remove';
  const gone = ours.filter(({ others }) => others.length === 0);
  const stay = ours.filter(({ others }) => others.length > 0);
  const held = [...(audience === undefined ? [] : [audience]), scope];
  return {
    allowedClients: gone.map(({ entry, client }) => ({
      clientId: client.clientId,
      id: client.id,
      proof: entry.proof,
      absent: true as const,
      why,
    })),
    assignments: stay.flatMap(({ client: { clientId } }) =>
      held.map((one) => ({ clientId, scope: one, list: 'none' as const, why })),
    ),
    ...(scopesGo
      ? {
          clientScopes: held.map((name) => ({ name, absent: true as const })),
          defaultScopes: held.map((one) => ({ scope: one, list: 'none' as const })),
          resourceClients: snapshot.clients
            .filter((client) => isOwnResourceClient(client, resource, record))
            .map(({ clientId, id }) => ({ clientId, absent: id, why: 'since its MCP server goes' })),
        }
      : {}),
  };
}
