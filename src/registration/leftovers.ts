import { probeRun } from '../clients/dynamic.ts';
import type { Io } from '../io.ts';
import type { Keycloak } from '../keycloak/connect.ts';
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
  const left: string[] = [];
  for (let at = 0; at < clients.length; at += 4) {
    const some = clients.slice(at, at + 4);
    const kept = await Promise.all(
      some.map(async ({ id, clientId }) => ((await removeClient(keycloak, id)) ? [] : [clientId])),
    );
    left.push(...kept.flat());
  }
  return left;
}
