import type { Realm } from './keycloak/realm.ts';
import type { Representation } from './keycloak/snapshot.ts';

/** A component of the realm, as Keycloak keeps it. */
export interface Component extends Representation {
  id: string;
  name: string;
  providerId: string;
  subType: string;
  config: Record<string, string[]>;
}

const REGISTRATION_POLICY = 'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';

/** The anonymous registration policies of one provider. */
export async function anonymousPolicies(realm: Realm, providerId: string): Promise<Component[]> {
  const all = await realm.admin.get<Component[]>(realm.path(`components?type=${REGISTRATION_POLICY}`));
  return all.filter((one) => one.providerId === providerId && one.subType === 'anonymous');
}

/** The hosts of the only, or the first, Trusted Hosts policy, sorted. */
export async function hostsIn(realm: Realm): Promise<string[]> {
  const [policy] = await anonymousPolicies(realm, 'trusted-hosts');
  return (policy?.config['trusted-hosts'] ?? []).toSorted();
}

/** Changes a component's configuration, other keys kept. */
export async function configure(
  realm: Realm,
  component: Component,
  config: Record<string, string[]>,
): Promise<void> {
  const body = { ...component, config: { ...component.config, ...config } };
  await realm.admin.put(realm.path(`components/${component.id}`), body);
}

/** Adds a Trusted Hosts policy for anonymous registration. */
export async function addTrustedHosts(realm: Realm, name: string, hosts: readonly string[]): Promise<void> {
  await realm.admin.post(realm.path('components'), {
    name,
    providerId: 'trusted-hosts',
    providerType: REGISTRATION_POLICY,
    subType: 'anonymous',
    config: {
      'trusted-hosts': hosts,
      'host-sending-registration-request-must-match': ['true'],
      'client-uris-must-match': ['true'],
    },
  });
}

/** Makes a client; gives its internal id. */
export async function addClient(
  realm: Realm,
  clientId: string,
  fields: Representation = {},
): Promise<string> {
  const body = { clientId, publicClient: true, redirectUris: ['https://app.example.com/*'], ...fields };
  const { id } = await realm.admin.post(realm.path('clients'), body);
  return id ?? '';
}

/** Makes a client scope, with an audience mapper where one is given; gives its id. */
export async function addScope(
  realm: Realm,
  name: string,
  fields: Representation = {},
  audience?: string,
  mapperName = 'mcp-audience',
): Promise<string> {
  const { id = '' } = await realm.admin.post(realm.path('client-scopes'), {
    name,
    protocol: 'openid-connect',
    ...fields,
  });
  if (audience !== undefined) {
    await realm.admin.post(realm.path(`client-scopes/${id}/protocol-mappers/models`), {
      name: mapperName,
      protocol: 'openid-connect',
      protocolMapper: 'oidc-audience-mapper',
      config: {
        'included.custom.audience': audience,
        'access.token.claim': 'true',
        'introspection.token.claim': 'true',
      },
    });
  }
  return id;
}

/** A scope with its mappers, as Keycloak keeps it. */
export interface Scope extends Representation {
  id: string;
  name: string;
  attributes?: Record<string, string>;
  protocolMappers?: { name: string; config: Record<string, string> }[];
}

/** The client scope of that name. */
export async function scopeIn(realm: Realm, name: string): Promise<Scope | undefined> {
  const all = await realm.admin.get<Scope[]>(realm.path('client-scopes'));
  return all.find((scope) => scope.name === name);
}

/** In which of the realm's lists a scope is. */
export async function listOf(realm: Realm, name: string): Promise<'default' | 'optional' | 'none'> {
  const names = async (list: string) =>
    (await realm.admin.get<Scope[]>(realm.path(`default-${list}-client-scopes`))).map((scope) => scope.name);
  if ((await names('default')).includes(name)) return 'default';
  return (await names('optional')).includes(name) ? 'optional' : 'none';
}

/** A client as Keycloak keeps it. */
export interface Client extends Representation {
  id: string;
  clientId: string;
  attributes?: Record<string, string>;
  defaultClientScopes: string[];
  optionalClientScopes: string[];
}

/** The client with this client id. */
export async function clientIn(realm: Realm, clientId: string): Promise<Client | undefined> {
  const found = await realm.admin.get<Client[]>(
    realm.path(`clients?clientId=${encodeURIComponent(clientId)}`),
  );
  return found[0];
}

/** Registers a client as anybody can; gives status and body. */
export async function registerAnonymously(
  realm: Realm,
  body: Representation,
): Promise<{ status: number; body: Representation }> {
  const response = await fetch(`${realm.issuer}/clients-registrations/openid-connect`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Representation };
}

/** What ChatGPT registers with. */
export const CHATGPT_BODY = {
  client_name: 'ChatGPT',
  redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'client_secret_basic',
} as const;
