import { randomBytes, randomUUID } from 'node:crypto';
import { switchEventsOn } from '../test/support/keycloak/events.ts';
import { createRealm, type Realm } from '../test/support/keycloak/realm.ts';
import { createServiceAccount } from '../test/support/keycloak/service-account.ts';
import type { RunningKeycloak } from '../tools/keycloak/server.ts';

/** A realm of a size, and the variables with which both mcpkc and the yardsticks reach it. */
export interface BenchRealm {
  realm: Realm;
  clients: number;
  env: Record<string, string>;
}

const ROLES = ['manage-clients', 'manage-realm', 'view-events', 'view-users'];
const USERS = 200;
const AT_ONCE = 4;

/** A product's client as anonymous registration leaves it, registered this many days ago. */
function registered(daysAgo: number): Record<string, unknown> & { id: string } {
  const id = randomUUID();
  return {
    id,
    clientId: id,
    name: 'ChatGPT',
    redirectUris: ['https://chatgpt.com/connector/oauth/abc'],
    consentRequired: true,
    fullScopeAllowed: false,
    attributes: {
      'client.secret.creation.time': String(Math.floor(Date.now() / 1000) - daysAgo * 86_400),
    },
  };
}

/** Another product's client, as an administrator makes it. An id must be the only one on the server, in any realm. */
function other(realm: string, at: number): Record<string, unknown> & { id: string } {
  const id = `${realm}-app-${at}`;
  return { id, clientId: id, name: `Application ${at}`, redirectUris: [`https://app-${at}.example.com/*`] };
}

/** Makes clients, four at a time. */
async function addClients(realm: Realm, clients: readonly Record<string, unknown>[]): Promise<void> {
  const left = [...clients];
  const worker = async () => {
    for (let one = left.shift(); one; one = left.shift()) await realm.admin.post(realm.path('clients'), one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Registers clients as ChatGPT does, four at a time; gives their client ids. */
export async function register(realm: Realm, number: number): Promise<string[]> {
  const ids: string[] = [];
  let left = number;
  const worker = async () => {
    while (left-- > 0) ids.push(await registerOne(realm.issuer));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return ids;
}

async function registerOne(issuer: string): Promise<string> {
  const response = await fetch(`${issuer}/clients-registrations/openid-connect`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'ChatGPT',
      redirect_uris: ['https://chatgpt.com/connector/oauth/abc'],
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    }),
  });
  const text = await response.text();
  if (response.status !== 201) throw new Error(`A registration was refused: ${text}`);
  return (JSON.parse(text) as { client_id: string }).client_id;
}

/**
 * A realm with so many clients: nine of ten are other products', one of ten registered itself, and most of those are
 * used by one of 200 users, who granted it a scope.
 */
export async function benchRealm(
  server: RunningKeycloak,
  clients: number,
  users = USERS,
): Promise<BenchRealm> {
  const realm = await createRealm(server, `bench-${clients}`);
  const { admin, path } = realm;
  await openRegistration(realm);
  await switchEventsOn(realm, { admin: false, user: true });
  const { clientId, secret } = await createServiceAccount(realm, 'mcpkc', ROLES);
  const own = (await admin.get<unknown[]>(path('clients?max=100'))).length;
  const all = Array.from({ length: clients - own }, (_, at) =>
    at % 10 === 9 ? registered(90) : other(realm.name, at),
  );
  await addClients(realm, all);
  const connectors = all.filter(({ name }) => name === 'ChatGPT').map(({ id }) => id);
  if (users > 0) await addUsers(realm, users, connectors);
  const env = {
    KC_SERVER: server.url,
    KC_REALM: realm.name,
    KC_CLIENT_ID: clientId,
    KC_CLIENT_SECRET: secret,
  };
  return { realm, clients, env };
}

interface Component {
  id: string;
  providerId: string;
  subType: string;
  config: Record<string, string[]>;
}

/** Lets ChatGPT register, and more clients than Keycloak's 200. */
async function openRegistration({ admin, path }: Realm): Promise<void> {
  const type = 'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';
  for (const component of await admin.get<Component[]>(path(`components?type=${type}`))) {
    const { id, providerId, subType, config } = component;
    const change = subType === 'anonymous' ? OPEN[providerId] : undefined;
    if (change) await admin.put(path(`components/${id}`), { ...component, config: { ...config, ...change } });
  }
}

const OPEN: Record<string, Record<string, string[]>> = {
  'max-clients': { 'max-clients': ['1000000'] },
  'trusted-hosts': {
    'trusted-hosts': ['chatgpt.com'],
    'host-sending-registration-request-must-match': ['false'],
    'client-uris-must-match': ['true'],
  },
};

/** Users with a consent each. Only an import takes consents; `POST users` refuses them (26.7.3). */
async function addUsers(realm: Realm, number: number, connectors: readonly string[]): Promise<void> {
  const users = Array.from({ length: number }, (_, at) => ({
    username: `user-${at}-${randomBytes(2).toString('hex')}`,
    enabled: true,
    clientConsents: connectors.length === 0 ? [] : [consent(connectors[at % connectors.length])],
  }));
  await realm.admin.post(realm.path('partialImport'), { ifResourceExists: 'FAIL', users });
}

function consent(clientId: string | undefined) {
  return { clientId, grantedClientScopes: ['profile'] };
}
