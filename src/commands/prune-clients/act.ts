import { McpkcError } from '../../errors.ts';
import { mapSome, trySome } from '../../keycloak/connection/lists.ts';
import { NewEvents } from '../../keycloak/read/events.ts';
import { holderOf } from '../../keycloak/write/lock.ts';
import { deedBy, writeRecord } from '../../keycloak/write/record.ts';
import { revokeRegistrationToken } from '../../keycloak/write/registration-token.ts';
import { deleteClient, type WriteResult } from '../../keycloak/write/write-clients.ts';
import { setEnabled, withSecret } from '../../keycloak/write/write-pruned.ts';
import { restSentence } from '../../plan/plan.ts';
import type { AgeAccepted, PruneStage } from '../../realm/record.ts';
import type { Judged } from './judge/audit.ts';
import type { StageAction } from './judge/stages.ts';
import { progressOf } from './progress.ts';
import { type Checked, type Rechecking, recheck } from './recheck.ts';

/** The tools for acting, beside the judged clients. */
export interface Acting extends Rechecking {
  /** Puts clients' whole representations on disk; returns when they are there. */
  backup(clients: readonly { id: string; clientId: string; representation: object }[]): Promise<void>;
  /** Called for each client that was acted on or spared. */
  audit(judged: readonly Judged[]): Promise<void>;
}

/** The order of the steps: enabling comes first, deleting last. */
const ORDER: readonly StageAction[] = ['revive', 'mark', 'disable', 'delete'];
/**
 * Clients that share a look at sessions and events and a place in the backup: an eighth of a second's work. The next
 * batch is looked at while one is written, so that a look is a quarter of a second old when it counts.
 */
const BATCH = 32;

/**
 * Carries out the decisions, four clients at a time, and returns every client with its outcome. Right before a client
 * is disabled or deleted it is read and judged again. Stops at the first failure, which then reports how much is done
 * and how much is not; the next run does the rest.
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
  const batches = batchesOf(todo);
  let ahead = lookAt(acting, news, batches[0]);
  let at = 0;
  for (const [index, batch] of batches.entries()) {
    if (context.signal.aborted) throw incomplete(context.signal.reason, todo, results);
    const looked = await ahead;
    ahead = lookAt(acting, news, looked.failure === undefined ? batches[index + 1] : undefined);
    // An error thrown here came before anything of the batch was written.
    const { done, failure } = await actOn(acting, looked).catch(nothingDone);
    for (const one of done) results.set(one.id, one);
    await acting.audit(done);
    if (failure !== undefined) {
      await ahead;
      throw incomplete(failure, todo, results);
    }
    at += batch.length;
    onDone(at, todo.length);
  }
  context.voice.progress(undefined);
  return scan.judged.map((one) => results.get(one.id) ?? one);
}

interface Looked {
  found: Checked[];
  failure: unknown;
}

interface Batch {
  done: Judged[];
  failure: unknown;
}

const nothingDone = (failure: unknown): Batch => ({ done: [], failure });

/** The todo list in batches of one action each. */
function batchesOf(todo: readonly Judged[]): Judged[][] {
  const batches: Judged[][] = [];
  for (let at = 0; at < todo.length; at += batches.at(-1)?.length ?? 1) {
    const action = todo[at]?.decision.action;
    batches.push(todo.slice(at, at + BATCH).filter(({ decision }) => decision.action === action));
  }
  return batches;
}

/** The batch as it is now. A failure stands in the answer: it counts when its turn comes. */
async function lookAt(acting: Acting, news: NewEvents, batch: readonly Judged[] = []): Promise<Looked> {
  const cutsOff = batch.some(({ decision: { action } }) => action === 'disable' || action === 'delete');
  if (!cutsOff) return { found: asTheyWere(batch), failure: undefined };
  return recheck(acting, news, batch).catch((failure: unknown) => ({ found: [], failure }));
}

async function actOn(acting: Acting, checked: Looked): Promise<Batch> {
  if (checked.found.length === 0) return nothingDone(checked.failure);
  const doomed = checked.found.flatMap(({ judged, whole }) =>
    judged.outcome === 'planned' && isCutOff(judged) && whole ? [{ judged, whole }] : [],
  );
  const condemned = await mapSome(doomed, async ({ judged: { id, clientId }, whole }) => ({
    id,
    clientId,
    representation: await withSecret(acting.keycloak, whole),
  }));
  if (condemned.length > 0) await acting.backup(condemned);
  await writeBefore(acting, checked.found);
  const written = await trySome(checked.found, ({ judged }) => write(acting, judged));
  await writeAfter(acting, written.results);
  return { done: written.results, failure: checked.failure ?? written.failure };
}

/** Whether a client goes for good, or for an operator's word alone: then it is in the backup before. */
function isCutOff({ decision: { action, standing } }: Judged): boolean {
  return action === 'delete' || (action === 'disable' && standing === 'accepted');
}

