import { startGoodHost } from '../support/hosts/good.ts';
import type { Realm } from '../support/keycloak/realm.ts';
import type { Staged } from './row.ts';
import { runMcpkc } from './run.ts';
import { POLICIES } from './scene.ts';

/** The MCP server that the rows are about, and its scope. */
export const RESOURCE = 'https://svc.example.com/mcp';
export const SCOPE = 'mcp-resource-svc';
export const CHATGPT_CALLBACK = 'https://chatgpt.com/connector_platform_oauth_redirect';

/** A client as anonymous registration leaves it, with an id of our choice. */
export async function dynamicClient(realm: Realm, id: string, name: string, redirect: string): Promise<void> {
  await realm.admin.post(realm.path('clients'), {
    id,
    clientId: id,
    name,
    redirectUris: [redirect],
    consentRequired: true,
    fullScopeAllowed: false,
    attributes: { 'client.secret.creation.time': '1750000000' },
  });
}

/** Lets these hosts register, as an administrator does it in the console. */
export async function trust(realm: Realm, hosts: readonly string[]): Promise<void> {
  const { admin, path } = realm;
  type Component = { id: string; providerId: string; subType: string; config: Record<string, string[]> };
  const found = (await admin.get<Component[]>(path(POLICIES))).find(
    ({ providerId, subType }) => providerId === 'trusted-hosts' && subType === 'anonymous',
  );
  if (!found) throw new Error('The realm has no Trusted Hosts policy.');
  const config = {
    'trusted-hosts': [...(found.config['trusted-hosts'] ?? []), ...hosts],
    'host-sending-registration-request-must-match': ['false'],
    'client-uris-must-match': ['true'],
  };
  await admin.put(path(`components/${found.id}`), { ...found, config });
}

/** The resource's scope as a realm default, as create-scope leaves it, and the clients that hold it. */
export async function makeResource(
  realm: Realm,
  { holders = [] }: { holders?: readonly string[] } = {},
): Promise<void> {
  const { admin, path } = realm;
  const mapper = {
    name: 'mcp-audience',
    protocol: 'openid-connect',
    protocolMapper: 'oidc-audience-mapper',
    config: { 'included.custom.audience': RESOURCE, 'access.token.claim': 'true' },
  };
  const { id } = await admin.post(path('client-scopes'), {
    name: SCOPE,
    protocol: 'openid-connect',
    attributes: { 'mcpkc.mode': 'standing', 'mcpkc.resource': RESOURCE },
    protocolMappers: [mapper],
  });
  await admin.put(path(`default-default-client-scopes/${id}`));
  for (const holder of holders) {
    await admin.put(path(`clients/${holder}/default-client-scopes/${id}`));
  }
  await trust(realm, ['svc.example.com']);
}

/** A host that does everything right, and the realm made ready for it. */
export async function provisionedHost(realm: Realm): Promise<Staged> {
  const host = await startGoodHost({ issuer: realm.issuer, scope: SCOPE });
  const argv = ['create-scope', '--preset', 'chatgpt', '--resource', host.url, '--scope', SCOPE];
  const { status, stderr } = await runMcpkc(realm.admin.access.url, argv, { realm: realm.name });
  if (status !== 0) throw new Error(stderr);
  return { words: { mcp: host.url }, stop: () => host.stop() };
}

/** The person adds the connector. */
export async function connect(realm: Realm): Promise<void> {
  await registerChatgpt(realm);
}

/** Registers as ChatGPT does; gives the client id. */
export async function registerChatgpt(realm: Realm): Promise<string> {
  const response = await fetch(`${realm.issuer}/clients-registrations/openid-connect`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'ChatGPT',
      redirect_uris: [CHATGPT_CALLBACK],
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    }),
  });
  const text = await response.text();
  if (response.status !== 201)
    throw new Error(`The connector could not register: ${response.status} ${text}`);
  return (JSON.parse(text) as { client_id: string }).client_id;
}

/** Somebody signs in with another client, so that the realm holds an event that says since when sign-ins are stored. */
export async function signInOnce(realm: Realm): Promise<void> {
  const { username, password } = await realm.createUser();
  const clientId = 'somebody-signs-in';
  await realm.admin.post(realm.path('clients'), {
    clientId,
    publicClient: true,
    directAccessGrantsEnabled: true,
  });
  const body = new URLSearchParams({ grant_type: 'password', client_id: clientId, username, password });
  const response = await fetch(`${realm.issuer}/protocol/openid-connect/token`, { method: 'POST', body });
  if (!response.ok) throw new Error(await response.text());
  await response.body?.cancel();
}
