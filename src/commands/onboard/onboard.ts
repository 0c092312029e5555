import { findClient } from '../../keycloak/read/clients.ts';
import { exampleUser } from '../../keycloak/read/example-token.ts';
import { readRealm } from '../../keycloak/read/realm.ts';
import type { Desired } from '../../plan/desired.ts';
import { commonReservations } from '../../plan/input.ts';
import { planFor } from '../../plan/kinds/index.ts';
import { type RealmPlan, requireConsent } from '../../plan/plan.ts';
import { provisioned } from '../../plan/provisioned.ts';
import type { Client } from '../../realm/representations.ts';
import type { WindowMark } from '../../realm/window-mark.ts';

import { openedBy, openWindow, requireNotLive } from './mark.ts';
import { nothingAdopted, severalNewcomers, vanished } from './outcome.ts';
import type { Prepared } from './prepare.ts';
import { proveAudience } from './prove.ts';
import { provision } from './provision.ts';
import { type Run, tell } from './run.ts';
import { type Closed, settle, settlementPlan } from './settle.ts';
import { beginWaiting } from './waiting.ts';
import { called, type Other, type Until, type Watched, watch } from './watch.ts';
import { open, type Window } from './window.ts';

/** What an onboarding came to. */
export interface Onboarded {
  run: Run;
  client: Client | undefined;
  others: Other[];
  /** `aud` of the client's example token; undefined where it wasn't asked for. */
  audience: string[] | undefined;
}

/** How `onboard` shall go about it. */
export interface Manner {
  timeoutMs: number;
  until: Until;
  yes: boolean;
  /** Asks which of several to adopt; undefined where nobody can be asked. */
  choose: ((clients: readonly Client[], signal: AbortSignal) => Promise<Client | undefined>) | undefined;
}

/** What would be written before the window: the plan of `--dry-run`, and of a client that is named. */
export function basePlan({ base, snapshot }: Prepared): { desired: Desired; plan: RealmPlan } {
  const desired = provisioned(base);
  return { desired, plan: planFor(desired, snapshot) };
}

/** What `--close` would write. */
export async function closingPlan({ run, snapshot }: Prepared): Promise<RealmPlan> {
  const mark = openWindow(snapshot, run.scope);
  return mark ? settlementPlan(run, snapshot, mark) : [];
}

/** Gives the scope to a client that is there already, and proves it. */
export async function onboardNamed(prepared: Prepared, client: Client, yes: boolean): Promise<Onboarded> {
  const { run } = prepared;
  const userId = await begin(prepared, yes);
  const audience = await proveAudience(run, client, userId);
  return { run, client, others: [], audience };
}

/** Opens a window, adopts the connector that registers, and closes the window, whatever happens. */
export async function onboardNext(prepared: Prepared, manner: Manner): Promise<Onboarded> {
  const { run, base } = prepared;
  const userId = await begin(prepared, manner.yes);
  const { timeoutMs, yes } = manner;
  let mark: WindowMark | undefined;
  let watched: Watched = { adopted: undefined, several: [], others: [] };
  let connector: Client | undefined;
  let closed: Closed | undefined;
  let window: Window | undefined;
  try {
    const onMark = (made: WindowMark) => {
      mark = made;
    };
    window = await open(run, base, { timeoutMs, yes, onMark });
    const deadline = beginWaiting(run, window, timeoutMs);
    watched = await watch(run, window, manner.until, deadline).finally(() => run.voice.progress(undefined));
    connector = watched.adopted ?? (await chosen(run, watched.several, manner, deadline));
  } finally {
    // Where opening failed the mark may not be there at all; what failed says more than that.
    if (mark) closed = await settle(run, { mark, connector, own: window !== undefined });
  }
  const others = othersOf(watched, connector, closed);
  if (!connector && watched.several.length > 0) throw severalNewcomers(run, watched.several);
  if (!connector) throw nothingAdopted(run, others, manner);
  if (!closed?.adopted) throw vanished(run, connector, others);
  tell(run, `The window is closed; ${called(connector)} keeps the scope.`);
  const client = (await findClient(run.keycloak, connector.clientId)) ?? connector;
  return { run, client, others, audience: await proveAudience(run, client, userId) };
}

/** `--close`: settles a window that was left open. */
export async function closeWindow({ run, snapshot }: Prepared, yes: boolean): Promise<Onboarded> {
  const mark = openWindow(snapshot, run.scope);
  if (!mark) return { run, client: undefined, others: [], audience: undefined };
  if (!yes) requireNotLive(mark, run);
  const closed = await settle(run, { mark, own: false });
  tell(run, 'The window is closed.');
  return { run, client: undefined, others: inheritors(closed), audience: undefined };
}

/** Everything before the window: who the example token is for, an old window closed, the realm provisioned. */
async function begin(prepared: Prepared, yes: boolean): Promise<string | undefined> {
  const { run } = prepared;
  const userId = await exampleUser(run.keycloak);
  await settleStale(prepared, yes);
  const { desired, plan } = basePlan(prepared);
  requireConsent(commonReservations(run.keycloak.realm, plan), yes);
  await provision(run, plan, desired, prepared.snapshot);
  return userId;
}

/** Closes what an earlier run left open; a live one only with `--yes`. */
async function settleStale(prepared: Prepared, yes: boolean): Promise<void> {
  const { run, snapshot } = prepared;
  const mark = openWindow(snapshot, run.scope);
  if (!mark) return;
  if (!yes) requireNotLive(mark, run);
  const since = mark.since === '' ? '' : ` at ${mark.since}`;
  tell(run, `The window that ${openedBy(mark)} opened${since} is closed first.`);
  const closed = await settle(run, { mark, own: false });
  for (const { client, reason } of inheritors(closed))
    tell(run, `${called(client)} was not adopted: ${reason}`);
  const clientIds = snapshot.clients.map(({ clientId }) => clientId);
  Object.assign(snapshot, await readRealm(run.keycloak, clientIds));
}

/** Several may be the connector: a person chooses while the window's time lasts; else nobody is adopted. */
async function chosen(
  run: Run,
  several: readonly Client[],
  { choose }: Manner,
  deadline: number,
): Promise<Client | undefined> {
  if (several.length === 0 || !choose) return undefined;
  // biome-ignore lint/plugin/clock: the time limit that was asked for.
  const timeUp = AbortSignal.timeout(Math.max(1, deadline - run.io.now()));
  try {
    return await choose(several, AbortSignal.any([run.signal, timeUp]));
  } catch (error) {
    if (!timeUp.aborted || run.signal.aborted) throw error;
    return undefined;
  }
}

const INHERITED = 'it came during the window, and lost the scope again';

function inheritors({ swept }: Closed): Other[] {
  return swept.map((client) => ({ client, reason: INHERITED }));
}

/** Everybody who came and was not adopted, each once: as the watch saw them, and who came when it was over already. */
function othersOf(watched: Watched, connector: Client | undefined, closed: Closed | undefined): Other[] {
  const unchosen = watched.several
    .filter((client) => client !== connector)
    .map((client) => ({ client, reason: 'another one was chosen' }));
  const seen = [...watched.others, ...unchosen];
  const late = (closed ? inheritors(closed) : []).filter(
    ({ client }) => client.id !== connector?.id && !seen.some((other) => other.client.id === client.id),
  );
  return [...seen, ...late];
}
