import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { mapSome } from '../../keycloak/connection/lists.ts';
import { findClient } from '../../keycloak/read/clients.ts';
import { readRecord } from '../../keycloak/read/record.ts';
import { countUsers, readSessionStats, type UserCount } from '../../keycloak/read/sessions.ts';
import { heldAs } from '../../realm/lists.ts';
import { type Allowed, allowancesOf, allowedIn } from '../../realm/record.ts';

/** A product that connects to a resource without registering, as it is now. */
export interface AllowedRow {
  resource: string;
  products: string[];
  way: Allowed['way'];
  clientId: string;
  /** ISO 8601, UTC. */
  since: string;
  by: string;
  /** People who are signed in with the client now, whichever resource they use; null where it is gone. */
  signedIn: (UserCount & { sessions: number }) | null;
  /** `gone`: deleted; `other`: another client has its id; `without-audience`: it lost the scope; `disabled`. */
  state: 'ok' | 'gone' | 'other' | 'without-audience' | 'disabled';
}

/** Reads what was allowed, for one resource or all: three requests, and three for each client. */
export async function readAllowed(keycloak: Keycloak, resource: string | undefined): Promise<AllowedRow[]> {
  const [record, stats] = await Promise.all([readRecord(keycloak), readSessionStats(keycloak)]);
  const entries = allowedIn(record, resource);
  const rows = await mapSome(entries, async (entry): Promise<AllowedRow> => {
    const { products, way, since, by, client } = entry;
    const found = await findClient(keycloak, client.clientId);
    const isSame = found?.id === client.id && allowancesOf(record, found).length > 0;
    const { active = 0, offline = 0 } = stats.get(client.id) ?? {};
    const signedIn =
      found && isSame ? { ...(await countUsers(keycloak, found.id)), sessions: active + offline } : null;
    const state = !found
      ? 'gone'
      : !isSame
        ? 'other'
        : found.enabled !== true
          ? 'disabled'
          : heldAs(found, entry.scope) === 'none'
            ? 'without-audience'
            : 'ok';
    return { resource: entry.resource, products, way, clientId: client.clientId, since, by, signedIn, state };
  });
  const text = ({ resource: of, clientId }: AllowedRow) => `${of} ${clientId}`;
  return rows.sort((a, b) => (text(a) < text(b) ? -1 : 1));
}
