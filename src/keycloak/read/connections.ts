import { McpkcError } from '../../errors.ts';
import { type Client, isKeycloakId, type UserEvent } from '../../realm/representations.ts';
import { count, visible } from '../../text.ts';
import type { Keycloak } from '../connection/connect.ts';
import { type Attempt, ifAllowed, statusOf } from '../connection/failures.ts';
import { listOf, mapSome } from '../connection/lists.ts';
import { canAccountSee } from '../connection/own-roles.ts';
import { findClient, findClientById } from './clients.ts';
import { MOST_USERS } from './consents.ts';
import { readEvents } from './events.ts';
import { type Lifetimes, readLifetimes } from './lifetimes.ts';
import { readSessionStats } from './sessions.ts';

/** A person's session with a client. */
export interface SeenSession {
  id: string;
  /** Internal id of the client. */
  client: string;
  userId: string;
  username: string;
  offline: boolean;
  address: string | undefined;
  /** Milliseconds since the epoch. */
  start: number | undefined;
  lastAccess: number | undefined;
}

/** A person's consent for a client. */
export interface SeenConsent {
  clientId: string;
  userId: string;
  username: string;
  /** Milliseconds since the epoch; undefined for an offline token that nobody was asked for. */
  given: number | undefined;
}

/** The connections of people to clients, as far as the account sees them. */
export interface SeenConnections {
  clients: Client[];
  sessions: SeenSession[];
  consents: SeenConsent[];
  /** Sign-ins and refreshes that the realm stored, newest first. */
  events: UserEvent[];
  lifetimes: Lifetimes;
  /** Parts that could not be seen, and the roles that they take, as sentences. */
  hidden: string[];
}

/** The user or client whose connections are asked for. */
export interface ConnectionWish {
  /** A user's name. */
  user: string | undefined;
  /** A client id. */
  client: string | undefined;
  /** The most users whose consents are read; beyond it they are not, and `hidden` shows that. 20,000 unless set. */
  mostUsers?: number;
  /** Stored sign-ins are left out. */
  withoutEvents?: boolean;
}

const PAGE = 100;
const SESSIONS: Attempt = { what: 'read who is signed in', role: 'view-clients' };
const USERS: Attempt = { what: 'read the users', role: 'view-users' };
const CONSENTS: Attempt = { what: 'read users’ consents', role: 'view-users' };
/** Types of events that show a use; Keycloak stores REFRESH_TOKEN only where somebody switched it on (26.7.4). */
const USES = ['LOGIN', 'CODE_TO_TOKEN', 'REFRESH_TOKEN'];
/** The most events that are read, the newest ones: a page is one request. */
const MOST_EVENTS = 1_000;

type Raw = Record<string, unknown>;
const text = (value: unknown) => (typeof value === 'string' ? value : '');
const number = (value: unknown) => (typeof value === 'number' ? value : undefined);

interface User {
  id: string;
  username: string;
}

/**
 * Reads sessions, offline sessions, consents and events. Sessions cost three requests or more for a client that has
 * some, consents one for a user. Clients that are known by a consent alone cost one each; clients that nobody uses cost
 * nothing.
 */
export async function readConnections(
  keycloak: Keycloak,
  wish: ConnectionWish,
  onRead: (what: string) => void,
): Promise<SeenConnections> {
  const hidden: string[] = [];
  const user = wish.user === undefined ? undefined : await userOf(keycloak, wish.user);
  const chosen = wish.client === undefined ? undefined : await findClient(keycloak, wish.client);
  if (wish.client !== undefined && chosen === undefined) throw noClientError(keycloak, wish.client);
  const ofUser = (userId: string) => user === undefined || user.id === userId;
  const stats = await readSessionStats(keycloak);
  const ids = [...stats.keys()].filter(isKeycloakId);
  const used = chosen ? ids.filter((id) => id === chosen.id) : ids;
  let done = 0;
  const found = await mapSome(used, async (id) => {
    const client = chosen ?? (await findClientById(keycloak, id));
    const sessions = client ? await sessionsOf(keycloak, client) : [];
    onRead(`${++done} of ${used.length} clients read`);
    return { client, sessions: sessions.filter(({ userId }) => ofUser(userId)), listed: sessions.length };
  });
  const counted = used.reduce(
    (sum, id) => sum + (stats.get(id)?.active ?? 0) + (stats.get(id)?.offline ?? 0),
    0,
  );
  const listed = found.reduce((sum, one) => sum + one.listed, 0);
  // 26.8 leaves out the sessions of users that the account may not view.
  if (listed < counted && !(await canAccountSee(keycloak, 'view-users')))
    hidden.push(
      `Keycloak counts ${count(counted, 'session')} and lists ${listed} to this account: it lacks the role 'view-users'.`,
    );
  const consents = await seen(hidden, () =>
    consentsOf(keycloak, user, wish.mostUsers ?? MOST_USERS, hidden, onRead),
  );
  const wanted = consents.filter(({ clientId }) => wish.client === undefined || clientId === wish.client);
  const clients = found.flatMap(({ client }) => client ?? []);
  const known = new Set(clients.map(({ clientId }) => clientId));
  const others = [...new Set(wanted.map(({ clientId }) => clientId))].filter((id) => !known.has(id));
  const more = await mapSome(others, (clientId) => findClient(keycloak, clientId));
  const events = wish.withoutEvents === true ? [] : await seen(hidden, () => eventsOf(keycloak));
  return {
    clients: [...clients, ...more.filter((client) => client !== undefined)],
    sessions: found.flatMap(({ sessions }) => sessions),
    consents: wanted,
    events,
    lifetimes: (await readLifetimes(keycloak)).lifetimes,
    hidden,
  };
}

