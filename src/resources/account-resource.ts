import type { AccountSnapshot } from '../keycloak/account.ts';
import type { Change, ChangeKind } from '../plan.ts';
import type { DesiredAccount } from '../provision/account.ts';

/** A kind of thing that `init` writes: as `Resource`, over the account instead of the realm. */
export interface AccountResource {
  kind: ChangeKind;
  diff(desired: DesiredAccount, snapshot: AccountSnapshot): Change[];
}
