import type { Context } from '../command.ts';
import { McpkcError } from '../errors.ts';
import { clientOf } from '../keycloak/clients.ts';
import type { Keycloak } from '../keycloak/connect.ts';
import { eventsOfClient } from '../keycloak/event-log.ts';
import { readSessionStats, type SessionCount } from '../keycloak/sessions.ts';
import { deleteClient, updateClient, type Written, wholeClient } from '../keycloak/write-pruned.ts';
import type { Judged } from '../prune/audit.ts';
import { candidateOf } from '../prune/candidate.ts';
import { withEvent } from '../prune/history.ts';
import { PRUNE_ATTRIBUTE, stageText } from '../prune/marks.ts';
import { type Action, stageAfter } from '../prune/stages.ts';
import { progressOf } from './progress.ts';
import { judged as judgeAgain, type Scan, type Wish } from './scan.ts';

/** What acting needs beside the judged clients. */
export interface Acting {
  context: Context;
  keycloak: Keycloak;
  wish: Wish;
  scan: Scan;
  /** Puts clients' whole representations on disk; returns when they are there. */
  backup(clients: readonly { id: string; clientId: string; representation: object }[]): Promise<void>;
  /** Hears of each client that was acted on or spared. */
  audit(judged: readonly Judged[]): Promise<void>;
}

/** Giving back comes first, deleting last. */
const ORDER: readonly Action[] = ['revive', 'mark', 'disable', 'delete'];
const AT_ONCE = 4;
/** Clients that share a look at the sessions and a place in the backup: a tenth of a second's work. */
const BATCH = 16;

/**
 * Does what was decided, four clients at a time, and gives every client with what became of it. Right before a client
 * is disabled or deleted it is read and judged again. Stops at the first failure, which then says how much is done and
 * what is not; the next run does the rest.
 */
export async function act(acting: Acting): Promise<Judged[]> {
  const { context, scan } = acting;
  const todo = ORDER.flatMap((action) => scan.judged.filter(({ decision }) => decision.action === action));
  const results = new Map<string, Judged>();
  const onDone = progressOf(context.io, context.voice, 'Pruning');
  for (let at = 0; at < todo.length; ) {
    if (context.signal.aborted) throw incomplete(context.signal.reason, todo, results);
    const action = todo[at]?.decision.action;
    const batch = todo.slice(at, at + BATCH).filter(({ decision }) => decision.action === action);
    const { done, failure } = await actOn(acting, batch);
    for (const one of done) results.set(one.id, one);
    await acting.audit(done);
    if (failure !== undefined) throw incomplete(failure, todo, results);
    at += batch.length;
    onDone(at, todo.length);
  }
  context.voice.progress(undefined);
  return scan.judged.map((one) => results.get(one.id) ?? one);
}

interface Batch {
  done: Judged[];
  failure: unknown;
}

async function actOn(acting: Acting, batch: readonly Judged[]): Promise<Batch> {
  const cutsOff = batch.some(({ decision: { action } }) => action === 'disable' || action === 'delete');
  const sessions = cutsOff ? await readSessionStats(acting.keycloak) : NO_SESSIONS;
  const checked = await settled(batch, (one) => recheck(acting, one, sessions));
  const condemned = checked.values.flatMap(({ judged, whole }) =>
    judged.outcome === 'planned' && judged.decision.action === 'delete' && whole
      ? [{ id: judged.id, clientId: judged.clientId, representation: whole }]
      : [],
  );
  if (condemned.length > 0) await acting.backup(condemned);
  const written = await settled(checked.values, ({ judged }) => write(acting, judged));
  return { done: written.values, failure: checked.failure ?? written.failure };
}

/** Works on a list, four at a time, and stops after the first four with a failure. */
async function settled<T, R>(
  list: readonly T[],
  work: (one: T) => Promise<R>,
): Promise<{ values: R[]; failure: unknown }> {
  const values: R[] = [];
  for (let at = 0; at < list.length; at += AT_ONCE) {
    const results = await Promise.allSettled(list.slice(at, at + AT_ONCE).map(work));
    values.push(...results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) return { values, failure: failed.reason };
  }
  return { values, failure: undefined };
}

