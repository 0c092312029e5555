import { ifAllowed } from '../keycloak/connection/failures.ts';
import { readAllEvents } from '../keycloak/read/events.ts';
import { readEventsConfig } from '../keycloak/read/read.ts';
import type { UserEvent } from '../realm/representations.ts';
import { type Check, fail, pass } from './check.ts';
import { judgeBy, type Run, type Step, withoutAdmin } from './step.ts';

/** The traces of a run in logs and events. */
export interface LogEvidence {
  /** Whether the realm stores events; undefined where that is not known. */
  stored: boolean | undefined;
  /** The run's own, oldest first. */
  events: readonly UserEvent[];
  /** The reason why they could not be read. */
  problem: string | undefined;
  /** Whether the run did anything that leaves an event. */
  expected: boolean;
  commands: { keycloak: string; mcpServer: string; accessLog: string };
}

/** Events that a run can leave behind (Keycloak 26.7). */
const TYPES = [
  'CLIENT_REGISTER',
  'CLIENT_REGISTER_ERROR',
  'CLIENT_DELETE',
  'LOGIN',
  'LOGIN_ERROR',
  'CODE_TO_TOKEN',
  'CODE_TO_TOKEN_ERROR',
  'CLIENT_LOGIN',
  'CLIENT_LOGIN_ERROR',
];

/** The head start for clocks that differ: events are looked for from a little earlier on, and told by their client. */
const EARLIER_MS = 60_000;

async function probeLog(run: Run): Promise<LogEvidence> {
  const { inside, target, recorder, since, parts } = run;
  const from = new Date(since).toISOString();
  const clients = run.probes.clientIds;
  // A client id is chosen by the server, or from outside by anybody: one that means something to grep or a shell stays
  // out.
  const plain = clients.filter((id) => /^[\w-]+$/.test(id));
  const pattern = plain.length === 0 ? `'${target.runId}'` : `-E '${plain.join('|')}'`;
  const commands = {
    keycloak: `docker compose logs --since ${from} keycloak | grep ${pattern}`,
    mcpServer: `docker compose logs --since ${from} <mcp-service> | grep 'mcpkc-${target.runId}-'`,
    accessLog:
      'KC_HTTP_ACCESS_LOG_ENABLED=true (or QUARKUS_HTTP_ACCESS_LOG_ENABLED=true) switches Keycloak’s access log on',
  };
  const expected = (parts.registration?.presets.length ?? 0) > 0;
  const nothing = { stored: undefined, events: [], problem: undefined, expected, commands };
  if (!inside) return nothing;
  const read = async (): Promise<LogEvidence> => {
    const { enabled } = await readEventsConfig(inside.keycloak);
    if (!enabled) return { ...nothing, stored: false };
    const skew = (parts.token?.skew ?? 0) * 1000;
    const all = await readAllEvents(inside.keycloak, TYPES, since + skew - EARLIER_MS);
    const refusals = recorder.exchanges.some(({ method, status }) => method === 'POST' && status === 403);
    const started = since + skew - 1000;
    const own = all.filter(({ clientId, type, time }) => {
      if (clientId !== undefined && clients.includes(clientId)) return true;
      return refusals && type === 'CLIENT_REGISTER_ERROR' && time >= started;
    });
    return { ...nothing, stored: true, events: own };
  };
  return ifAllowed(read, ({ message }) => ({ ...nothing, problem: message }));
}

/** An event as the document has it. */
function shownEvent({ time, type, clientId, error, details }: UserEvent) {
  const policy = details.client_registration_policy;
  return {
    time: new Date(time).toISOString(),
    type,
    client: clientId ?? null,
    error: error ?? null,
    ...(policy === undefined ? {} : { policy }),
  };
}

const correlate: Check = {
  id: 'LOG-CORRELATE',
  title: 'Keycloak’s events of this run can be found',
  severity: 'info',
  needs: [],
  spec: 'Keycloak 26.7, user events',
  cause:
    'The realm stores no events, so a connector’s failed attempt leaves no trace but in the server’s log.',
  fix: 'mcpkc init --events 7d switches them on.',
  judge: judgeBy('log-correlation', ({ stored, events, problem, expected, commands }, { target }) => {
    const facts = { events: events.map(shownEvent), commands };
    if (!target.inside) return { ...withoutAdmin(target), facts };
    if (problem !== undefined)
      return fail(problem, { facts, cause: 'The account lacks view-events.', fix: 'mcpkc init grants it.' });
    if (stored !== true) return fail('The realm stores no events.', { facts });
    if (!expected) return pass('Events are stored; this run did nothing that leaves some.', { facts });
    if (events.length === 0) {
      return fail('The realm stores events, but none of this run’s.', {
        facts,
        cause: 'The types of registrations and logins are not among those that are stored.',
      });
    }
    return pass(`${events.length} events: ${[...new Set(events.map(({ type }) => type))].join(', ')}.`, {
      facts,
    });
  }),
};

/** The run's traces. */
export const logCorrelationStep: Step<'log-correlation'> = {
  name: 'log-correlation',
  doing: 'Looking for the run in Keycloak’s events',
  after: ['authorization', 'token', 'mcp'],
  probe: probeLog,
  checks: [correlate],
};
