import type { AccountSnapshot } from '../../realm/account.ts';
import type { AccountKind, Change } from '../plan.ts';
import type { DesiredAccount } from './desired.ts';

/** A kind of thing that `init` writes: compares the wanted account with the present one. Pure. */
export interface AccountKindRules<Kind extends AccountKind> {
  diff(desired: DesiredAccount, snapshot: AccountSnapshot): Change<Kind>[];
}
