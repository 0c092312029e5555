import { McpkcError } from '../../errors.ts';
import { readRealm } from '../../keycloak/read/realm.ts';
import { holderOf } from '../../keycloak/write/lock.ts';
import { applyAndVerify } from '../../plan/apply.ts';
import type { Desired } from '../../plan/desired.ts';
import type { RealmPlan } from '../../plan/plan.ts';
import { changeName } from '../../plan/text.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import { openWindow, requireNotLive } from './mark.ts';
import type { Run } from './run.ts';

/** Brings the realm to the base of the mode, as `create-scope` would; nothing is open after it. */
export async function provision(
  run: Run,
  plan: RealmPlan,
  desired: Desired,
  snapshot: RealmSnapshot,
): Promise<RealmSnapshot> {
  const { keycloak, io, signal, voice } = run;
  // The scope's mark and the realm's lists were read side by side: a default may be a window that opened in between.
  if (plan.some(({ kind, action }) => kind === 'default-scope' && action === 'detach'))
    await requireNoneOpened(run);
  try {
    return await applyAndVerify(keycloak, plan, desired, snapshot, {
      io,
      holder: holderOf(io, 'onboard'),
      signal,
      onApplied: (change) => {
        run.changes.push(change);
        voice.progress(changeName(change));
      },
    });
  } catch (error) {
    if (error instanceof McpkcError && error.code === 'CHANGE_NOT_KEPT') await requireNoneOpened(run);
    throw error;
  } finally {
    voice.progress(undefined);
  }
}

/** Another run may have opened its window meanwhile: then it is that which differs, and this run gives way to it. */
async function requireNoneOpened(run: Run): Promise<void> {
  const mark = openWindow(await readRealm(run.keycloak), run.scope);
  if (mark) requireNotLive(mark, run);
}