const NO_SESSIONS: ReadonlyMap<string, SessionCount> = new Map();

/** The client as it is now and what is decided of it now; only what cuts off is looked at again. */
async function recheck(
  acting: Acting,
  was: Judged,
  sessions: ReadonlyMap<string, SessionCount>,
): Promise<{ judged: Judged; whole: object | undefined }> {
  const { keycloak, wish, scan, context } = acting;
  if (was.decision.action !== 'disable' && was.decision.action !== 'delete') {
    return { judged: was, whole: undefined };
  }
  const whole = await wholeClient(keycloak, was.id);
  if (whole === undefined) return { judged: { ...was, outcome: 'gone' }, whole };
  const client = clientOf(whole);
  if (client.id !== was.id || client.clientId !== was.clientId) {
    const decision = { ...was.decision, action: 'keep', reason: 'its client id changed meanwhile' } as const;
    return { judged: { ...was, decision, outcome: 'spared' }, whole };
  }
  const news = await eventsOfClient(keycloak, was.clientId, scan.newestEvent);
  const { events, consents } = was.evidence;
  const evidence = {
    ...candidateOf(client, wish.house).evidence,
    sessions: { readable: true, ...(sessions.get(was.id) ?? { active: 0, offline: 0 }) } as const,
    consents,
    events: events.readable ? { ...events, ...news.reduce(withEvent, events) } : events,
  };
  const now = judgeAgain({ ...was, evidence }, wish, context.io.now());
  return {
    judged: now.decision.action === was.decision.action ? now : { ...now, outcome: 'spared' },
    whole,
  };
}

/** Writes a decision, and gives it with what became of it. */
async function write({ keycloak, context }: Acting, judged: Judged): Promise<Judged> {
  const { decision, evidence, outcome } = judged;
  const { action } = decision;
  if (outcome === 'gone' || action === 'keep') return judged;
  const now = context.io.now();
  const done = async (written: Promise<Written>): Promise<Judged> => {
    const became = await written;
    return { ...judged, outcome: became === 'done' && outcome === 'spared' ? 'spared' : became };
  };
  if (action === 'delete') return outcome === 'spared' ? judged : done(deleteClient(keycloak, judged));
  const attributes = { [PRUNE_ATTRIBUTE.stage]: stageText(stageAfter(action, now)) };
  if (action === 'mark') return done(updateClient(keycloak, judged, { attributes }));
  if (action === 'disable') {
    if (outcome === 'spared') return judged;
    return done(updateClient(keycloak, judged, { attributes, enabled: false }));
  }
  const life = { ...attributes, [PRUNE_ATTRIBUTE.lastSeen]: new Date(now).toISOString() };
  const enabled = evidence.marks.stage?.stage === 'disabled' ? { enabled: true } : {};
  return done(updateClient(keycloak, judged, { attributes: life, ...enabled }));
}

const NAMED = 20;

function incomplete(reason: unknown, todo: readonly Judged[], results: ReadonlyMap<string, Judged>): unknown {
  if (!(reason instanceof McpkcError)) return reason;
  const name = ({ clientId, decision }: Judged) => `${decision.action} ${clientId}`;
  const done = todo.flatMap(({ id }) => results.get(id) ?? []).filter(({ outcome }) => outcome === 'done');
  const open = todo.filter(({ id }) => !results.has(id));
  const names = open.slice(0, NAMED).map(name).join('; ');
  const more = open.length > NAMED ? ` and ${open.length - NAMED} more` : '';
  const hint = `${reason.hint}\nDone: ${done.length} of ${todo.length}. Not done: ${open.length === 0 ? 'nothing' : `${names}${more}`}. The same command does the rest.`;
  return new McpkcError(reason.code, reason.message, hint, {
    cause: reason.cause,
    details: { ...reason.details, done: done.map(name), open: open.map(name) },
  });
}
