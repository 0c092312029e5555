import type { Io } from '../cli/io.ts';
import type { Keycloak } from '../keycloak/connection/connect.ts';
import { readRecord } from '../keycloak/read/record.ts';
import { deedBy, deedOf, writeRecord } from '../keycloak/write/record.ts';
import { type Adopted, adoptedIn, clientKeyOf, type Deed, type Entry } from '../realm/record.ts';
import type { Client } from '../realm/representations.ts';
import { count } from '../text.ts';
import { changesOf, type RealmPlan } from './plan.ts';

/** A plan that was written, for one MCP server. */
export interface WrittenPlan {
  resource: string;
  plan: RealmPlan;
  /** The clients as they are now. */
  clients: readonly Client[];
  /** Further entries of the run, written in the same request. */
  entries?: readonly Entry[];
  /** The run that wrote it. */
  by: { by: string; host: string; command: string };
}

/** Clients of a plan that it assigns a scope, or removes one from, as far as they are known. */
function assignedTo(list: 'default' | 'none', plan: RealmPlan, clients: readonly Client[]) {
  return changesOf(plan, 'client-scope-assignment').flatMap(({ after }) => {
    const client = clients.find(({ clientId }) => clientId === after?.clientId);
    return after?.list === list && client ? [{ client, scope: after.scope }] : [];
  });
}

/**
 * Adoptions of a plan's clients. Those of clients that are there are written before the plan is: a run that goes on after
 * a kill finds the scope assigned, and nothing then tells whose doing that was.
 */
export function adoptionsOf(
  plan: RealmPlan,
  { resource, clients, since, by }: Pick<WrittenPlan, 'resource' | 'clients'> & { since: string; by: string },
): Adopted[] {
  return assignedTo('default', plan, clients).map(
    ({ client, scope }): Adopted => ({
      kind: 'adopted',
      client: { id: client.id, clientId: client.clientId },
      key: clientKeyOf(client),
      resource,
      scope,
      since,
      by,
    }),
  );
}

/** More clients than this are one line of the journal. */
const LINES = 5;

/**
 * Writes down plans' effects in the journal: the clients that were adopted for an MCP server, those that are no more,
 * and other changes. One request for all; none where nothing was done. `forget`: entries that are over by now.
 */
export async function rememberPlans(
  keycloak: Keycloak,
  io: Io,
  written: readonly WrittenPlan[],
  forget: readonly Entry[] = [],
): Promise<void> {
  const since = new Date(keycloak.serverNow()).toISOString();
  const effects = written.map((one) => effectsOf(io, one, since));
  const gone = effects.flatMap(({ left, resource }) => left.map(({ id }) => ({ id, resource })));
  const adopted = gone.length === 0 ? [] : adoptedIn(await readRecord(keycloak));
  const ended = adopted.filter(({ client, resource }) =>
    gone.some((one) => one.id === client.id && one.resource === resource),
  );
  await writeRecord(keycloak, {
    remember: effects.flatMap(({ remember }) => remember),
    forget: [...forget, ...ended],
  });
}

/** The same for one plan. */
export async function rememberPlan(keycloak: Keycloak, io: Io, written: WrittenPlan): Promise<void> {
  await rememberPlans(keycloak, io, [written]);
}

/** A plan's entries, and the clients that are no more adopted for its MCP server. */
function effectsOf(
  io: Io,
  { resource, plan, clients, entries = [], by: doer }: WrittenPlan,
  since: string,
): { resource: string; remember: Entry[]; left: Client[] } {
  const by = deedBy(doer);
  const adopted = adoptionsOf(plan, { resource, clients, since, by });
  // A client may hold several scopes for one server: the one that it got counts.
  const left = assignedTo('none', plan, clients)
    .map(({ client }) => client)
    .filter(({ id }) => !adopted.some((one) => one.client.id === id));
  const others = plan.filter(({ kind }) => kind !== 'client-scope-assignment');
  const named = (all: readonly { clientId: string }[]) => all.map(({ clientId }) => clientId);
  const deeds = [
    ...lines(io, 'adopted', named(adopted.map(({ client }) => client)), resource, by),
    ...lines(io, 'detached', named(left), resource, by),
    ...(others.length === 0 ? [] : [deedOf(io, 'changed', `${kindsOf(others)} for ${resource}`, by)]),
  ];
  return { resource, remember: [...adopted, ...deeds, ...entries], left };
}

function lines(io: Io, did: string, clientIds: readonly string[], resource: string, by: string): Deed[] {
  const all = [...new Set(clientIds)];
  if (all.length > LINES) return [deedOf(io, did, `${count(all.length, 'client')} for ${resource}`, by)];
  return all.map((clientId) => deedOf(io, did, `${clientId} for ${resource}`, by));
}

function kindsOf(plan: RealmPlan): string {
  return [...new Set(plan.map(({ kind }) => kind))].join(', ');
}
