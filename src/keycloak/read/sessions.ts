import type { Keycloak } from '../connection/connect.ts';

/** Sessions of a client: active ones and offline ones. */
export interface SessionCount {
  active: number;
  offline: number;
}

/** The sessions of all clients that have some, by the client's internal id, in one answer. */
export async function readSessionStats(keycloak: Keycloak): Promise<Map<string, SessionCount>> {
  const { realm } = keycloak;
  const found: unknown = await keycloak.read(
    { what: 'read which clients have sessions', role: 'view-realm' },
    (admin) => admin.realms.getClientSessionStats({ realm }),
  );
  const stats = new Map<string, SessionCount>();
  // Numbers come as strings (26.7.3). One that can't be read counts as a session: it must not look like none.
  const number = (value: unknown) => (/^\d+$/.test(String(value)) ? Number(value) : 1);
  for (const { id, active, offline } of found as { id: string; active: unknown; offline: unknown }[]) {
    stats.set(id, { active: number(active), offline: number(offline) });
  }
  return stats;
}
