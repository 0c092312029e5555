import { registration } from '../clients/dynamic.ts';
import { McpkcError } from '../errors.ts';
import type { Io } from '../io.ts';
import { applyAndVerify, writer } from '../keycloak/apply.ts';
import { holderOf, withLock } from '../keycloak/lock.ts';
import { type Newcomers, watchNewcomers } from '../keycloak/newcomers.ts';
import { type RealmSnapshot, readRealm, scopeNamed } from '../keycloak/snapshot.ts';
import { applyPlan } from '../plan.ts';
import type { WindowMark } from '../provision/desired.ts';
import { adoptedScopes, given, type Provisioning } from '../provision/provisioned.ts';
import { waiting } from '../provision/windows.ts';
import { count } from '../render/text.ts';
import { heldAs } from '../resources/client-scope-assignment.ts';
import { realmListOf } from '../resources/default-scope.ts';
import { planFor } from '../resources/index.ts';
import { windowMarkOf } from '../resources/window-mark.ts';
import type { Run } from './run.ts';

/** The window that is open for a scope, if one is. */
export function openWindow(snapshot: RealmSnapshot, scope: string): WindowMark | undefined {
  const found = scopeNamed(snapshot, scope);
  return found && windowMarkOf(found.attributes);
}

/** Whether the run that opened a window may still be at it: its process lives here, or its time elsewhere isn't up. */
export function isLive(mark: WindowMark, io: Pick<Io, 'hostname' | 'isAlive' | 'now' | 'pid'>): boolean {
  if (mark.host === io.hostname) return mark.pid !== io.pid && mark.pid > 0 && io.isAlive(mark.pid);
  return Date.parse(mark.until) > io.now();
}

/** Refuses (WINDOW_LIVE, exit status 5) to disturb a window that somebody is using. */
export function requireNotLive(mark: WindowMark, run: Run): void {
  if (!isLive(mark, run.io)) return;
  const { by, host, pid, since, until } = mark;
  const message = `A window for '${run.scope}' is open: by ${by} on ${host} (process ${pid}) since ${since}, until ${until}.`;
  const hint =
    'Wait until that connection is made, or take the window over: --yes (the other run then adopts nothing).';
  throw new McpkcError('WINDOW_LIVE', message, hint, { details: { mark: { ...mark } } });
}

/** The mark of this run's window. */
function newMark(
  { io }: Run,
  timeoutMs: number,
  before: WindowMark['before'],
  watch: WindowMark['watch'],
): WindowMark {
  const now = io.now();
  // A minute more than the watch, for settling.
  const until = new Date(now + timeoutMs + 60_000).toISOString();
  const by = io.user.slice(0, 100);
  const host = io.hostname.slice(0, 200);
  return { since: new Date(now).toISOString(), until, host, pid: io.pid, by, watch, before };
}

/** An open window: how it is marked, and who watches for newcomers. */
export interface Window {
  mark: WindowMark;
  newcomers: Newcomers;
}

/**
 * Opens the window: begins to watch, marks the scope, then makes it a realm default. Under the lock, so that two runs
 * can't both open one. `base` is provisioned already.
 */
export async function open(
  run: Run,
  base: Provisioning,
  timeoutMs: number,
  onMark: (mark: WindowMark) => void,
): Promise<Window> {
  const { keycloak, io, scope, signal, voice } = run;
  // Those that hold the scope by themselves and that nobody marked: told apart from newcomers later by the mark.
  const isHolder = (client: Parameters<typeof heldAs>[0]) =>
    heldAs(client, scope) !== 'none' &&
    registration(client).kind !== 'other' &&
    !adoptedScopes(client).includes(scope);
  const newcomers = await watchNewcomers(keycloak, isHolder, (read) =>
    voice.progress(`${count(read, 'client')} read`),
  );
  voice.progress(undefined);
  const holder = holderOf(io, 'onboard');
  const mark = await withLock(keycloak, io, holder, async () => {
    const snapshot = await readRealm(keycloak);
    const other = openWindow(snapshot, scope);
    if (other) requireNotLive(other, run);
    const wanted = newMark(run, timeoutMs, realmListOf(snapshot, scope), newcomers.how);
    snapshot.clients.push(...newcomers.holders);
    const why = 'since it holds the scope already and keeps it';
    const clients = newcomers.holders.map((client) => given(client, client.clientId, scope, why).mark);
    const desired = { ...waiting(base, wanted), clients, assignments: [] };
    const plan = planFor(desired, snapshot);
    onMark(wanted);
    run.changes.push(...(await applyPlan(plan, writer(keycloak, snapshot), signal)));
    return wanted;
  });
  return { mark, newcomers };
}

/** Brings the realm to the base of the mode, as `create-scope` would; nothing is open after it. */
export async function provision(
  run: Run,
  plan: ReturnType<typeof planFor>,
  desired: Parameters<typeof planFor>[0],
  snapshot: RealmSnapshot,
): Promise<RealmSnapshot> {
  const { keycloak, io, signal } = run;
  const now = await applyAndVerify(keycloak, plan, desired, snapshot, {
    io,
    holder: holderOf(io, 'onboard'),
    signal,
  });
  run.changes.push(...plan);
  return now;
}
