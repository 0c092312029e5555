import type { SeenConnections, SeenSession } from '../../keycloak/read/connections.ts';
import { cameByRegistration, presetOf, registration } from '../../products/dynamic.ts';
import type { Preset } from '../../products/preset.ts';
import { heldOf } from '../../realm/mcp-scope.ts';
import type { Client } from '../../realm/representations.ts';

/** An MCP server, the scopes that carry its audience, and the people who may use it. */
export interface Server {
  resource: string;
  carriers: readonly string[];
  /** Internal ids of the people who have one of its roles; undefined where everybody may use it. */
  people: ReadonlySet<string> | undefined;
}

/** One person connected by one client. */
export interface Connection {
  userId: string;
  username: string;
  client: Client;
  /** The product's title, where it can be told. */
  product: string | undefined;
  preset: string | undefined;
  way: 'registration' | 'document' | 'client';
  /** The MCP servers that its token opens for this person. */
  servers: string[];
  /** The time of the person's consent, in milliseconds; undefined where nobody was asked, or that isn't visible. */
  since: number | undefined;
  /** The last time that it was seen in use, and the source; undefined where nothing tells. */
  lastUsed: { at: number; by: 'session' | 'offline session' | 'event' } | undefined;
  sessions: SeenSession[];
  consented: boolean;
}

/** The way in which a client came to be. */
function wayOf(client: Client): Connection['way'] {
  if (/^https:\/\//i.test(client.clientId)) return 'document';
  return registration(client).kind === 'dynamic' || cameByRegistration(client) ? 'registration' : 'client';
}

/**
 * A row for each person and client that holds an MCP server's audience. The one that was used last comes first; those
 * of which nothing tells come last.
 */
export function connectionsIn(
  seen: SeenConnections,
  servers: readonly Server[],
  presets: readonly Preset[],
): Connection[] {
  const rows = seen.clients.flatMap((client): Connection[] => {
    const held = servers.filter(({ carriers }) => heldOf(client, carriers) !== 'none');
    if (held.length === 0) return [];
    const sessions = seen.sessions.filter((one) => one.client === client.id);
    const consents = seen.consents.filter(({ clientId }) => clientId === client.clientId);
    const people = new Map([...sessions, ...consents].map(({ userId, username }) => [userId, username]));
    const preset = presetOf(client, presets);
    return [...people].map(([userId, username]): Connection => {
      const own = sessions.filter((one) => one.userId === userId);
      const consent = consents.find((one) => one.userId === userId);
      return {
        userId,
        username,
        client,
        product: preset?.title,
        preset: preset?.name,
        way: wayOf(client),
        servers: held
          .filter(({ people: may }) => may === undefined || may.has(userId))
          .map(({ resource }) => resource),
        since: consent?.given,
        lastUsed: lastUseOf(own, seen, client, userId),
        sessions: own,
        // An offline token that nobody was asked for stands among the consents without a date (26.7.4).
        consented: consent?.given !== undefined,
      };
    });
  });
  return rows.sort((a, b) => (b.lastUsed?.at ?? 0) - (a.lastUsed?.at ?? 0));
}

function lastUseOf(
  sessions: readonly SeenSession[],
  { events }: SeenConnections,
  { clientId }: Client,
  userId: string,
): Connection['lastUsed'] {
  const uses: NonNullable<Connection['lastUsed']>[] = sessions.flatMap(({ lastAccess, offline }) =>
    lastAccess === undefined
      ? []
      : [{ at: lastAccess, by: offline ? ('offline session' as const) : ('session' as const) }],
  );
  const event = events.find((one) => one.clientId === clientId && one.userId === userId);
  if (event) uses.push({ at: event.time, by: 'event' });
  return uses.sort((a, b) => b.at - a.at)[0];
}
