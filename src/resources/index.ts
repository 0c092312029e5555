import type { RealmSnapshot } from '../keycloak/snapshot.ts';
import { type Plan, planOf } from '../plan.ts';
import type { Desired } from '../provision/desired.ts';
import { allowedScopes } from './allowed-scopes.ts';
import { audienceMapper } from './audience-mapper.ts';
import { client } from './client.ts';
import { clientPolicy } from './client-policy.ts';
import { clientScope } from './client-scope.ts';
import { clientScopeAssignment } from './client-scope-assignment.ts';
import { defaultScope } from './default-scope.ts';
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
  clientPolicy,
  defaultScope,
  client,
  clientScopeAssignment,
];

/** The plan that turns a realm as it is into one as it shall be; empty where nothing is to do. */
export function planFor(desired: Desired, snapshot: RealmSnapshot): Plan {
  return planOf(RESOURCES.flatMap((resource) => resource.diff(desired, snapshot)));
}
