import type { Client } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import type { OwnToken } from '../connection/own-account.ts';
import { readAllClients } from './clients.ts';
import { readSessionStats } from './sessions.ts';
import { type ListedClients, type Part, readPart } from './status-parts.ts';

/** Without a role that shows clients Keycloak may answer 200 and an empty list (`query-clients`, 26.7.3). */
export function canSeeClients({ roles, superuser }: OwnToken): boolean | undefined {
  if (superuser) return true;
  return roles?.some((role) => role === 'view-clients' || role === 'manage-clients');
}

/** A part that takes the role which shows clients. */
export const HIDDEN: Part<never> = { visible: false, role: 'view-clients' };

/** Every client of the realm, page by page, and those that have sessions. */
export async function listRegistered(
  keycloak: Keycloak,
  token: OwnToken,
  onClients: (read: number) => void = () => {},
): Promise<Part<ListedClients>> {
  return readPart(async () => {
    const clients: Client[] = [];
    for await (const page of readAllClients(keycloak)) {
      clients.push(...page);
      onClients(clients.length);
    }
    return { clients, sessions: await readPart(() => readSessionStats(keycloak)) };
  }).then((found) => {
    if (found.visible && (found.value.clients.length === 0 || canSeeClients(token) === false)) return HIDDEN;
    // The realm's own clients always hold scopes: where no client seems to, the lists are not shown (26.8.0).
    if (found.visible && !found.value.clients.some(holdsScopes)) return HIDDEN;
    return found;
  });
}

function holdsScopes({ defaultClientScopes, optionalClientScopes }: Client): boolean {
  return defaultClientScopes.length > 0 || optionalClientScopes.length > 0;
}
