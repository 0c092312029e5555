import type { Io } from '../../cli/io.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { mapSome } from '../../keycloak/connection/lists.ts';
import { removeProbe } from '../../keycloak/write/probe-clients.ts';
import { isLeftProbe, type RunMark } from '../../products/probe-mark.ts';
import type { Client } from '../../realm/representations.ts';

/** Probes that killed runs left behind. */
export function leftovers(clients: readonly Client[], own: RunMark, io: Io): Client[] {
  return clients.filter((client) => isLeftProbe(client, own, io));
}

/** Removes clients by the admin API; returns the client ids of those that this account can't remove. */
export async function removeClients(
  keycloak: Keycloak,
  clients: readonly Pick<Client, 'id' | 'clientId'>[],
): Promise<string[]> {
  const kept = await mapSome(clients, async (client) =>
    (await removeProbe(keycloak, client)) ? [] : [client.clientId],
  );
  return kept.flat();
}
