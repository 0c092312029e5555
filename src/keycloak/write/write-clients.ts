import { McpkcError } from '../../errors.ts';
import type { Change } from '../../plan/plan.ts';
import { isSelfRegistered } from '../../products/dynamic.ts';
import { heldAs, type RealmList } from '../../realm/lists.ts';
import { clientKeyOf } from '../../realm/record.ts';
import { type Client, isKeycloakId } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import { type Attempt, statusOf } from '../connection/failures.ts';
import { unsafeIdError } from '../connection/guarded-ids.ts';
import { findClient, findClientById } from '../read/clients.ts';
import { proveRevoked, type Revoked, revokeRegistrationToken } from './registration-token.ts';
import type { ScopeIds } from './write-scopes.ts';

const attempt = (what: string): Attempt => ({ what, role: 'manage-clients' });

/** Makes a client, or sets attributes of one that is there (a PUT merges them; '' removes one, 26.7.3). */
export async function writeClient(keycloak: Keycloak, change: Change<'client'>): Promise<void> {
  const { action, key, after } = change;
  if (action === 'create') {
    try {
      // A client id exists once, so that a creation may be repeated after a lost answer: 409 then.
      await keycloak.replace(attempt(`create the client '${key}'`), (admin) =>
        admin.clients.create({ ...after, clientId: key } as Record<string, unknown>),
      );
    } catch (error) {
      if (statusOf(error) !== 409) throw error;
    }
    return;
  }
  if (action === 'delete') {
    await deleteClient(keycloak, { id: String(change.before?.id), clientId: key });
    return;
  }
  const client = await findClient(keycloak, key);
  // Gone meanwhile: there is nothing to mark.
  if (!client) return;
  const attributes = (after?.attributes ?? {}) as Record<string, string>;
  const { id } = client;
  await keycloak
    .replace(attempt(`mark the client '${key}'`), (admin) => admin.clients.update({ id }, { attributes }))
    .catch(ignoreGone);
}

/**
 * Makes, or deletes and makes anew, the client that stands for an MCP server. By POST only: a PUT over a row that somebody
 * else made leaves his registration access token alive (26.4.0, 26.7.4).
 */
export async function writeResourceClient(
  keycloak: Keycloak,
  { key, before, after }: Change<'resource-client'>,
): Promise<void> {
  if (before !== null) await deleteClient(keycloak, { id: String(before.id), clientId: key });
  if (after === null) return;
  const body = { ...after, clientId: key } as Record<string, unknown>;
  try {
    await keycloak.replace(attempt(`create the client '${key}'`), (admin) => admin.clients.create(body));
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
    // The answer was lost, or somebody took the name in between: the id shows which.
    if ((await findClient(keycloak, key))?.id === after.id) return;
    const message = `Somebody else made a client '${key}' at the same time.`;
    throw new McpkcError('CHANGE_NOT_KEPT', message, 'Run the command again: it shows that client.');
  }
}

/**
 * Grants a client a scope as default, or revokes it. Its registrant loses the power to change it first: before a grant
 * that it was judged for, and before a revocation. A client that was judged has to be what it was then. Attaching a
 * scope that the client holds as optional answers 204 and does nothing (26.7.3). So it is detached there first, then
 * attached, then read back: one change.
 */
export async function writeAssignment(
  keycloak: Keycloak,
  ids: ScopeIds,
  change: Change<'client-scope-assignment'>,
  revoked: Revoked[] = [],
): Promise<void> {
  if (change.after === null) return;
  const { clientId, scope, list, seen } = change.after;
  const isFixed = seen !== undefined || list === 'none';
  const client = isFixed
    ? await fixedClient(keycloak, clientId, seen, revoked)
    : await findClient(keycloak, clientId);
  if (!client) {
    if (list !== 'default') return;
    const message = `The client '${clientId}' is gone from realm '${keycloak.realm}'.`;
    throw new McpkcError(
      'CLIENT_NOT_IN_REALM',
      message,
      'Somebody deleted it meanwhile; run the command again.',
    );
  }
  if (seen !== undefined && clientKeyOf(client) !== seen) {
    const message = `The client '${clientId}' changed after it was looked at: it got no scope.`;
    throw new McpkcError(
      'CHANGE_NOT_KEPT',
      message,
      'Run the command again: it shows the client as it is now.',
    );
  }
  const { id } = client;
  const clientScopeId = await ids.of(scope);
  const what = attempt(
    `${list === 'none' ? 'take the scope from' : 'assign the scope to'} the client '${clientId}'`,
  );
  await take(keycloak, what, client, scope, clientScopeId, list);
  if (list === 'default') {
    await keycloak.replace(what, (admin) => admin.clients.addDefaultClientScope({ id, clientScopeId }));
  }
  if (list === 'optional') {
    await keycloak.replace(what, (admin) => admin.clients.addOptionalClientScope({ id, clientScopeId }));
  }
  const back = await findClientById(keycloak, id);
  if ((back ? heldAs(back, scope) : 'none') === list) return;
  const message = `The client '${clientId}' did not keep the change of its scope '${scope}'.`;
  throw new McpkcError(
    'CHANGE_NOT_KEPT',
    message,
    'Somebody else edits it at the same time; run the command again.',
  );
}

