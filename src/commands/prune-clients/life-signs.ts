import { McpkcError } from '../../errors.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { canAccountSee } from '../../keycloak/connection/own-roles.ts';
import { type Consents, readConsents } from '../../keycloak/read/consents.ts';
import { MOST_EVENTS, readEventLog, readLastEventsChange } from '../../keycloak/read/events.ts';
import { readEventsConfig } from '../../keycloak/read/read.ts';
import { readSessionStats, type SessionCount } from '../../keycloak/read/sessions.ts';
import type { EventsConfig } from '../../realm/representations.ts';
import type { AdminRole } from '../../realm/roles.ts';
import { formatCommand } from '../../text.ts';
import type { OrphanEvidence } from './judge/evidence.ts';
import { History } from './judge/history.ts';
import type { Observed } from './judge/marks.ts';

/** The three sources beside the clients themselves, with their evidence for one client. */
export interface LifeSigns {
  sessions(id: string): OrphanEvidence['sessions'];
  consents(clientId: string): OrphanEvidence['consents'];
  events(clientId: string): OrphanEvidence['events'];
  /** The newest stored event's time by the server's clock. */
  newestEvent: number;
  eventsConfig: EventsConfig | undefined;
  /** The last time at which an administrator changed which events are stored, as far as that is known. */
  eventsChanged: number | undefined;
  /** The reason why a source could not be read: a missing role, or Keycloak's failure. */
  troubles: McpkcError[];
}

/** The manner in which the sources are read. */
export interface Reading {
  keycloak: Keycloak;
  signal: AbortSignal;
  now: number;
  observed: Observed;
  /** The clients whose events matter. */
  clientIds: ReadonlySet<string>;
  onConsents(done: number, all: number): void;
  onEvents(done: number): void;
}

/** Throws ROLE_MISSING (exit status 4) unless the account's token shows that it holds the role. */
export async function requireRole(keycloak: Keycloak, role: AdminRole, what: string): Promise<void> {
  if (await canAccountSee(keycloak, role)) return;
  const { account, roleClient } = keycloak.place;
  const message = `The account '${account}' may not ${what} for certain in realm '${keycloak.realm}': it lacks the role '${role}' of the client '${roleClient}'.`;
  throw new McpkcError(
    'ROLE_MISSING',
    message,
    `To grant what is missing, signing in once as an administrator:\n${formatCommand(['init', ['--server', keycloak.server], ['--realm', keycloak.realm]])}`,
    { details: { role } },
  );
}

/** Reads all three. One that can't be read is unknown for every client, and its failure is among the troubles. */
export async function readLifeSigns(reading: Reading): Promise<LifeSigns> {
  const { keycloak, signal } = reading;
  const troubles: McpkcError[] = [];
  const attempt = async <T>(role: AdminRole, what: string, read: () => Promise<T>): Promise<T | string> => {
    try {
      await requireRole(keycloak, role, what);
      return await read();
    } catch (error) {
      if (!(error instanceof McpkcError) || signal.aborted) throw error;
      troubles.push(error);
      return error.message;
    }
  };
  const sessions = await attempt('view-realm', 'read which clients have sessions', () =>
    readSessionStats(keycloak),
  );
  const consents = await attempt('view-users', 'read users’ consents', () =>
    readConsents(keycloak, reading.onConsents),
  );
  const events = await attempt('view-events', 'read the stored events', () => readHistory(reading));
  return { ...evidenceFrom(sessions, consents, events, reading.now), troubles };
}

/** The data of a source as evidence for one client; a text is the reason why it could not be read. */
function evidenceFrom(
  sessions: Map<string, SessionCount> | string,
  consents: Consents | string,
  events: HistoryRead | string,
  now: number,
): Omit<LifeSigns, 'troubles'> {
  const unknown = (why: string) => ({ readable: false, why }) as const;
  const read = typeof events === 'string' ? undefined : events;
  const reach = read?.history?.reach(now);
  return {
    newestEvent: read?.history?.newest ?? 0,
    eventsConfig: read?.config,
    eventsChanged: read?.changed,
    sessions: (id) =>
      typeof sessions === 'string'
        ? unknown(sessions)
        : { readable: true, ...(sessions.get(id) ?? { active: 0, offline: 0 }) },
    consents: (clientId) => {
      if (typeof consents === 'string') return unknown(consents);
      if ('why' in consents) return unknown(consents.why);
      return { readable: true, ...(consents.byClientId.get(clientId) ?? { users: 0, lastGiven: undefined }) };
    },
    events: (clientId) => {
      if (typeof events === 'string') return unknown(events);
      if (!events.history || !reach) return unknown(events.why ?? 'they are not stored');
      return { readable: true, ...events.history.of(clientId), reach };
    },
  };
}

interface HistoryRead {
  config: EventsConfig;
  changed: number | undefined;
  history?: History;
  why?: string;
}

/** The history, or the reason why there is none though the settings could be read. */
async function readHistory({ keycloak, observed, clientIds, onEvents }: Reading): Promise<HistoryRead> {
  const config = await readEventsConfig(keycloak);
  const changed = await readLastEventsChange(keycloak);
  const history = new History(clientIds, {
    isOn: (type) => config.enabled && config.types.includes(type),
    retentionMs: config.expirationMs,
    changed,
    on: observed.on,
    off: observed.off,
  });
  let read = 0;
  try {
    for await (const page of readEventLog(keycloak)) {
      for (const event of page) history.add(event);
      read += page.length;
      onEvents(read);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { config, changed, why: `there are more than ${MOST_EVENTS.toLocaleString('en')} of them` };
  }
  return { config, changed, history };
}
