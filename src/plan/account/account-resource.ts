import type { AccountSnapshot } from '../../keycloak/read/account.ts';
import type { Change, ChangeKind } from '../plan.ts';
import type { DesiredAccount } from './desired.ts';

/** A kind of thing that `init` writes: as `Resource`, over the account instead of the realm. */
export interface AccountResource {
  kind: ChangeKind;
  diff(desired: DesiredAccount, snapshot: AccountSnapshot): Change[];
}