/** The client as it is, read after its registrant's token was replaced. */
async function fixedClient(
  keycloak: Keycloak,
  clientId: string,
  seen: string | undefined,
  revoked: Revoked[],
): Promise<Client | undefined> {
  const client = await findClient(keycloak, clientId);
  const token = client && (await revokeRegistrationToken(keycloak, client));
  if (!client || token === undefined) return undefined;
  // Nobody but administrators had a token of others.
  if (isSelfRegistered(client) && client.enabled !== false) {
    const one = { client, token, at: keycloak.waiting.now(), seen };
    // A scope that is assigned waits for the proof at the plan's end; one that is removed would come back by a living token.
    if (seen !== undefined) revoked.push(one);
    else await proveRevoked(keycloak, [one]);
  }
  return findClientById(keycloak, client.id);
}

async function take(
  keycloak: Keycloak,
  what: Attempt,
  client: Client,
  scope: string,
  clientScopeId: string,
  wanted: RealmList,
): Promise<void> {
  const { id } = client;
  const held = heldAs(client, scope);
  if (held === 'optional' && wanted !== 'optional') {
    await keycloak
      .replace(what, (admin) => admin.clients.delOptionalClientScope({ id, clientScopeId }))
      .catch(ignoreGone);
  }
  if (held === 'default' && wanted !== 'default') {
    await keycloak
      .replace(what, (admin) => admin.clients.delDefaultClientScope({ id, clientScopeId }))
      .catch(ignoreGone);
  }
}

function ignoreGone(error: unknown): void {
  if (statusOf(error) !== 404) throw error;
}

/** Whether the client was still there. */
export type WriteResult = 'done' | 'gone';

/**
 * A client that is deleted at this very moment may answer 500 or 409 instead of 404 (26.7.3): then it is looked for.
 */
export async function ignoreIfGone(
  keycloak: Keycloak,
  id: string,
  write: Promise<unknown>,
): Promise<WriteResult> {
  try {
    await write;
    return 'done';
  } catch (error) {
    if (statusOf(error) === 404) return 'gone';
    const status = statusOf(error);
    if ((status === 409 || status === 500) && (await readWholeClient(keycloak, id)) === undefined)
      return 'gone';
    throw error;
  }
}

/** Deletes a client by its internal id. */
export async function deleteClient(
  keycloak: Keycloak,
  { id, clientId }: { id: string; clientId: string },
): Promise<WriteResult> {
  // biome-ignore lint/style/noRestrictedImports: keycloak/ talks to the admin API.
  const { fetchWithError } = await import('@keycloak/keycloak-admin-client');
  const url = `${keycloak.server}/admin/realms/${encodeURIComponent(keycloak.realm)}/clients/${encodeURIComponent(id)}`;
  const what = attempt(`delete the client '${clientId}'`);
  if (!isKeycloakId(id)) throw unsafeIdError(id, clientId);
  const deletion = keycloak.replace(what, async (admin) => {
    const authorization = `Bearer ${await admin.getAccessToken()}`;
    // The admin client's own way sends '{}' along: Keycloak 26.7.3 then closes the connection each time.
    await fetchWithError(url, {
      ...keycloak.options,
      method: 'DELETE',
      headers: { ...keycloak.options.headers, authorization },
    });
  });
  return ignoreIfGone(keycloak, id, deletion);
}

/** A client's whole representation, secret, scopes and mappers included; undefined where it is gone. Never shown. */
export async function readWholeClient(keycloak: Keycloak, id: string): Promise<object | undefined> {
  const found: unknown = await keycloak.read({ what: 'read a client', role: 'view-clients' }, (admin) =>
    admin.clients.findOne({ id }, { catchNotFound: true }),
  );
  // The admin client returns null for a 404 that it was told to catch.
  return typeof found === 'object' && found !== null ? found : undefined;
}
