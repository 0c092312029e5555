import { McpkcError } from '../../errors.ts';
import type { Change } from '../../plan/plan.ts';
import { PKCE_ATTRIBUTE } from '../../realm/own-policies.ts';
import { allowedIn, MADE_ATTRIBUTE } from '../../realm/record.ts';
import type { Client } from '../../realm/representations.ts';
import { CIMD_ATTRIBUTE } from '../../realm/ways.ts';
import type { Keycloak } from '../connection/connect.ts';
import { type Attempt, statusOf } from '../connection/failures.ts';
import { findClient } from '../read/clients.ts';
import { readRecord } from '../read/record.ts';
import { deleteClient } from './write-clients.ts';

const attempt = (what: string): Attempt => ({ what, role: 'manage-clients' });
const ATTRIBUTES: readonly string[] = [PKCE_ATTRIBUTE, CIMD_ATTRIBUTE];

/**
 * Makes, repairs or deletes a client that a product is known by. One that is in its place is deleted, then the new one
 * is made by POST. A PUT over a stranger's row leaves his registration access token alive (26.4.0, 26.7.4). The record
 * shows which client is mcpkc's: it holds the proof before the client is there.
 */
export async function writeAllowedClient(
  keycloak: Keycloak,
  change: Change<'allowed-client'>,
): Promise<void> {
  const { action, key, before, after } = change;
  const id = String((after ?? before)?.id);
  const [proof, found] = await Promise.all([proofOf(keycloak, id), findClient(keycloak, key)]);
  const isOurs = found?.id === id && proof !== undefined && found.attributes[MADE_ATTRIBUTE] === proof;
  if (action === 'create') {
    if (isOurs) return;
    if (found) await removeInPlace(keycloak, found, before?.id);
    return make(keycloak, key, { ...after, attributes: { ...attributesOf(after), [MADE_ATTRIBUTE]: proof } });
  }
  if (!found) return;
  if (!isOurs) throw anotherError(key);
  if (action === 'delete') {
    await deleteClient(keycloak, found);
    return;
  }
  const fields = Object.entries(after ?? {});
  const attributes = Object.fromEntries(
    fields.filter(([name]) => ATTRIBUTES.includes(name)).map(([name, value]) => [name, String(value ?? '')]),
  );
  const rest = Object.fromEntries(fields.filter(([name]) => !ATTRIBUTES.includes(name)));
  await keycloak.replace(attempt(`repair the client '${key}'`), (admin) =>
    admin.clients.update({ id }, { ...rest, clientId: key, attributes }),
  );
}

function attributesOf(after: Change<'allowed-client'>['after']): Record<string, string> {
  return (after?.attributes ?? {}) as Record<string, string>;
}

async function proofOf(keycloak: Keycloak, id: string): Promise<string | undefined> {
  return allowedIn(await readRecord(keycloak)).find(({ client }) => client.id === id)?.proof;
}

/** Only the client that was shown is deleted; one that came in its place meanwhile was shown to nobody. */
async function removeInPlace(keycloak: Keycloak, found: Client, shown: unknown): Promise<void> {
  if (found.id !== shown) throw anotherError(found.clientId);
  await deleteClient(keycloak, found);
}

async function make(keycloak: Keycloak, clientId: string, body: Record<string, unknown>): Promise<void> {
  try {
    // The id is the plan's, so that a creation may be repeated after a lost answer: 409 then.
    await keycloak.replace(attempt(`create the client '${clientId}'`), (admin) =>
      admin.clients.create({ ...body, clientId }),
    );
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
    if ((await findClient(keycloak, clientId))?.id !== body.id) throw anotherError(clientId);
  }
}

function anotherError(clientId: string): McpkcError {
  const message = `The client '${clientId}' is another than the one that was looked at.`;
  const fix =
    'Somebody registers or makes it at the same time; run the command again: it shows what is there now.';
  return new McpkcError('CHANGE_NOT_KEPT', message, fix, { details: { clientId } });
}
