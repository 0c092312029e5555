/** Where products are run: a realm of its own, the example server, a tap before each, and a person who signs in. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from '../../../examples/mcp-host/config.ts';
import { createHost } from '../../../examples/mcp-host/host.ts';
import type { AdminAccess } from '../../../tools/keycloak/admin.ts';
import { createRealm, type Realm, type RealmUser } from '../../support/keycloak/realm.ts';
import { OWN_HEADER, type Passed, startTap } from './tap.ts';

/** How a realm and a server are set up; all by bare admin calls, so that nothing here is mcpkc's own. */
export interface Staging {
  /**
   * Where the audience scope stands: realm default, realm optional, a name without audience (adopted mode), or the same
   * with somebody who adopts each newcomer. `none`: it has no scope for the server.
   */
  readonly scope: 'default' | 'optional' | 'name-only' | 'adopted' | 'none';
  /** What challenge and metadata of the MCP server name: the scope, nothing, or the metadata `profile` as well. */
  readonly names: 'scope' | 'nothing' | 'split';
  /** The `resource` of the metadata: the URL that is typed, or its origin alone. */
  readonly resource: 'url' | 'origin';
  /** Hosts that 'Trusted Hosts' lists. */
  readonly trustedHosts: readonly string[];
  /** Origins that 'Allowed Registration Web Origins' lists. */
  readonly origins: readonly string[];
  /** `hidden`: not in the metadata. `refused`: advertised, and no client may have it. `no-role`: the user may not. */
  readonly offlineAccess: 'stock' | 'hidden' | 'refused' | 'no-role';
  /** Whether `service_account`, which a stock realm advertises and attaches nowhere, is hidden. */
  readonly hideUnattached: boolean;
}

export const SCOPE = 'mcp-resource-example';

/** Hosts and origins of every recorded product. */
export const STANDING: Staging = {
  scope: 'default',
  names: 'scope',
  resource: 'url',
  trustedHosts: ['127.0.0.1', 'localhost', 'github.com', 'opencode.ai'],
  origins: ['http://127.0.0.1:6274', 'http://localhost:6274'],
  offlineAccess: 'stock',
  hideUnattached: true,
};

/** A stage with a server to connect to. */
export interface Stage {
  readonly mcpUrl: string;
  readonly issuer: string;
  readonly user: RealmUser;
  readonly realm: Realm;
  readonly passed: Passed[];
  stop(): Promise<void>;
}

interface Component {
  readonly id: string;
  readonly providerId: string;
  readonly subType: string;
  readonly config: Record<string, string[]>;
}

interface ClientScope {
  readonly id: string;
  readonly name: string;
  readonly attributes?: Record<string, string>;
}

const REGISTRATION_POLICY = 'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';

/** Sets up a realm, a server and the taps. */
export async function startStage(keycloak: AdminAccess, staging: Staging): Promise<Stage> {
  const passed: Passed[] = [];
  const { origin, pathname } = new URL(keycloak.url);
  const issuerTap = await startTap(() => origin, passed);
  let host = '';
  const hostTap = await startTap(
    () => host,
    passed,
    (path, body) =>
      staging.resource === 'origin' && path.startsWith('/.well-known/oauth-protected-resource')
        ? JSON.stringify({ ...JSON.parse(body), resource: hostTap.origin })
        : body,
  );
  const realm = await createRealm(keycloak, 'products');
  const issuer = `${issuerTap.origin}${pathname}/realms/${realm.name}`;
  const server = await startServer(hostTap.origin, issuer, staging.names);
  host = server.origin;
  const mcpUrl = `${hostTap.origin}/mcp`;
  const { audienceScope } = await provisionRealm(realm, mcpUrl, staging);
  const adopter = staging.scope === 'adopted' ? startAdopter(realm, audienceScope) : undefined;
  const user = await realm.createUser();
  if (staging.offlineAccess === 'no-role') await withholdOfflineRole(realm, user);
  return {
    mcpUrl,
    issuer,
    user,
    realm,
    passed,
    async stop() {
      await adopter?.stop();
      await Promise.all([hostTap.stop(), issuerTap.stop(), server.stop()]);
      await realm.remove();
    },
  };
}

/** Marks every request of this process, so that taps tell the product's from the recorder's. */
export function markOwnRequests(): void {
  const { fetch } = globalThis;
  globalThis.fetch = (input, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set(OWN_HEADER, 'yes');
    return fetch(input, { ...init, headers });
  };
}

async function startServer(origin: string, issuer: string, names: Staging['names']) {
  const listed = names === 'split' ? `${SCOPE},profile` : SCOPE;
  const scopes = names === 'nothing' ? {} : { MCP_SCOPE_NAME: SCOPE, ADVERTISE_SCOPES: listed };
  const env = { MCP_PUBLIC_BASE_URL: origin, OIDC_ISSUER: issuer, ...scopes };
  const { app, close } = createHost(readConfig(env), { log: () => {} });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await close();
      await closed;
    },
  };
}