/** A part that the account may not see is named, and nothing is claimed of it. */
function seen<T>(hidden: string[], read: () => Promise<T[]>): Promise<T[]> {
  return ifAllowed(read, ({ message }) => {
    hidden.push(message);
    return [];
  });
}

function noClientError({ realm }: Keycloak, clientId: string): McpkcError {
  const message = `Realm '${realm}' has no client '${visible(clientId)}' (--client). Nothing was changed.`;
  return new McpkcError('CLIENT_NOT_IN_REALM', message, 'mcpkc connections lists the clients that are used.');
}

async function userOf(keycloak: Keycloak, username: string): Promise<User> {
  const found = await keycloak.read({ ...USERS, what: `find the user '${username}'` }, (admin) =>
    admin.users.find({ username, exact: true, max: 1 }),
  );
  const [user] = found;
  if (user?.id !== undefined) return { id: user.id, username: text(user.username) };
  const message = `There is no user '${username}' in realm '${keycloak.realm}' (--user).`;
  throw new McpkcError('INPUT_INVALID', message, 'Look the name up in the admin console, Users.', {
    details: { culprit: '--user' },
  });
}

/** The sessions that these clients have now, offline ones included; none of a client that is gone. */
export async function readSessionsOf(keycloak: Keycloak, clients: readonly Client[]): Promise<SeenSession[]> {
  const found = await mapSome([...clients], (client) =>
    sessionsOf(keycloak, client).catch((error): SeenSession[] => {
      if (statusOf(error) === 404) return [];
      throw error;
    }),
  );
  return found.flat();
}

async function sessionsOf(keycloak: Keycloak, { id }: Client): Promise<SeenSession[]> {
  const all: SeenSession[] = [];
  for (const list of ['listSessions', 'listOfflineSessions'] as const) {
    for (let first = 0; ; first += PAGE) {
      const page = await keycloak.read(SESSIONS, (admin) => admin.clients[list]({ id, first, max: PAGE }));
      for (const raw of listOf(page as Raw[], SESSIONS)) {
        all.push({
          id: text(raw.id),
          client: id,
          userId: text(raw.userId),
          username: text(raw.username),
          offline: list === 'listOfflineSessions',
          address: text(raw.ipAddress) || undefined,
          start: number(raw.start),
          lastAccess: number(raw.lastAccess),
        });
      }
      if (page.length < PAGE) break;
    }
  }
  return all;
}

async function consentsOf(
  keycloak: Keycloak,
  user: User | undefined,
  most: number,
  hidden: string[],
  onRead: (what: string) => void,
): Promise<SeenConsent[]> {
  const users = user ? [user] : await usersOf(keycloak, most);
  if (users === 'too many') {
    hidden.push(`Consents were not read: the realm has more than ${most.toLocaleString('en')} users.`);
    return [];
  }
  if (users.length === 0 && !(await canAccountSee(keycloak, 'view-users'))) {
    hidden.push("Consents are not visible to this account: it lacks the role 'view-users'.");
    return [];
  }
  let done = 0;
  const found = await mapSome(users, async ({ id, username }) => {
    const consents = await keycloak
      .read(CONSENTS, (admin) => admin.users.listConsents({ id }))
      .catch((error) => {
        // Deleted meanwhile, and the consents with the user.
        if (statusOf(error) === 404) return [];
        throw error;
      });
    if (++done % PAGE === 0) onRead(`consents of ${done} of ${users.length} users read`);
    return ((consents ?? []) as Raw[]).map(
      ({ clientId, createdDate }): SeenConsent => ({
        clientId: text(clientId),
        userId: id,
        username,
        given: number(createdDate),
      }),
    );
  });
  return found.flat();
}

async function usersOf(keycloak: Keycloak, most: number): Promise<User[] | 'too many'> {
  const users = new Map<string, User>();
  for (let first = 0; ; first += PAGE) {
    const page = await keycloak.read(USERS, (admin) =>
      admin.users.find({ first, max: PAGE, briefRepresentation: true }),
    );
    for (const { id, username } of listOf(page as Raw[], USERS))
      users.set(text(id), { id: text(id), username: text(username) });
    if (users.size > most) return 'too many';
    if (page.length < PAGE) return [...users.values()];
  }
}

async function eventsOf(keycloak: Keycloak): Promise<UserEvent[]> {
  const all: UserEvent[] = [];
  for (let first = 0; first < MOST_EVENTS; first += PAGE) {
    const page = await readEvents(keycloak, { types: USES, first, max: PAGE });
    all.push(...page);
    if (page.length < PAGE) break;
  }
  return all;
}
