import type { AccountSnapshot } from '../../realm/account.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import { accountRole } from '../account/account-role.ts';
import type { AccountKindRules, DesiredAccount } from '../account/desired.ts';
import { events } from '../account/events.ts';
import { accountScopes, serviceAccount } from '../account/service-account.ts';
import type { Desired } from '../desired.ts';
import {
  type AccountKind,
  type AccountPlan,
  type Change,
  planOf,
  type RealmKind,
  type RealmPlan,
} from '../plan.ts';
import { REALM } from './all.ts';
import type { Writing } from './kind.ts';

/** The plan that turns a realm as it is into one as it should be; empty where nothing is to do. */
export function planFor(desired: Desired, snapshot: RealmSnapshot): RealmPlan {
  const plan = planOf(Object.values(REALM).flatMap((kind): RealmPlan => kind.diff(desired, snapshot)));
  const { trustedHosts } = desired;
  if (!trustedHosts || !('restore' in trustedHosts)) return plan;
  // On the way back the realm is shut before its hardening is removed.
  const shuts = ({ kind, action }: Change) => kind === 'trusted-hosts' && action === 'update';
  return [...plan.filter(shuts), ...plan.filter((change) => !shuts(change))];
}

/** The kinds by their writers alone, so that a change fits the writer of its kind. */
const WRITERS: {
  readonly [Name in RealmKind]: { write(change: Change<Name>, writing: Writing): Promise<void> };
} = REALM;

/** Writes one change of a realm: the ids are looked up now. */
export function writeChange<Name extends RealmKind>(change: Change<Name>, writing: Writing): Promise<void> {
  const kind: Name = change.kind;
  return WRITERS[kind].write(change, writing);
}

/** The kinds of thing that `init` writes. */
const ACCOUNT: { readonly [Kind in AccountKind]: AccountKindRules<Kind> } = {
  'service-account': serviceAccount,
  'account-role': accountRole,
  'client-scope-assignment': accountScopes,
  events,
};

/** The plan that turns mcpkc's account as it is into one as it should be. */
export function planForAccount(desired: DesiredAccount, snapshot: AccountSnapshot): AccountPlan {
  return planOf(Object.values(ACCOUNT).flatMap((kind): AccountPlan => kind.diff(desired, snapshot)));
}
