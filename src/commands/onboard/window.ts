import type { Keycloak } from '../../keycloak/connection/connect.ts';
import { readScopeAttributes } from '../../keycloak/read/read.ts';
import { readRealm } from '../../keycloak/read/realm.ts';
import { type Newcomers, watchNewcomers } from '../../keycloak/watch/newcomers.ts';
import { holderOf, withLock } from '../../keycloak/write/lock.ts';
import { applyAndVerify, writer } from '../../plan/apply.ts';
import { planFor } from '../../plan/kinds/index.ts';
import { applyPlan } from '../../plan/plan.ts';
import { adoptedScopes, given, type Provisioning } from '../../plan/provisioned.ts';
import { heldAs, realmListOf } from '../../realm/lists.ts';
import { POLICY } from '../../realm/representations.ts';
import { anonymousPolicies, type RealmSnapshot, scopeNamed } from '../../realm/snapshot.ts';
import { type WindowMark, windowMarkOf } from '../../realm/window-mark.ts';
import { count, visible } from '../../text.ts';
import { waiting } from './desired.ts';
import { changedMeanwhile, isSameWindow, newMark, notOurs, openWindow, requireNotLive } from './mark.ts';
import { requireNoRival } from './rivals.ts';
import type { Run } from './run.ts';

/** An open window: how it is marked, and who watches for newcomers. */
export interface Window {
  mark: WindowMark;
  newcomers: Newcomers;
  /** Throws WINDOW_LIVE where somebody took the window over or closed it. One small request. */
  requireOurs(): Promise<void>;
}

/** How a window shall be opened. */
export interface Opening {
  timeoutMs: number;
  /** Go on beside the window of another scope that waits for the same product. */
  yes: boolean;
  /** Told the mark right before it is written: from then on the window has to be closed. */
  onMark(mark: WindowMark): void;
}

/**
 * Opens the window: begins to watch, marks the scope, then makes it a realm default. Under the lock, so that two runs
 * can't both open one. `base` is provisioned already.
 */
export function open(run: Run, base: Provisioning, opening: Opening): Promise<Window> {
  const { keycloak, io, scope, signal } = run;
  return withLock(keycloak, io, holderOf(io, 'onboard'), async () => {
    const snapshot = await readRealm(keycloak);
    const other = openWindow(snapshot, scope);
    if (other) {
      requireNotLive(other, run);
      throw changedMeanwhile(scope, 'Another run opened a window for it and ended');
    }
    requireNoRival(run, snapshot, opening.yes);
    const before = realmListOf(snapshot, scope);
    const newcomers = await beginWatch(run, before);
    warnOfLimit(run, snapshot, newcomers.total);
    const mark = newMark(run, opening.timeoutMs, before, newcomers.how);
    // A write that was cut off by an interruption might be carried out after the window was closed again.
    const writing = keycloak.withSignal(new AbortController().signal);
    await markHolders(run, writing, snapshot, newcomers);
    const desired = waiting(base, mark);
    opening.onMark(mark);
    const write = writer(writing, snapshot);
    await applyPlan(planFor(desired, snapshot), write, signal, (change) => run.changes.push(change));
    const now = await readRealm(writing);
    const rest = planFor(desired, now);
    if (rest.length > 0) throw changedMeanwhile(scope, 'It did not become a realm default');
    return { mark, newcomers, requireOurs: watchMark(run, now, mark) };
  });
}

/** Says when nobody can register at all: Keycloak's limit counts every client of the realm, 200 by default (26.7.3). */
function warnOfLimit({ voice }: Run, snapshot: RealmSnapshot, total: number): void {
  for (const { name, config } of anonymousPolicies(snapshot, POLICY.maxClients)) {
    const limit = Number(config['max-clients']?.[0] ?? Number.NaN);
    if (total < limit || Number.isNaN(limit)) continue;
    voice.warn(
      `Nobody can register now: the realm has ${count(total, 'client')}, and its policy '${visible(name)}' allows ${limit}. Make room:\nmcpkc prune-clients`,
    );
  }
}

/** Who is there already: read once, so that everybody who comes later is known as a newcomer. */
async function beginWatch(run: Run, before: WindowMark['before']): Promise<Newcomers> {
  const { keycloak, scope, voice } = run;
  const isHolder = (client: Parameters<typeof heldAs>[0]) => isUnmarkedHolder(client, scope, before);
  try {
    return await watchNewcomers(keycloak, isHolder, (read) =>
      voice.progress(`${count(read, 'client')} read`),
    );
  } finally {
    voice.progress(undefined);
  }
}

/**
 * Whether a client holds the scope in a way that a window gives (as a default, or at all where the scope is in none of
 * the realm's lists) without anybody having given it by name. Before a window: it keeps it. After one: it inherited it.
 */
export function isUnmarkedHolder(
  client: Parameters<typeof heldAs>[0],
  scope: string,
  before: WindowMark['before'],
): boolean {
  const held = heldAs(client, scope);
  if (before === 'default' || adoptedScopes(client).includes(scope)) return false;
  return before === 'none' ? held !== 'none' : held === 'default';
}

/** Marks those that hold the scope already, before the window is marked: whoever closes it tells them from newcomers. */
async function markHolders(
  run: Run,
  keycloak: Keycloak,
  snapshot: RealmSnapshot,
  { holders }: Newcomers,
): Promise<void> {
  const { io, scope, signal } = run;
  const why = 'since it holds the scope already and keeps it';
  const clients = holders.map((client) => ({ ...given(client, client.clientId, scope, why).mark, why }));
  const known = { ...snapshot, clients: holders };
  const desired = { clients };
  const plan = planFor(desired, known);
  const applying = { io, holder: holderOf(io, 'onboard'), signal };
  const onApplied = (change: Run['changes'][number]) => run.changes.push(change);
  await applyAndVerify(keycloak, plan, desired, known, { ...applying, onApplied });
}

function watchMark(run: Run, snapshot: RealmSnapshot, mark: WindowMark): () => Promise<void> {
  const { keycloak, scope } = run;
  const id = scopeNamed(snapshot, scope)?.id ?? '';
  return async () => {
    const now = windowMarkOf((await readScopeAttributes(keycloak, id)) ?? {});
    if (!now || !isSameWindow(now, mark)) throw notOurs(run, now);
  };
}
