import { allClients } from './clients.ts';
import type { Keycloak } from './connect.ts';
import type { Attempt } from './failures.ts';
import type { OwnToken } from './own-account.ts';
import type { Client } from './representations.ts';
import { type ListedClients, type Part, part, type Sessions } from './status-parts.ts';

const STATS: Attempt = { what: 'read which clients have sessions', role: 'view-realm' };

/** Without a role that shows clients Keycloak may answer 200 and an empty list (`query-clients`, 26.7.3). */
export function seesClients({ roles }: OwnToken): boolean | undefined {
  return roles?.some((role) => role === 'view-clients' || role === 'manage-clients');
}

/** What takes the role that shows clients. */
export const HIDDEN: Part<never> = { visible: false, role: 'view-clients' };

/** Every client of the realm, page by page, and who has sessions. */
export async function listed(
  keycloak: Keycloak,
  token: OwnToken,
  onClients: (read: number) => void = () => {},
): Promise<Part<ListedClients>> {
  return part(async () => {
    const clients: Client[] = [];
    for await (const page of allClients(keycloak)) {
      clients.push(...page);
      onClients(clients.length);
    }
    return { clients, sessions: await part(() => readSessions(keycloak)) };
  }).then((found) => {
    if (found.visible && (found.value.clients.length === 0 || seesClients(token) === false)) return HIDDEN;
    return found;
  });
}

async function readSessions(keycloak: Keycloak): Promise<ReadonlyMap<string, Sessions>> {
  const { realm } = keycloak;
  const stats: unknown = await keycloak.read(STATS, (admin) => admin.realms.getClientSessionStats({ realm }));
  const rows = (Array.isArray(stats) ? stats : []) as Record<string, unknown>[];
  return new Map(
    rows.map(({ clientId, active, offline }) => [
      String(clientId),
      { active: Number(active ?? 0), offline: Number(offline ?? 0) },
    ]),
  );
}