/**
 * The intent, written down before the act: a run that is killed in between leaves the clients that it did not reach as
 * they were.
 */
async function writeBefore({ keycloak, context, scan }: Acting, found: readonly Checked[]): Promise<void> {
  const at = new Date(context.io.now()).toISOString();
  const accepted: AgeAccepted[] = [];
  for (const { judged } of found) {
    const { action, standing } = judged.decision;
    if (action === 'disable' && standing === 'accepted' && judged.outcome === 'planned') {
      accepted.push(acceptedEntry(judged, at, deedBy(holderOf(context.io, 'prune-clients --accept-age'))));
    }
    const { stage } = judged.evidence.marks;
    const markedAt = stage === undefined ? at : new Date(stage.at).toISOString();
    if (action === 'mark') scan.ledger.setStage(judged.key, stageEntry(judged, 'marked', at, at));
    if (action === 'disable' && judged.outcome === 'planned')
      scan.ledger.setStage(judged.key, stageEntry(judged, 'disabling', at, markedAt));
  }
  const { remember = [], forget = [] } = scan.ledger.edit();
  await writeRecord(keycloak, { remember: [...remember, ...accepted], forget });
}

/** The operator's word, for the runs that come after the grace. */
function acceptedEntry({ id, clientId, key, evidence }: Judged, since: string, by: string): AgeAccepted {
  const age = new Date(evidence.acceptedAge ?? 0).toISOString();
  return { kind: 'age-accepted', client: { id, clientId }, key, age, since, by };
}

/** The record of the act. */
async function writeAfter({ keycloak, context, scan }: Acting, done: readonly Judged[]): Promise<void> {
  const now = context.io.now();
  const at = new Date(now).toISOString();
  for (const judged of done) {
    const { decision, outcome, key } = judged;
    if (decision.action === 'disable' && outcome === 'done')
      scan.ledger.setStage(key, stageEntry(judged, 'disabled', at, at));
    if (outcome === 'gone' || (decision.action === 'delete' && outcome === 'done'))
      scan.ledger.setStage(key, undefined);
    if (decision.action !== 'revive') continue;
    scan.ledger.setStage(key, undefined);
    scan.ledger.sawAlive(key, now);
  }
  await writeRecord(keycloak, scan.ledger.edit());
}

function stageEntry(
  { id, clientId, key }: Judged,
  stage: PruneStage['stage'],
  at: string,
  markedAt: string,
): PruneStage {
  return { kind: 'stage', client: { id, clientId }, key, stage, at, markedAt };
}

function asTheyWere(batch: readonly Judged[]): Checked[] {
  return batch.map((judged) => ({ judged, whole: undefined }));
}

/** Carries out the decision on the client, and returns it with its outcome. */
async function write({ keycloak }: Acting, judged: Judged): Promise<Judged> {
  const { decision, evidence, outcome } = judged;
  const { action } = decision;
  if (outcome === 'gone' || action === 'keep') return judged;
  const done = async (written: Promise<WriteResult>): Promise<Judged> => {
    const became = await written;
    return { ...judged, outcome: became === 'done' && outcome === 'spared' ? 'spared' : became };
  };
  if (action === 'mark') return { ...judged, outcome: outcome === 'spared' ? 'spared' : 'done' };
  if (action === 'revive') {
    const isDisabled = evidence.marks.stage?.stage === 'disabled';
    return done(isDisabled ? setEnabled(keycloak, judged, true) : Promise.resolve('done'));
  }
  if (outcome === 'spared') return judged;
  if (action === 'delete') return done(deleteClient(keycloak, judged));
  // The registrant could enable it again by its registration access token (26.4.0).
  const isThere = await revokeRegistrationToken(keycloak, judged);
  return isThere ? done(setEnabled(keycloak, judged, false)) : { ...judged, outcome: 'gone' };
}

const NAMED = 20;

function incomplete(reason: unknown, todo: readonly Judged[], results: ReadonlyMap<string, Judged>): unknown {
  if (!(reason instanceof McpkcError)) return reason;
  const name = ({ clientId, decision }: Judged) => `${decision.action} ${clientId}`;
  const done = todo.flatMap(({ id }) => results.get(id) ?? []).filter(({ outcome }) => outcome === 'done');
  const open = todo.filter(({ id }) => !results.has(id));
  const names = open.slice(0, NAMED).map(name).join('; ');
  const more = open.length > NAMED ? ` and ${open.length - NAMED} more` : '';
  const fix = `${reason.fix}\nDone: ${done.length} of ${todo.length}. Not done: ${open.length === 0 ? 'nothing' : `${names}${more}`}. ${restSentence(reason)}`;
  return new McpkcError(reason.code, reason.message, fix, {
    cause: reason.cause,
    details: { ...reason.details, done: done.map(name), open: open.map(name) },
  });
}
