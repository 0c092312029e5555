import type { Io } from '../cli/io.ts';
import type { Keycloak } from '../keycloak/connection/connect.ts';
import { readRecord } from '../keycloak/read/record.ts';
import { deedBy, deedOf, writeRecord } from '../keycloak/write/record.ts';
import { type Adopted, adoptedIn, clientKeyOf, type Deed, type Entry } from '../realm/record.ts';
import type { Client } from '../realm/representations.ts';
import { count } from '../text.ts';
import { changesOf, type RealmPlan } from './plan.ts';

/** A plan that was written, for one MCP server. */
export interface Written {
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
  { resource, clients, since, by }: Pick<Written, 'resource' | 'clients'> & { since: string; by: string },
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
 * Writes down a plan's effects in the journal: the clients that were adopted for the MCP server, those that are no
 * more, and other changes. One request; none where nothing was done.
 */
export async function rememberPlan(keycloak: Keycloak, io: Io, written: Written): Promise<void> {
  const { resource, plan, clients, entries = [] } = written;
  const by = deedBy(written.by);
  const since = new Date(keycloak.serverNow()).toISOString();
  const adopted = adoptionsOf(plan, { resource, clients, since, by });
  // A client may hold several scopes for one server: the one that it got counts.
  const left = assignedTo('none', plan, clients).filter(
    ({ client }) => !adopted.some((one) => one.client.id === client.id),
  );
  const others = plan.filter(({ kind }) => kind !== 'client-scope-assignment');
  const deeds = [
    ...lines(
      io,
      'adopted',
      adopted.map(({ client }) => client.clientId),
      resource,
      by,
    ),
    ...lines(
      io,
      'detached',
      left.map(({ client }) => client.clientId),
      resource,
      by,
    ),
    ...(others.length === 0 ? [] : [deedOf(io, 'changed', `${kindsOf(others)} for ${resource}`, by)]),
  ];
  if (deeds.length + entries.length === 0) return;
  const forget: Entry[] =
    left.length === 0
      ? []
      : adoptedIn(await readRecord(keycloak), resource).filter(({ client }) =>
          left.some((one) => one.client.id === client.id),
        );
  await writeRecord(keycloak, { remember: [...adopted, ...deeds, ...entries], forget });
}

function lines(io: Io, did: string, clientIds: readonly string[], resource: string, by: string): Deed[] {
  const all = [...new Set(clientIds)];
  if (all.length > LINES) return [deedOf(io, did, `${count(all.length, 'client')} for ${resource}`, by)];
  return all.map((clientId) => deedOf(io, did, `${clientId} for ${resource}`, by));
}

function kindsOf(plan: RealmPlan): string {
  return [...new Set(plan.map(({ kind }) => kind))].join(', ');
}
