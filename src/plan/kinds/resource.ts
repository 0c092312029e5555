import type { RealmSnapshot } from '../../realm/snapshot.ts';
import type { Desired } from '../desired.ts';
import type { RealmChange, RealmKind } from '../plan.ts';

/** A kind of thing that mcpkc writes: compares what is wanted with what is there. Pure; touches only what it owns. */
export interface Resource {
  kind: RealmKind;
  diff(desired: Desired, snapshot: RealmSnapshot): RealmChange[];
}
