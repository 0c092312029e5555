import type { SeenConnections, SeenSession } from '../../keycloak/read/connections.ts';
import type { Lifetimes } from '../../keycloak/read/lifetimes.ts';
import { isLoopback } from '../../names/loopback.ts';
import { documentStateOf } from '../../products/document-state.ts';
import { isSelfRegistered, judgeOrigin, presetOf } from '../../products/dynamic.ts';
import type { Preset } from '../../products/preset.ts';
import { matchesAny } from '../../products/redirect.ts';
import type { PolicyLists } from '../../realm/document-policies.ts';
import { heldOf } from '../../realm/mcp-scope.ts';
import type { McpServer } from '../../realm/mcp-server.ts';
import { allowancesOf, type RealmRecord } from '../../realm/record.ts';
import type { Client } from '../../realm/representations.ts';
import type { Way } from '../../realm/ways.ts';

/** An MCP server as far as connections go, with the people who may use it. */
export interface ReachedServer extends Pick<McpServer, 'scope' | 'carriers'> {
  /** Its URL; the name of its scope where that isn't known. */
  resource: string;
  /** Internal ids of the people who have one of its roles; undefined where everybody may use it. */
  people: ReadonlySet<string> | undefined;
}

/** One person connected by one client. */
export interface Connected {
  userId: string;
  username: string;
  client: Client;
  /** The product's title, where it can be told. */
  product: string | undefined;
  /** Names of the products that the client is for; more than one of a client that was made for several. */
  presets: readonly string[];
  way: Way;
  /** The MCP servers that its token opens for this person. */
  servers: string[];
  /** The time of the person's consent, in milliseconds; undefined where nobody was asked, or that isn't visible. */
  since: number | undefined;
  /** The last time that it was seen in use, and the source; undefined where nothing tells. */
  lastUsed: { at: number; by: 'session' | 'offline session' | 'event' } | undefined;
  sessions: SeenSession[];
  consented: boolean;
}

/** The facts that administrators alone write, and that show the way in which a client came to be. */
export interface WayFacts {
  record: RealmRecord;
  /** Client policies, by which Keycloak fetches documents; empty where no client looks like one of a document. */
  lists: PolicyLists;
}

/**
 * The way in which a client came to be. A registrant chooses client id and attributes, so neither makes a client one of
 * a document: only mcpkc's record does, or a client policy that fetches that document.
 */
export function wayOf(client: Client, facts: WayFacts): Way {
  const [made] = allowancesOf(facts.record, client);
  if (made) return made.way;
  if (documentStateOf(client.clientId, { client, ...facts }).kind === 'fetched') return 'document';
  return judgeOrigin(client).kind === 'dynamic' || isSelfRegistered(client) ? 'registration' : 'client';
}

/**
 * The products that a client is for, as an administrator's word has it (`mcpkc allow`); else the one whose redirect URIs
 * it has.
 */
export function productsOf(client: Client, presets: readonly Preset[], { record }: WayFacts): Preset[] {
  const made = allowancesOf(record, client).flatMap(({ products }) => products);
  const known = presets.filter(({ name }) => made.includes(name));
  return known.length > 0 ? known : [presetOf(client, presets) ?? []].flat();
}

/**
 * Clients that would send codes to a product, and are not counted as its own: they have redirect URIs of others, too.
 * URIs that lead to a person's own machine are anybody's.
 */
export function partlyOf({ redirectUris }: Preset, rows: readonly Connected[]): Client[] {
  const leadsThere = (uri: string) => {
    const url = URL.parse(uri);
    return url !== null && !isLoopback(url) && matchesAny(redirectUris, uri);
  };
  const clients = rows.map(({ client }) => client).filter((client) => client.redirectUris.some(leadsThere));
  return [...new Map(clients.map((client) => [client.id, client])).values()];
}

/** A client's own lifetime of access tokens, in seconds; -1 for that of a session (Keycloak 26.7). */
const LIFESPAN_ATTRIBUTE = 'access.token.lifespan';

/** The longest time that an access token of a client lasts, in seconds, as the client is now. */
export function tokenLifeOf({ attributes, implicitFlowEnabled }: Client, lifetimes: Lifetimes): number {
  const own = attributes[LIFESPAN_ATTRIBUTE] ?? '';
  const set = /^\d+$/.test(own) ? Number(own) : own === '-1' ? lifetimes.sessionMax : lifetimes.accessToken;
  return implicitFlowEnabled === true ? Math.max(set, lifetimes.implicitToken) : set;
}

/**
 * A row for each person and client that holds an MCP server's audience. The one that was used last comes first; those
 * of which nothing tells come last.
 */
export function connectionsIn(
  seen: SeenConnections,
  servers: readonly ReachedServer[],
  presets: readonly Preset[],
  facts: WayFacts,
): Connected[] {
  const rows = seen.clients.flatMap((client): Connected[] => {
    const held = servers.filter(({ carriers }) => heldOf(client, carriers) !== 'none');
    if (held.length === 0) return [];
    const sessions = seen.sessions.filter((one) => one.client === client.id);
    const consents = seen.consents.filter(({ clientId }) => clientId === client.clientId);
    const people = new Map([...sessions, ...consents].map(({ userId, username }) => [userId, username]));
    const products = productsOf(client, presets, facts);
    const way = wayOf(client, facts);
    return [...people].map(([userId, username]): Connected => {
      const own = sessions.filter((one) => one.userId === userId);
      const consent = consents.find((one) => one.userId === userId);
      return {
        userId,
        username,
        client,
        product: products.length === 0 ? undefined : products.map(({ title }) => title).join(', '),
        presets: products.map(({ name }) => name),
        way,
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
): Connected['lastUsed'] {
  const uses: NonNullable<Connected['lastUsed']>[] = sessions.flatMap(({ lastAccess, offline }) =>
    lastAccess === undefined
      ? []
      : [{ at: lastAccess, by: offline ? ('offline session' as const) : ('session' as const) }],
  );
  const event = events.find((one) => one.clientId === clientId && one.userId === userId);
  if (event) uses.push({ at: event.time, by: 'event' });
  return uses.sort((a, b) => b.at - a.at)[0];
}
