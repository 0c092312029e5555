import type { Io } from '../../cli/io.ts';
import { McpkcError } from '../../errors.ts';
import { type Deed, RECORD_CLIENT, RECORD_ROLE, type RecordEdit, type RunId } from '../../realm/record.ts';
import { attributesFor } from '../../realm/record-attributes.ts';
import { isKeycloakId } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import { statusOf } from '../connection/failures.ts';
import { findClient, findClientById } from '../read/clients.ts';
import { type Pledge, PROOF_ATTRIBUTE, ROLE_ATTRIBUTE, readPledge, readPledged } from '../read/record.ts';
import { waitUntilKept } from './until-kept.ts';
import { deleteClient } from './write-clients.ts';

const ROLE = { what: `make the realm role '${RECORD_ROLE}'`, role: 'manage-realm' } as const;
const MAKE = { what: `make the client '${RECORD_CLIENT}' (mcpkc’s record)`, role: 'manage-clients' } as const;
const WRITE = {
  what: `write the client '${RECORD_CLIENT}' (mcpkc’s record)`,
  role: 'manage-clients',
} as const;

/** The number of times that the record is made anew where somebody takes its client id or deletes it in between. */
const ROUNDS = 5;

/** This run, for entries that show which run wrote them. Made once per run: its nonce tells it from others. */
export function runOf(io: Io, command: string): RunId {
  return { by: io.user, host: io.hostname, pid: io.pid, command, nonce: crypto.randomUUID() };
}

/** The doer of something, for the journal: `ann on laptop, mcpkc onboard`. */
export function deedBy({ by, host, command }: Pick<RunId, 'by' | 'host' | 'command'>): string {
  return `${by} on ${host}, mcpkc ${command}`;
}

/** A line of the journal, now. */
export function deedOf(io: Io, did: string, to: string, by: string): Deed {
  const at = new Date(io.now()).toISOString();
  return { kind: 'deed', at, did, to, by, nonce: crypto.randomUUID().slice(0, 8) };
}

/**
 * Adds entries to the record and removes others, in one PUT. Keycloak merges it attribute by attribute (26.4.0,
 * 26.7.4), so that runs at the same time lose nothing. Makes the record where it is missing. Takes `manage-realm` and
 * `manage-clients`. An empty edit writes nothing.
 */
export async function writeRecord(keycloak: Keycloak, edit: RecordEdit): Promise<void> {
  if ((edit.remember?.length ?? 0) + (edit.forget?.length ?? 0) === 0) return;
  // Two writes at once may answer 500, and one of them is rolled back (26.7.4): then once more.
  await waitUntilKept(keycloak, 'mcpkc’s record', async () => {
    const { id, attributes: there } = await ensureRecord(keycloak, firstAttributes(edit));
    if (there === undefined) return true;
    const attributes = attributesFor(there, edit);
    if (Object.keys(attributes).length === 0) return true;
    try {
      await keycloak.replace(WRITE, (admin) => admin.clients.update({ id }, { attributes }));
      return true;
    } catch (error) {
      // 404: deleted in between, made anew in the next round. 409: another run added the same attribute at that moment
      // (26.7.4, "Duplicate resource error"); nothing of this PUT is kept.
      if (statusOf(error) === 404 || statusOf(error) === 409) return false;
      throw error;
    }
  });
}

/** The entries that an edit leaves in a record without any. */
function firstAttributes(edit: RecordEdit): Record<string, string> {
  return Object.fromEntries(Object.entries(attributesFor({}, edit)).filter(([, text]) => text !== ''));
}

/**
 * The record's client, and its attributes where it was there; where it is missing it is made with the first ones. A
 * client of a role that was made just now isn't looked for first.
 */
async function ensureRecord(
  keycloak: Keycloak,
  first: Readonly<Record<string, string>>,
): Promise<{ id: string; attributes: Record<string, string> | undefined }> {
  const { isNew, ...pledge } = await ensurePledge(keycloak);
  const { id } = pledge;
  for (let round = 1; round <= ROUNDS; round++) {
    const attributes = isNew && round === 1 ? undefined : await readPledged(keycloak, pledge);
    if (attributes !== undefined) return { id, attributes };
    if (await make(keycloak, pledge, first, round)) return { id, attributes: undefined };
  }
  const message = `The client '${RECORD_CLIENT}' (mcpkc’s record) can’t be made: somebody takes its place each time.`;
  throw new McpkcError(
    'CHANGE_NOT_KEPT',
    message,
    'Run the command again; is somebody registering that client id?',
  );
}