/** What a realm needs for an MCP server, by bare admin calls. */
export async function provisionRealm(
  realm: Realm,
  resource: string,
  staging: Staging,
): Promise<{ audienceScope: string }> {
  const audienceScope = staging.scope === 'none' ? '' : await makeScopes(realm, resource, staging.scope);
  const components = await realm.admin.get<Component[]>(realm.path(`components?type=${REGISTRATION_POLICY}`));
  const configs: Record<string, Record<string, string[]>> = {
    'trusted-hosts': {
      'trusted-hosts': [...staging.trustedHosts],
      'host-sending-registration-request-must-match': ['false'],
      'client-uris-must-match': ['true'],
    },
    'allowed-client-templates': { 'allowed-client-scopes': ['openid'] },
    'registration-web-origins': { 'web-origins': [...staging.origins] },
  };
  for (const component of components.filter(({ subType }) => subType === 'anonymous')) {
    const config = configs[component.providerId];
    if (!config) continue;
    const merged = { ...component, config: { ...component.config, ...config } };
    await realm.admin.put(realm.path(`components/${component.id}`), merged);
  }
  if (staging.hideUnattached) await hideScope(realm, 'service_account');
  if (staging.offlineAccess === 'hidden') await hideScope(realm, 'offline_access');
  if (staging.offlineAccess === 'refused') {
    const scope = await scopeNamed(realm, 'offline_access');
    await realm.admin.del(realm.path(`default-optional-client-scopes/${scope?.id}`));
  }
  return { audienceScope };
}

/** Makes the scope that the server names and returns the id of the one with the audience: the same, or a hidden one. */
async function makeScopes(realm: Realm, resource: string, scope: Staging['scope']): Promise<string> {
  const named = scope === 'name-only' || scope === 'adopted';
  const mapper = {
    name: 'mcp-audience',
    protocol: 'openid-connect',
    protocolMapper: 'oidc-audience-mapper',
    config: { 'included.custom.audience': resource, 'access.token.claim': 'true' },
  };
  const { id } = await realm.admin.post(realm.path('client-scopes'), {
    name: SCOPE,
    protocol: 'openid-connect',
    ...(named ? {} : { protocolMappers: [mapper] }),
  });
  let audienceScope = id ?? '';
  if (named) {
    const attributes = Object.fromEntries(HIDDEN.map((name) => [name, 'false']));
    const audience = {
      name: 'mcp-audience-example',
      protocol: 'openid-connect',
      attributes,
      protocolMappers: [mapper],
    };
    audienceScope = (await realm.admin.post(realm.path('client-scopes'), audience)).id ?? '';
  }
  const list = scope === 'default' ? 'default' : 'optional';
  await realm.admin.put(realm.path(`default-${list}-client-scopes/${id}`));
  return audienceScope;
}

/** What keeps an audience scope out of tokens' `scope`, the consent page and the metadata. */
const HIDDEN = ['include.in.token.scope', 'display.on.consent.screen', 'include.in.openid.provider.metadata'];

/** Gives the audience scope to each client that registers, as an operator who adopts them all would. */
function startAdopter(realm: Realm, scope: string): { stop(): Promise<void> } {
  const adopted = new Set<string>();
  let running = true;
  const watch = async () => {
    while (running) {
      const clients = await realm.admin.get<{ id: string; consentRequired?: boolean }[]>(
        realm.path('clients?max=100'),
      );
      for (const { id } of clients.filter((client) => client.consentRequired && !adopted.has(client.id))) {
        adopted.add(id);
        await realm.admin.put(realm.path(`clients/${id}/default-client-scopes/${scope}`));
      }
      await sleep(100);
    }
  };
  const watching = watch();
  return {
    async stop() {
      running = false;
      await watching;
    },
  };
}

async function scopeNamed(realm: Realm, name: string): Promise<ClientScope | undefined> {
  const scopes = await realm.admin.get<ClientScope[]>(realm.path('client-scopes'));
  return scopes.find((scope) => scope.name === name);
}

async function hideScope(realm: Realm, name: string): Promise<void> {
  const scope = await scopeNamed(realm, name);
  if (!scope) return;
  const attributes = { ...scope.attributes, 'include.in.openid.provider.metadata': 'false' };
  await realm.admin.put(realm.path(`client-scopes/${scope.id}`), { ...scope, attributes });
}

/** Every user has the role by the realm's default role; this one loses both and gets nothing in their place. */
async function withholdOfflineRole(realm: Realm, user: RealmUser): Promise<void> {
  const path = realm.path(`users/${user.id}/role-mappings/realm`);
  await realm.admin.del(path, await realm.admin.get(path));
}
