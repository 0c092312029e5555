import type { RealmSnapshot } from '../keycloak/snapshot.ts';
import type { Change, ChangeKind } from '../plan.ts';
import type { Desired } from '../provision/desired.ts';

/** A kind of thing that mcpkc writes: compares what is wanted with what is there. Pure; touches only what it owns. */
export interface Resource {
  kind: ChangeKind;
  diff(desired: Desired, snapshot: RealmSnapshot): Change[];
}
