import { findClient } from '../../keycloak/read/clients.ts';
import { readServerFacts } from '../../keycloak/read/features.ts';
import { readClientPolicies, readProfilesOfAll } from '../../keycloak/read/read.ts';
import { readRecord } from '../../keycloak/read/record.ts';
import { RESOURCE_INDICATORS } from '../../plan/resource-client.ts';
import type { Client, ClientPolicy } from '../../realm/representations.ts';
import { isOwnResourceClient, resourceClientDeviations } from '../../realm/resource-client.ts';
import { visible } from '../../text.ts';
import type { Onboarding } from './onboarding.ts';

/** Executors that demand of a client what no MCP product does, in words (Keycloak 26.7.4). */
const DEMANDS: Readonly<Record<string, string>> = {
  'dpop-bind-enforcer': 'a DPoP proof with each token request',
  'holder-of-key-enforcer': 'a TLS certificate of the client',
  'secure-request-object': 'signed authorization requests',
};
/** Set on a client by the console or by such a policy: its tokens are bound to a DPoP key. */
const DPOP_ATTRIBUTE = 'dpop.bound.access.tokens';
/** Conditions that are asked when a client is made or changed, never at a sign-in (26.7.4). */
const AT_REGISTRATION = /^client-updater-/;

/**
 * The reasons why the next sign-in of a client may fail though its tokens would name the MCP server. An example token
 * doesn't show them. Empty where none was found.
 */
export async function collectDoubts({ keycloak, resource }: Onboarding, client: Client): Promise<string[]> {
  const [{ features = [] }, policies, profiles] = await Promise.all([
    readServerFacts(keycloak),
    readClientPolicies(keycloak),
    readProfilesOfAll(keycloak),
  ]);
  const demanding = policies.flatMap((policy) => {
    const executors = profiles
      .filter(({ name }) => policy.profiles?.includes(name) === true)
      .flatMap((profile) => profile.executors ?? []);
    const demand = executors.map(({ executor }) => DEMANDS[executor]).find((one) => one !== undefined);
    return demand !== undefined && mayMeet(policy, client)
      ? [`the client policy '${visible(policy.name)}' may demand ${demand}`]
      : [];
  });
  const bound = client.attributes[DPOP_ATTRIBUTE] === 'true' ? ['its tokens are bound to a DPoP key'] : [];
  const judged = features.includes(RESOURCE_INDICATORS) && !(await standsFor());
  return [
    ...(judged
      ? [
          `Keycloak judges \`resource\` here, and no client of mcpkc’s stands for ${visible(resource)}: a sign-in that names it ends in invalid_target`,
        ]
      : []),
    ...bound,
    ...demanding,
  ];

  async function standsFor(): Promise<boolean> {
    const found = await findClient(keycloak, resource);
    return (
      found !== undefined &&
      isOwnResourceClient(found, resource, await readRecord(keycloak)) &&
      resourceClientDeviations(found, resource).length === 0
    );
  }
}

/** Whether a policy may meet a client’s sign-in: conditions that can’t be told count as met. */
function mayMeet({ enabled, conditions = [] }: ClientPolicy, client: Client): boolean {
  if (enabled !== true) return false;
  return conditions.every(({ condition, configuration }) => {
    if (AT_REGISTRATION.test(condition)) return false;
    const types = configuration?.type;
    if (condition !== 'client-access-type' || !Array.isArray(types)) return true;
    return types.includes(client.publicClient === true ? 'public' : 'confidential');
  });
}
