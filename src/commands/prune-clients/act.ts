import { McpkcError } from '../../errors.ts';
import { mapSome, trySome } from '../../keycloak/connection/lists.ts';
import { NewEvents } from '../../keycloak/read/event-log.ts';
import { deleteClient, updateClient, type Written, withSecret } from '../../keycloak/write/write-pruned.ts';
import type { Judged } from './judge/audit.ts';
import { PRUNE_ATTRIBUTE, stageText } from './judge/marks.ts';
import { type Action, stageAfter } from './judge/stages.ts';
import { progressOf } from './progress.ts';
import { type Checked, type Rechecking, recheck } from './recheck.ts';
import type { Scan } from './scan.ts';

/** What acting needs beside the judged clients. */
export interface Acting extends Rechecking {
  scan: Scan;
  /** Puts clients' whole representations on disk; returns when they are there. */
  backup(clients: readonly { id: string; clientId: string; representation: object }[]): Promise<void>;
  /** Hears of each client that was acted on or spared. */
  audit(judged: readonly Judged[]): Promise<void>;
}

/** Giving back comes first, deleting last. */
const ORDER: readonly Action[] = ['revive', 'mark', 'disable', 'delete'];
/** Clients that share a look at sessions and events and a place in the backup: a quarter of a second's work. */
const BATCH = 64;

/**
 * Does what was decided, four clients at a time, and gives every client with what became of it. Right before a client
 * is disabled or deleted it is read and judged again. Stops at the first failure, which then says how much is done and
 * what is not; the next run does the rest.
 */
export async function act(acting: Acting): Promise<Judged[]> {
  const { context, scan } = acting;
  const todo = ORDER.flatMap((action) => scan.judged.filter(({ decision }) => decision.action === action));
  const results = new Map<string, Judged>();
  const news = new NewEvents(
    acting.keycloak,
    todo.map(({ clientId }) => clientId),
    scan.newestEvent,
  );
  const onDone = progressOf(context.io, context.voice, 'Pruning');
  for (let at = 0; at < todo.length; ) {
    if (context.signal.aborted) throw incomplete(context.signal.reason, todo, results);
    const action = todo[at]?.decision.action;
    const batch = todo.slice(at, at + BATCH).filter(({ decision }) => decision.action === action);
    // What throws did so before anything of the batch was written.
    const { done, failure } = await actOn(acting, news, batch).catch(nothingDone);
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

const nothingDone = (failure: unknown): Batch => ({ done: [], failure });

async function actOn(acting: Acting, news: NewEvents, batch: readonly Judged[]): Promise<Batch> {
  const cutsOff = batch.some(({ decision: { action } }) => action === 'disable' || action === 'delete');
  const checked = cutsOff
    ? await recheck(acting, news, batch)
    : { found: asTheyWere(batch), failure: undefined };
  const doomed = checked.found.flatMap(({ judged, whole }) =>
    judged.outcome === 'planned' && judged.decision.action === 'delete' && whole ? [{ judged, whole }] : [],
  );
  const condemned = await mapSome(doomed, async ({ judged: { id, clientId }, whole }) => ({
    id,
    clientId,
    representation: await withSecret(acting.keycloak, whole),
  }));
  if (condemned.length > 0) await acting.backup(condemned);
  const written = await trySome(checked.found, ({ judged }) => write(acting, judged));
  return { done: written.results, failure: checked.failure ?? written.failure };
}

function asTheyWere(batch: readonly Judged[]): Checked[] {
  return batch.map((judged) => ({ judged, whole: undefined }));
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