/**
 * The role comes first: Keycloak makes it exactly once (one 201, all others 409; 26.4.0, 26.7.4). So runs at the same
 * time agree on one id and one proof, and none takes the other's client for a stranger's.
 */
async function ensurePledge(keycloak: Keycloak): Promise<Pledge & { isNew: boolean }> {
  for (let round = 1; round <= ROUNDS; round++) {
    const pledge = await readPledge(keycloak);
    if (pledge) return { ...pledge, isNew: false };
    if (pledge === null) await dropRole(keycloak);
    const made = { id: crypto.randomUUID(), proof: crypto.randomUUID() };
    const attributes = { [ROLE_ATTRIBUTE.id]: [made.id], [ROLE_ATTRIBUTE.proof]: [made.proof] };
    const description = 'Proves which client is mcpkc’s record';
    try {
      await keycloak.replace(ROLE, (admin) =>
        admin.roles.create({ name: RECORD_ROLE, description, attributes }),
      );
      return { ...made, isNew: true };
    } catch (error) {
      if (statusOf(error) !== 409) throw error;
    }
  }
  const message = `The realm role '${RECORD_ROLE}' did not keep what was written.`;
  throw new McpkcError('CHANGE_NOT_KEPT', message, 'Run the command again when the other edit is done.');
}

/**
 * The key that backups of this realm are sealed with: the record's proof. It stays when the account's secret changes,
 * and nobody but administrators of the realm can read it. Never shown. Takes `manage-realm`.
 */
export async function ensureBackupKey(keycloak: Keycloak): Promise<string> {
  return (await ensurePledge(keycloak)).proof;
}

async function dropRole(keycloak: Keycloak): Promise<void> {
  await keycloak
    .replace(ROLE, (admin) => admin.roles.delByName({ name: RECORD_ROLE }))
    .catch((error) => {
      if (statusOf(error) !== 404) throw error;
    });
}

/**
 * Makes the record's client with its first entries; false where somebody's client was in its place and had to go first.
 * By POST only: a PUT over a stranger's row leaves his registration access token alive (26.4.0, 26.7.4).
 */
async function make(
  keycloak: Keycloak,
  { id, proof }: Pledge,
  first: Readonly<Record<string, string>>,
  round: number,
): Promise<boolean> {
  // The proof is the role's: the client id only names the record for people, so another one does as well.
  const clientId = round <= 2 ? RECORD_CLIENT : `${RECORD_CLIENT}-${crypto.randomUUID().slice(0, 8)}`;
  const body = {
    id,
    clientId,
    name: 'mcpkc record',
    description: 'What mcpkc remembers of this realm. Nobody signs in with it; edit it with mcpkc only.',
    enabled: false,
    publicClient: false,
    bearerOnly: true,
    standardFlowEnabled: false,
    directAccessGrantsEnabled: false,
    implicitFlowEnabled: false,
    serviceAccountsEnabled: false,
    fullScopeAllowed: false,
    redirectUris: [],
    defaultClientScopes: [],
    optionalClientScopes: [],
    attributes: { ...first, [PROOF_ATTRIBUTE]: proof },
  };
  try {
    await keycloak.replace(MAKE, (admin) => admin.clients.create(body));
    return true;
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
    await dropStrangers(keycloak, { id, proof });
    return false;
  }
}

/**
 * Deletes clients that hold the record's client id, or its internal id, without its proof; never by an id that is no
 * UUID.
 */
async function dropStrangers(keycloak: Keycloak, pledge: Pledge): Promise<void> {
  const found = await Promise.all([findClient(keycloak, RECORD_CLIENT), findClientById(keycloak, pledge.id)]);
  for (const client of found) {
    if (!client || !isKeycloakId(client.id)) continue;
    const isRecord = client.id === pledge.id && client.attributes[PROOF_ATTRIBUTE] === pledge.proof;
    if (!isRecord) await deleteClient(keycloak, client);
  }
}

/** Removes the record, client and role: the last step of `init --remove`. */
export async function removeRecord(keycloak: Keycloak): Promise<void> {
  const pledge = await readPledge(keycloak);
  if (pledge && (await readPledged(keycloak, pledge))) {
    await deleteClient(keycloak, { id: pledge.id, clientId: RECORD_CLIENT });
  }
  if (pledge !== undefined) await dropRole(keycloak);
}
