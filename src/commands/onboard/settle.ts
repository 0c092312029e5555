import { McpkcError } from '../../errors.ts';
import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { allClients } from '../../keycloak/read/clients.ts';
import { readRealm } from '../../keycloak/read/realm.ts';
import { holderOf } from '../../keycloak/write/lock.ts';
import { applyAndVerify } from '../../plan/apply.ts';
import type { Assignment, Desired } from '../../plan/desired.ts';
import { planFor } from '../../plan/kinds/index.ts';
import type { RealmPlan } from '../../plan/plan.ts';
import { given } from '../../plan/provisioned.ts';
import { adoptable } from '../../products/adoptable.ts';
import type { Client } from '../../realm/representations.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import type { WindowMark } from '../../realm/window-mark.ts';
import { settled, unmarked } from './desired.ts';
import { isSameWindow, notOurs, openWindow } from './mark.ts';
import { notClosed, type Stage } from './not-closed.ts';
import { type Run, tell } from './run.ts';
import { isUnmarkedHolder } from './window.ts';

/** How long closing is tried again while Keycloak is away. */
const CLOSING_MS = 60_000;

/** Which window is closed, and for whom. */
export interface Closing {
  mark: WindowMark;
  /** The connector that it was opened for. */
  connector?: Client | undefined;
  /** Whether this run opened it: then it matters that nobody else closed it. */
  own: boolean;
}

/** What closing a window came to, as far as it is. */
export interface Closed {
  stage: Stage;
  /** The connector holds the scope by itself; false too where it is gone, or is no longer what it was. */
  adopted: boolean;
  /** Who inherited the scope meanwhile and lost it again. */
  swept: Client[];
}

/**
 * Closes a window, whatever happened in it: the connector gets the scope by itself, the scope goes back to where it
 * was, clients that inherited it meanwhile lose it, the mark goes last. Runs to its end even after an interruption,
 * tries again while Keycloak is away, and throws WINDOW_NOT_CLOSED with what is left when a minute of that was in vain.
 */
export async function settle(run: Run, closing: Closing): Promise<Closed> {
  const { io } = run;
  const deadline = io.now() + CLOSING_MS;
  const closed: Closed = { stage: 'list', adopted: false, swept: [] };
  for (let round = 1; ; round++) {
    // The signal that ended the run must not end its clean-up.
    // biome-ignore lint/plugin/clock: a limit for cleaning up after an interruption.
    const keycloak = run.keycloak.withSignal(AbortSignal.timeout(CLOSING_MS));
    try {
      await settleOnce({ ...run, keycloak }, closing, closed);
      return closed;
    } catch (error) {
      if (error instanceof McpkcError && error.code === 'WINDOW_LIVE') throw error;
      if (!isPassing(error) || io.now() >= deadline) throw notClosed(run, closing.mark, closed.stage, error);
      if (round === 1) tell(run, `${error.message} The window is closed as soon as that has passed.`);
      await io.sleep(1000);
    }
  }
}

/** What the next reading of the realm may find mended. */
const PASSING = ['LOCK_HELD', 'CLIENT_NOT_IN_REALM', 'SCOPE_NOT_FOUND'];

function isPassing(error: unknown): error is McpkcError {
  return error instanceof McpkcError && (error.exitStatus === 3 || PASSING.includes(error.code));
}

async function settleOnce(run: Run, { mark, connector, own }: Closing, closed: Closed): Promise<void> {
  const { keycloak, scope } = run;
  const { before } = mark;
  const snapshot = await readRealm(keycloak, connector ? [connector.clientId] : []);
  const open = openWindow(snapshot, scope);
  if (!open && (!own || closed.stage === 'mark')) return;
  if (!open || !isSameWindow(open, mark)) throw notOurs(run, open);
  const kept = connector && stillAdoptable(run, snapshot, connector);
  const why = 'since it is the connector that this window was opened for';
  const gift = kept && given(kept, kept.clientId, scope, why);
  // The client's mark comes after its scope: a run that is killed in between has adopted nobody.
  const attached = await apply(run, { assignments: gift ? [gift.assignment] : [] }, snapshot);
  const clients = gift ? [gift.mark] : [];
  await apply(run, settled({ scope, before, assignments: [], clients }), attached);
  closed.adopted = kept !== undefined;
  closed.stage = 'clients';
  // Who comes after this inherits nothing; so only now is it known who did.
  const inherited = await inheritors(keycloak, scope, mark, kept);
  const now = await readRealm(keycloak);
  await apply(run, { assignments: withdrawal(inherited, scope, mark) }, { ...now, clients: inherited });
  closed.swept.push(...inherited);
  closed.stage = 'mark';
  await apply(run, unmarked(scope, before), now);
}

async function apply(run: Run, desired: Desired, snapshot: RealmSnapshot): Promise<RealmSnapshot> {
  const { keycloak, io } = run;
  return applyAndVerify(keycloak, planFor(desired, snapshot), desired, snapshot, {
    io,
    holder: holderOf(io, 'onboard'),
    signal: keycloak.waiting.signal,
    onApplied: (change) => run.changes.push(change),
  });
}

/** The connector as it is now; undefined where it was deleted, or changed its own registration after it was looked at. */
function stillAdoptable(run: Run, snapshot: RealmSnapshot, { id }: Client): Client | undefined {
  const now = snapshot.clients.find((client) => client.id === id);
  return now && adoptable(now, run.presets).adoptable ? now : undefined;
}

/** Who holds the scope by the window alone: everybody who held it before was marked when it opened. */
async function inheritors(
  keycloak: Keycloak,
  scope: string,
  { before }: WindowMark,
  kept: Client | undefined,
): Promise<Client[]> {
  const found: Client[] = [];
  if (before === 'default') return found;
  for await (const page of allClients(keycloak)) {
    found.push(...page.filter((client) => client.id !== kept?.id && isUnmarkedHolder(client, scope, before)));
  }
  return found;
}

/** An optional scope of the realm stays one of theirs, as of everybody who registers. */
function withdrawal(clients: readonly Client[], scope: string, { before }: WindowMark): Assignment[] {
  const list = before === 'optional' ? 'optional' : 'none';
  const why = 'since it came during the window and was not adopted';
  return clients.map(({ clientId }) => ({ clientId, scope, list, why }));
}

/** What closing a window would write; writes nothing. */
export async function settlementPlan(
  run: Run,
  snapshot: RealmSnapshot,
  mark: WindowMark,
): Promise<RealmPlan> {
  const { keycloak, scope } = run;
  const clients = await inheritors(keycloak, scope, mark, undefined);
  const desired = { ...unmarked(scope, mark.before), assignments: withdrawal(clients, scope, mark) };
  return planFor(desired, { ...snapshot, clients });
}
