import type { AccountSnapshot } from '../../realm/account.ts';
import type { AccountChange, AccountKind } from '../plan.ts';
import type { DesiredAccount } from './desired.ts';

/** A kind of thing that `init` writes: as `Resource`, over the account instead of the realm. */
export interface AccountResource {
  kind: AccountKind;
  diff(desired: DesiredAccount, snapshot: AccountSnapshot): AccountChange[];
}
