import { McpkcError } from '../errors.ts';
import type { Keycloak } from '../keycloak/connection/connect.ts';
import { readPolicyProviders } from '../keycloak/read/features.ts';
import { readProfileNames } from '../keycloak/read/read.ts';
import { type Broken, brokenPolicies } from '../realm/broken-policies.ts';
import type { RealmSnapshot } from '../realm/snapshot.ts';
import { listNames, visible } from '../text.ts';
import type { Plan } from './plan.ts';

/**
 * Refuses (POLICIES_BROKEN, exit status 5) to edit client policies in a realm where Keycloak would accept no edit of
 * them. Called before anything is written, since the plan would stop half way. One more request, and only for such a
 * plan.
 */
export async function requireEditablePolicies(
  keycloak: Keycloak,
  plan: Plan,
  { clientPolicies, clientProfiles, scopes }: RealmSnapshot,
): Promise<void> {
  const edited = plan.filter(({ kind }) => kind === 'client-policy').map(({ key }) => key);
  if (edited.length === 0) return;
  const [providers, { globalProfiles }] = await Promise.all([
    readPolicyProviders(keycloak),
    readProfileNames(keycloak),
  ]);
  const parts = {
    policies: clientPolicies,
    profiles: clientProfiles,
    globalProfiles,
    scopes: scopes.map(({ name }) => name),
    ...providers,
  };
  const broken = brokenPolicies(parts, edited);
  if (broken.length > 0) throw brokenError(broken);
}

function brokenError(broken: readonly Broken[]): McpkcError {
  const what = ({ kind, name, lacks }: Broken) =>
    `the client ${kind} '${visible(name)}' names ${visible(lacks)}`;
  const message = `Client policies of this realm can’t be edited, so nothing was written: ${broken.map(what).join('; ')}. Keycloak refuses the whole list for it.`;
  const names = (kind: Broken['kind']) => [
    ...new Set(broken.filter((one) => one.kind === kind).map(({ name }) => name)),
  ];
  const steps = [
    ...(names('policy').length > 0 ? [`the policies ${listNames(names('policy'))} first`] : []),
    ...(names('profile').length > 0 ? [`the profiles ${listNames(names('profile'))}`] : []),
  ];
  const fix = `In the admin console, Realm settings, Client policies (JSON editor): repair or delete ${steps.join(', then ')}, all that are named here in one edit. Then run the same command again. What leaves registration as it is needs none of it: create-scope --registration keep.`;
  return new McpkcError('POLICIES_BROKEN', message, fix, { details: { broken } });
}
