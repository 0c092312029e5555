import { randomUUID } from 'node:crypto';
import type { User } from '../support/connectors/sign-in.ts';

/** A realm of its own on the tests' Keycloak. */
export interface TestRealm {
  readonly issuer: string;
  readonly user: User;
  /** A bare call to the realm's admin API; throws for anything but 2xx. */
  admin<T = unknown>(method: string, path: string, body?: unknown): Promise<T>;
  remove(): Promise<void>;
}

/** How §2.2 and §2.3 are carried out, by bare admin calls: nothing here is the product's. */
export interface Provisioning {
  readonly scope: string;
  readonly resource: string;
  readonly attach: 'default' | 'optional' | 'none';
  readonly trustedHosts: readonly string[];
}

const REGISTRATION_POLICY = 'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';

interface Component {
  readonly id: string;
  readonly providerId: string;
  readonly subType: string;
  readonly config: Record<string, string[]>;
}

/** Makes a realm with one person in it, and nothing else done to it. */
export async function newRealm(): Promise<TestRealm> {
  const server = process.env.MCPKC_TEST_KEYCLOAK_URL ?? '';
  const name = `connectors-${randomUUID()}`;
  const user = { username: 'alice', password: randomUUID() };
  const admin = async <T>(method: string, path: string, body?: unknown) =>
    (await call(server, method, path, body)) as T;
  await admin('POST', '', { realm: name, enabled: true });
  await admin('POST', `/${name}/users`, {
    username: user.username,
    enabled: true,
    email: 'alice@example.com',
    firstName: 'Alice',
    lastName: 'Example',
    credentials: [{ type: 'password', value: user.password }],
  });
  return {
    issuer: `${server}/realms/${name}`,
    user,
    admin: (method, path, body) => admin(method, `/${name}${path}`, body),
    remove: () => admin('DELETE', `/${name}`),
  };
}

/** Makes the scope with its audience mapper, attaches it to the realm, opens the registration policies. */
export async function provision(realm: TestRealm, wanted: Provisioning): Promise<{ scopeId: string }> {
  const { scope: name, resource, attach } = wanted;
  await realm.admin('POST', '/client-scopes', {
    name,
    protocol: 'openid-connect',
    attributes: { 'include.in.token.scope': 'true' },
    protocolMappers: [
      {
        name: 'mcp-audience',
        protocol: 'openid-connect',
        protocolMapper: 'oidc-audience-mapper',
        config: { 'included.custom.audience': resource, 'access.token.claim': 'true' },
      },
    ],
  });
  const scopes = await realm.admin<{ id: string; name: string }[]>('GET', '/client-scopes');
  const scopeId = scopes.find((scope) => scope.name === name)?.id ?? '';
  if (attach !== 'none') await realm.admin('PUT', `/default-${attach}-client-scopes/${scopeId}`);
  const components = await realm.admin<Component[]>('GET', `/components?type=${REGISTRATION_POLICY}`);
  const anonymous = components.filter(({ subType }) => subType === 'anonymous');
  await configure(realm, anonymous, 'trusted-hosts', {
    'trusted-hosts': [...wanted.trustedHosts],
    'host-sending-registration-request-must-match': ['false'],
    'client-uris-must-match': ['true'],
  });
  await configure(realm, anonymous, 'allowed-client-templates', { 'allowed-client-scopes': ['openid'] });
  return { scopeId };
}

/** A client policy that demands PKCE with S256 for whoever asks for the scope. */
export async function enforcePkce(realm: TestRealm, scope: string): Promise<void> {
  const name = 'pkce-for-mcp';
  const executors = [{ executor: 'pkce-enforcer', configuration: { 'auto-configure': false } }];
  await realm.admin('PUT', '/client-policies/profiles', { profiles: [{ name, executors }] });
  const conditions = [{ condition: 'client-scopes', configuration: { type: 'Any', scopes: [scope] } }];
  const policy = { name, enabled: true, conditions, profiles: [name] };
  await realm.admin('PUT', '/client-policies/policies', { policies: [policy] });
}

async function configure(
  realm: TestRealm,
  components: readonly Component[],
  providerId: string,
  config: Record<string, string[]>,
): Promise<void> {
  for (const component of components.filter((candidate) => candidate.providerId === providerId)) {
    const merged = { ...component, config: { ...component.config, ...config } };
    await realm.admin('PUT', `/components/${component.id}`, merged);
  }
}

async function call(server: string, method: string, path: string, body: unknown): Promise<unknown> {
  const headers = { authorization: `Bearer ${await adminToken(server)}`, 'content-type': 'application/json' };
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const response = await fetch(`${server}/admin/realms${path}`, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

async function adminToken(server: string): Promise<string> {
  const response = await fetch(`${server}/realms/master/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'password',
      client_id: 'admin-cli',
      username: process.env.MCPKC_TEST_KEYCLOAK_ADMIN ?? '',
      password: process.env.MCPKC_TEST_KEYCLOAK_ADMIN_PASSWORD ?? '',
    }),
  });
  const body = (await response.json()) as { access_token: string };
  return body.access_token;
}
