import { heldOf } from '../../realm/mcp-scope.ts';
import { type Client, isKeycloakId } from '../../realm/representations.ts';
import type { Keycloak } from '../connection/connect.ts';
import { mapSome } from '../connection/lists.ts';
import { findClientById } from './clients.ts';
import { readSessionStats } from './sessions.ts';

/** A client that people are signed in with, and who they are. */
export interface LivingClient {
  client: Client;
  /** Internal id → name; of ordinary sessions and offline ones. */
  users: ReadonlyMap<string, string>;
}

/** The clients with a session that hold one of some scopes. */
export interface Living {
  clients: LivingClient[];
  /** Clients with sessions that were not looked at, since there are too many. */
  more: number;
}

/** As many clients with sessions are looked at: each takes three requests or more. */
const MOST_CLIENTS = 200;
const SESSIONS = { what: 'read who is signed in', role: 'view-clients' } as const;
const PAGE = 500;
/** As many sessions of one client are read. */
const MOST_SESSIONS = 5_000;

/** Who is signed in with clients that hold one of these scopes. The cost grows with clients that have sessions, at most 200 of them. */
export async function readLiving(keycloak: Keycloak, scopes: readonly string[]): Promise<Living> {
  const stats = await readSessionStats(keycloak);
  const ids = [...stats.keys()].filter(isKeycloakId);
  const looked = ids.slice(0, MOST_CLIENTS);
  const found = await mapSome(looked, async (id): Promise<LivingClient | undefined> => {
    const client = await findClientById(keycloak, id);
    if (!client || heldOf(client, scopes) === 'none') return undefined;
    return { client, users: await signedIn(keycloak, id) };
  });
  return { clients: found.filter((one) => one !== undefined), more: ids.length - looked.length };
}

async function signedIn(keycloak: Keycloak, id: string): Promise<Map<string, string>> {
  const users = new Map<string, string>();
  for (const list of ['listSessions', 'listOfflineSessions'] as const) {
    for (let first = 0; first < MOST_SESSIONS; first += PAGE) {
      const page = await keycloak.read(SESSIONS, (admin) => admin.clients[list]({ id, first, max: PAGE }));
      for (const { userId, username } of page) users.set(String(userId), String(username ?? ''));
      if (page.length < PAGE) break;
    }
  }
  return users;
}
