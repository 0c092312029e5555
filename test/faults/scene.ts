import { generateKeyPairSync } from 'node:crypto';
import type { AdminAccess } from '../../tools/keycloak/admin.ts';
import { createRealm, type Realm } from '../support/keycloak/realm.ts';
import { createServiceAccount } from '../support/keycloak/service-account.ts';

/** The service account that the commands sign in with. */
export const ACCOUNT = 'mcpkc';
/** Recognisable, so that it is found wherever it is printed. */
export const ACCOUNT_SECRET = 'fault-suite-secret-5f1e7c';
/** The roles of the account that `init` makes. */
export const ACCOUNT_ROLES = ['manage-clients', 'manage-realm', 'view-events', 'view-users'];

/** How long a token is good for: so short that one can expire in the middle of a run. */
export const TOKEN_SECONDS = 5;

const PEM = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs1',
  format: 'pem',
});

/** Keys that are there already: a realm without them takes Keycloak 0.4 s to make, with them 0.1 s. */
const KEYS = {
  'org.keycloak.keys.KeyProvider': [
    { name: 'rsa', providerId: 'rsa', config: { priority: ['100'], privateKey: [String(PEM)] } },
    { name: 'hmac', providerId: 'hmac-generated', config: { priority: ['100'], algorithm: ['HS512'] } },
    { name: 'aes', providerId: 'aes-generated', config: { priority: ['100'] } },
  ],
};

/** A realm with things of others in it and the service account. */
export async function makeScene(server: AdminAccess): Promise<{
  realm: Realm;
  account: { id: string; userId: string };
}> {
  const realm = await createRealm(server, 'faults', {
    components: KEYS,
    accessTokenLifespan: TOKEN_SECONDS,
    eventsEnabled: true,
    enabledEventTypes: ['CLIENT_REGISTER', 'CLIENT_REGISTER_ERROR', 'LOGIN', 'CODE_TO_TOKEN'],
  });
  const { id, userId } = await createServiceAccount(realm, ACCOUNT, ACCOUNT_ROLES);
  await realm.admin.put(realm.path(`clients/${id}`), { secret: ACCOUNT_SECRET });
  await makeForeignThings(realm);
  return { realm, account: { id, userId } };
}

interface Component {
  id: string;
  providerId: string;
  subType: string;
  config: Record<string, string[]>;
}

/** The policies for registrations without a token. */
export const POLICIES =
  'components?type=org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';

/** What mcpkc must leave alone: a host, a client policy with its profile, a scope that clients use. */
async function makeForeignThings(realm: Realm): Promise<void> {
  const { admin, path } = realm;
  const components = await admin.get<Component[]>(path(POLICIES));
  const hosts = components.find(
    ({ providerId, subType }) => providerId === 'trusted-hosts' && subType === 'anonymous',
  );
  if (!hosts) throw new Error('The realm has no Trusted Hosts policy.');
  const config = { ...hosts.config, 'trusted-hosts': ['foreign.example.org'] };
  await admin.put(path(`components/${hosts.id}`), { ...hosts, config });
  const executors = [{ executor: 'consent-required', configuration: {} }];
  await admin.put(path('client-policies/profiles'), { profiles: [{ name: 'foreign', executors }] });
  const conditions = [{ condition: 'client-access-type', configuration: { type: ['public'] } }];
  const policy = { name: 'foreign', enabled: false, conditions, profiles: ['foreign'] };
  await admin.put(path('client-policies/policies'), { policies: [policy] });
  await admin.post(path('client-scopes'), { name: 'foreign', protocol: 'openid-connect' });
  await admin.post(path('clients'), { clientId: 'foreign', defaultClientScopes: ['foreign'] });
}
