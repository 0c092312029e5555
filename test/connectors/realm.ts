import { inject } from 'vitest';
import type { AdminAccess } from '../../tools/keycloak/admin.ts';
import type {} from '../support/keycloak/global-setup.ts';
import { createRealm, type Realm, type RealmUser } from '../support/keycloak/realm.ts';

/** A realm with one person in it. */
export interface TestRealm extends Realm {
  readonly user: RealmUser;
}

/** How §2.2 and §2.3 are carried out, by bare admin calls: nothing here is the product's. */
export interface Provisioning {
  readonly scope: string;
  readonly resource: string;
  readonly attach: 'default' | 'optional' | 'none';
  readonly trustedHosts: readonly string[];
}

interface Component {
  readonly id: string;
  readonly providerId: string;
  readonly subType: string;
  readonly config: Record<string, string[]>;
}

const REGISTRATION_POLICY = 'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';

/** Makes a realm with one person in it, and nothing else done to it; on the run's server unless told. */
export async function newRealm(server: AdminAccess = inject('keycloak')): Promise<TestRealm> {
  const realm = await createRealm(server, 'connectors');
  return { ...realm, user: await realm.createUser() };
}

/** Makes the scope with its audience mapper, attaches it to the realm, opens the registration policies. */
export async function provision(realm: TestRealm, wanted: Provisioning): Promise<{ scopeId: string }> {
  const { scope: name, resource, attach } = wanted;
  const mapper = {
    name: 'mcp-audience',
    protocol: 'openid-connect',
    protocolMapper: 'oidc-audience-mapper',
    config: { 'included.custom.audience': resource, 'access.token.claim': 'true' },
  };
  const scope = { name, protocol: 'openid-connect', protocolMappers: [mapper] };
  const { id: scopeId = '' } = await realm.admin.post(realm.path('client-scopes'), scope);
  if (attach !== 'none') await realm.admin.put(realm.path(`default-${attach}-client-scopes/${scopeId}`));
  const components = await realm.admin.get<Component[]>(realm.path(`components?type=${REGISTRATION_POLICY}`));
  const anonymous = components.filter(({ subType }) => subType === 'anonymous');
  await configure(realm, anonymous, 'trusted-hosts', {
    'trusted-hosts': [...wanted.trustedHosts],
    'host-sending-registration-request-must-match': ['false'],
    'client-uris-must-match': ['true'],
  });
  await configure(realm, anonymous, 'allowed-client-templates', { 'allowed-client-scopes': ['openid'] });
  return { scopeId };
}

/** A client policy that demands PKCE with S256 for anybody who asks for the scope. */
export async function enforcePkce(realm: TestRealm, scope: string): Promise<void> {
  const name = 'pkce-for-mcp';
  const executors = [{ executor: 'pkce-enforcer', configuration: { 'auto-configure': false } }];
  await realm.admin.put(realm.path('client-policies/profiles'), { profiles: [{ name, executors }] });
  const conditions = [{ condition: 'client-scopes', configuration: { type: 'Any', scopes: [scope] } }];
  const policy = { name, enabled: true, conditions, profiles: [name] };
  await realm.admin.put(realm.path('client-policies/policies'), { policies: [policy] });
}

async function configure(
  realm: TestRealm,
  components: readonly Component[],
  providerId: string,
  config: Record<string, string[]>,
): Promise<void> {
  for (const component of components.filter((candidate) => candidate.providerId === providerId)) {
    const merged = { ...component, config: { ...component.config, ...config } };
    await realm.admin.put(realm.path(`components/${component.id}`), merged);
  }
}
