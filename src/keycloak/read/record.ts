import { NO_RECORD, RECORD_ROLE, type RealmRecord } from '../../realm/record.ts';
import { recordIn } from '../../realm/record-attributes.ts';
import { isKeycloakId } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import { findClientById } from './clients.ts';

/** Attributes of the record's role: the internal id of the record's client, and the proof that it repeats. */
export const ROLE_ATTRIBUTE = { id: 'mcpkc.record', proof: 'mcpkc.proof' } as const;
/** Attribute of the record's client that repeats the proof. */
export const PROOF_ATTRIBUTE = 'mcpkc.proof';

const LOOK = { what: `read the realm role '${RECORD_ROLE}'`, role: 'view-realm' } as const;

/** The content of the role: which client the record is. */
export interface Pledge {
  id: string;
  proof: string;
}

/** Reads the record's role; undefined where it isn't there, null where it holds nothing that can be believed. */
export async function readPledge(keycloak: Keycloak): Promise<Pledge | null | undefined> {
  const role: unknown = await keycloak.read(LOOK, (admin) =>
    admin.roles.findOneByName({ name: RECORD_ROLE }),
  );
  if (typeof role !== 'object' || role === null) return undefined;
  const attributes = ((role as { attributes?: unknown }).attributes ?? {}) as Record<string, unknown>;
  const [id, proof] = [ROLE_ATTRIBUTE.id, ROLE_ATTRIBUTE.proof].map((name) => {
    const value = attributes[name];
    return String(Array.isArray(value) ? (value[0] ?? '') : '');
  });
  // Anything else was put there by hand.
  return isKeycloakId(id) && isKeycloakId(proof) ? { id, proof } : null;
}

/** The client that a pledge proves, undefined where there is none: another with its id is a stranger's. */
export async function readPledged(
  keycloak: Keycloak,
  pledge: Pledge,
): Promise<Record<string, string> | undefined> {
  const client = await findClientById(keycloak, pledge.id);
  return client?.attributes[PROOF_ATTRIBUTE] === pledge.proof ? client.attributes : undefined;
}

/** The key that backups of this realm are sealed with; undefined where mcpkc never wrote its record. Never shown. */
export async function readBackupKey(keycloak: Keycloak): Promise<string | undefined> {
  return (await readPledge(keycloak))?.proof;
}

/**
 * Reads mcpkc's record of the realm: the role, then the client that it proves; a client of the same name is never
 * looked at. Takes `view-realm` and `view-clients`.
 */
export async function readRecord(keycloak: Keycloak): Promise<RealmRecord> {
  const pledge = await readPledge(keycloak);
  if (pledge === undefined) return NO_RECORD;
  const attributes = pledge === null ? undefined : await readPledged(keycloak, pledge);
  if (attributes === undefined) return { state: 'lost', entries: [] };
  return recordIn(attributes);
}
