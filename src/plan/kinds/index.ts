import type { AccountSnapshot } from '../../realm/account.ts';
import type { RealmSnapshot } from '../../realm/snapshot.ts';
import type { AccountResource } from '../account/account-resource.ts';
import { accountRole } from '../account/account-role.ts';
import type { DesiredAccount } from '../account/desired.ts';
import { events } from '../account/events.ts';
import { accountScopes, serviceAccount } from '../account/service-account.ts';
import type { Desired } from '../desired.ts';
import { type AccountPlan, planOf, type RealmPlan } from '../plan.ts';
import { allowedScopes } from './allowed-scopes.ts';
import { audienceMapper } from './audience-mapper.ts';
import { client } from './client.ts';
import { clientPolicy } from './client-policy.ts';
import { clientScope } from './client-scope.ts';
import { clientScopeAssignment } from './client-scope-assignment.ts';
import { defaultScope } from './default-scope.ts';
import { mapperTypes } from './mapper-types.ts';
import type { Resource } from './resource.ts';
import { trustedHosts } from './trusted-hosts.ts';
import { windowMark } from './window-mark.ts';

/** The kinds of thing that mcpkc writes in a realm. */
export const RESOURCES: readonly Resource[] = [
  windowMark,
  clientScope,
  audienceMapper,
  trustedHosts,
  allowedScopes,
  mapperTypes,
  clientPolicy,
  defaultScope,
  client,
  clientScopeAssignment,
];

/** The plan that turns a realm as it is into one as it should be; empty where nothing is to do. */
export function planFor(desired: Desired, snapshot: RealmSnapshot): RealmPlan {
  return planOf(RESOURCES.flatMap((resource) => resource.diff(desired, snapshot)));
}

/** The kinds of thing that `init` writes. */
export const ACCOUNT_RESOURCES: readonly AccountResource[] = [
  serviceAccount,
  accountRole,
  accountScopes,
  events,
];

/** The plan that turns mcpkc's account as it is into one as it should be. */
export function planForAccount(desired: DesiredAccount, snapshot: AccountSnapshot): AccountPlan {
  return planOf(ACCOUNT_RESOURCES.flatMap((resource) => resource.diff(desired, snapshot)));
}
