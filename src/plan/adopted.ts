import type { Keycloak } from '../keycloak/connection/connect.ts';
import { deedBy } from '../keycloak/write/record.ts';
import { type Adopted, clientKeyOf, type Deed, type RunId } from '../realm/record.ts';
import type { Client } from '../realm/representations.ts';

/** The facts of an adoption: the MCP server, the scope, and the run. */
export interface Adopting {
  keycloak: Keycloak;
  resource: string;
  /** The scope whose holders have the audience. */
  carrier: string;
  me: RunId;
}

/** The record's entries about an adoption: the adoption, and a line of the journal. */
export function adoptionEntries(
  { keycloak, resource, carrier, me }: Adopting,
  client: Client,
): [Adopted, Deed] {
  const at = new Date(keycloak.serverNow()).toISOString();
  const by = deedBy(me);
  const { id, clientId } = client;
  const key = clientKeyOf(client);
  return [
    { kind: 'adopted', client: { id, clientId }, key, resource, scope: carrier, since: at, by },
    { kind: 'deed', at, did: 'adopted', to: `${clientId} for ${resource}`, by, nonce: crypto.randomUUID() },
  ];
}
