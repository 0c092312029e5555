import { heldAs, type RealmList } from '../../realm/lists.ts';
import { nameScopeOf } from '../../realm/mcp-scope.ts';
import {
  adoptionOf,
  leftoversIn,
  type Provisional,
  type RealmRecord,
  type RunId,
} from '../../realm/record.ts';
import type { Client, ClientScope } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import { type Attempt, statusOf } from '../connection/failures.ts';
import { mapSome } from '../connection/lists.ts';
import { findClientById } from '../read/clients.ts';
import { readClientScopes } from '../read/read.ts';
import { writeRecord } from './record.ts';

const attempt = (what: string): Attempt => ({ what, role: 'manage-clients' });

/** The scope that a client is to hold, and the way in which it held it before. */
export interface Grant {
  client: Pick<Client, 'id' | 'clientId'>;
  scopeId: string;
  before: RealmList;
}

/** Lets a client hold a scope as default. An optional one has to go first: else the 204 means nothing (26.7.3). */
export async function grantScope(keycloak: Keycloak, { client, scopeId, before }: Grant): Promise<void> {
  const { id } = client;
  const what = attempt(`assign the audience scope to the client '${client.clientId}'`);
  const place = { id, clientScopeId: scopeId };
  if (before === 'default') return;
  if (before === 'optional') {
    await keycloak.replace(what, (admin) => admin.clients.delOptionalClientScope(place)).catch(ignoreGone);
  }
  await keycloak.replace(what, (admin) => admin.clients.addDefaultClientScope(place));
}

/** Undoes that: the client holds the scope as it did before. A client or scope that is gone holds nothing. */
export async function revokeScope(keycloak: Keycloak, { client, scopeId, before }: Grant): Promise<void> {
  const { id } = client;
  const what = attempt(`take the audience scope from the client '${client.clientId}'`);
  const place = { id, clientScopeId: scopeId };
  if (before === 'default') return;
  await keycloak.replace(what, (admin) => admin.clients.delDefaultClientScope(place)).catch(ignoreGone);
  if (before === 'optional') {
    await keycloak.replace(what, (admin) => admin.clients.addOptionalClientScope(place)).catch(ignoreGone);
  }
}

/**
 * Revokes the audience that killed runs of `onboard` granted to clients for the time being, and forgets these. A client
 * of a standing resource is forgotten alone: everybody may have that audience. Returns the clients that lost it.
 */
export async function revokeLeftovers(
  keycloak: Keycloak,
  record: RealmRecord,
  run: RunId,
  isAlive: (pid: number) => boolean,
): Promise<Provisional[]> {
  const left = leftoversIn(record, { now: keycloak.serverNow(), run, isAlive });
  if (left.length === 0) return [];
  const scopes = await readClientScopes(keycloak);
  const lost = await mapSome(left, async (entry) =>
    (await withdrawOne(keycloak, entry, scopes, record)) ? entry : undefined,
  );
  await writeRecord(keycloak, { forget: left });
  return lost.filter((entry) => entry !== undefined);
}

async function withdrawOne(
  keycloak: Keycloak,
  { client: { id }, scope, resource }: Provisional,
  scopes: readonly ClientScope[],
  record: RealmRecord,
): Promise<boolean> {
  const found = scopes.find(({ name }) => name === scope);
  if (!found || nameScopeOf(found) === undefined) return false;
  const client = await findClientById(keycloak, id);
  if (!client || heldAs(client, scope) === 'none') return false;
  // Adopted by name meanwhile: it is no leftover any more.
  if (adoptionOf(record, resource, client).state === 'same') return false;
  await revokeScope(keycloak, { client, scopeId: found.id, before: 'none' });
  return true;
}

function ignoreGone(error: unknown): void {
  if (statusOf(error) !== 404) throw error;
}
