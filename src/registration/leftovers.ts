import { probeRun } from '../clients/dynamic.ts';
import type { Io } from '../io.ts';
import type { Keycloak } from '../keycloak/connect.ts';
import { mapSome } from '../keycloak/lists.ts';
import { removeClient } from '../keycloak/probe-clients.ts';
import type { Client } from '../keycloak/representations.ts';
import { isOver, type RunMark } from './mark.ts';

/** Probes that runs left behind which were killed. */
export function leftovers(clients: readonly Client[], own: RunMark, io: Io): Client[] {
  return clients.filter((client) => {
    const mark = probeRun(client);
    return mark !== undefined && isOver(mark, own, io);
  });
}

/** Removes clients by the admin API; gives the client ids of those that this account can't remove. */
export async function removeClients(
  keycloak: Keycloak,
  clients: readonly Pick<Client, 'id' | 'clientId'>[],
): Promise<string[]> {
  const kept = await mapSome(clients, async ({ id, clientId }) =>
    (await removeClient(keycloak, id)) ? [] : [clientId],
  );
  return kept.flat();
}
