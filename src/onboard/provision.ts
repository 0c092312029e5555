import { applyAndVerify } from '../keycloak/apply.ts';
import { holderOf } from '../keycloak/lock.ts';
import type { RealmSnapshot } from '../keycloak/snapshot.ts';
import type { Plan } from '../plan.ts';
import type { Desired } from '../provision/desired.ts';
import { changeName } from '../render/plan.ts';
import type { Run } from './run.ts';

/** Brings the realm to the base of the mode, as `create-scope` would; nothing is open after it. */
export async function provision(
  run: Run,
  plan: Plan,
  desired: Desired,
  snapshot: RealmSnapshot,
): Promise<RealmSnapshot> {
  const { keycloak, io, signal, voice } = run;
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
  } finally {
    voice.progress(undefined);
  }
}
