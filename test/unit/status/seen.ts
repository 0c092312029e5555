import type { Finding } from '../../../src/findings/finding.ts';
import { GROUPS } from '../../../src/findings/index.ts';
import { judge } from '../../../src/findings/judge.ts';
import type { Seen } from '../../../src/findings/seen.ts';
import type { Part, StatusSnapshot } from '../../../src/keycloak/read/status-parts.ts';
import { chatgpt } from '../../../src/products/chatgpt.ts';
import { redirectExpression } from '../../../src/products/redirect.ts';
import { registrationsPolicy, userlessPolicy } from '../../../src/realm/own-policies.ts';
import { NO_RECORD } from '../../../src/realm/record.ts';
import type {
  Client,
  ClientPolicy,
  ClientProfile,
  ClientScope,
  ProtocolMapper,
  RegistrationPolicy,
} from '../../../src/realm/representations.ts';

export const RESOURCE = 'https://svc.example.com/mcp';
export const NOW = Date.UTC(2026, 10, 24);

/** The lifetimes of a new realm, in seconds. */
export const LIFETIMES = {
  accessToken: 300,
  implicitToken: 900,
  sessionIdle: 1800,
  sessionMax: 36_000,
  offlineIdle: 2_592_000,
  offlineMax: undefined,
};

export const visible = <T>(value: T): Part<T> => ({ visible: true, value });

export function mapper(audience: string, config: Record<string, string> = {}): ProtocolMapper {
  const all = { 'included.custom.audience': audience, 'access.token.claim': 'true', ...config };
  const protocolMapper = 'oidc-audience-mapper';
  return { id: 'm', name: 'mcp-audience', protocol: 'openid-connect', protocolMapper, config: all };
}

export function scope(name: string, more: Partial<ClientScope> = {}): ClientScope {
  const empty = { id: name, description: '', protocol: 'openid-connect', attributes: {}, mappers: [] };
  return { ...empty, name, ...more };
}

export const AUDIENCE_SCOPE = scope('mcp-resource', {
  attributes: { 'mcpkc.mode': 'standing', 'mcpkc.resource': RESOURCE },
  mappers: [mapper(RESOURCE)],
});

export function policy(providerId: string, config: Record<string, string[]> = {}): RegistrationPolicy {
  return { id: providerId, name: providerId, providerId, subType: 'anonymous', config };
}

export const TRUSTED = policy('trusted-hosts', {
  'trusted-hosts': [...chatgpt.trustedHosts, 'svc.example.com'],
  'host-sending-registration-request-must-match': ['false'],
  'client-uris-must-match': ['true'],
});

export const POLICIES: RegistrationPolicy[] = [
  TRUSTED,
  policy('allowed-client-templates', {
    'allow-default-scopes': ['true'],
    'allowed-client-scopes': ['openid'],
  }),
  policy('allowed-protocol-mappers'),
  policy('consent-required'),
  policy('scope'),
  policy('max-clients', { 'max-clients': ['200'] }),
];

/** The policies as mcpkc makes them. */
const OWN = [
  registrationsPolicy({ by: 'patterns', patterns: chatgpt.redirectUris.map(redirectExpression) }),
  userlessPolicy(['mcp-resource']),
];
export const [REGISTRATIONS, USERLESS] = OWN.map(({ policy }) => policy) as [ClientPolicy, ClientPolicy];
export const PROFILES: ClientProfile[] = OWN.map(({ profile }) => profile);

export function client(clientId: string, more: Partial<Client> = {}): Client {
  const lists = { redirectUris: [], attributes: {}, defaultClientScopes: [], optionalClientScopes: [] };
  return { id: clientId, clientId, enabled: true, protocol: 'openid-connect', ...lists, ...more };
}

/** A connector of ChatGPT as Keycloak registers it. */
export function connector(clientId: string, more: Partial<Client> = {}): Client {
  return client(clientId, {
    name: 'ChatGPT',
    consentRequired: true,
    fullScopeAllowed: false,
    standardFlowEnabled: true,
    redirectUris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
    ...more,
  });
}

const ISSUER = 'https://sso.example.com/realms/demo';
export const metadata = (issuer = ISSUER) => ({
  url: `${issuer}/.well-known/openid-configuration`,
  issuer,
  cimd: false,
  authMethods: ['client_secret_basic'],
  scopes: ['openid', 'address', 'phone', 'microprofile-jwt', 'organization', 'mcp-resource'],
});

/** A realm in which everything is right, but for what a test says. */
export function parts(changes: Partial<StatusSnapshot> = {}): StatusSnapshot {
  const optionals = ['address', 'phone', 'microprofile-jwt', 'organization'];
  return {
    token: {
      roles: ['manage-clients', 'manage-realm', 'view-events', 'view-users'],
      realmRoles: [],
      superuser: false,
      audiences: [],
      isForAdminApi: false,
      scopes: [],
      length: 1200,
      sealed: true,
    },
    face: { atIssuer: metadata(), atKeycloak: metadata() },
    scopes: visible({
      all: [AUDIENCE_SCOPE, ...optionals.map((name) => scope(name))],
      defaults: ['mcp-resource'],
      optionals,
    }),
    registrationPolicies: visible(POLICIES),
    registrationProviders: visible(
      new Map([['allowed-client-templates', ['allowed-client-scopes', 'allow-default-scopes']]]),
    ),
    clientPolicies: visible({ policies: [REGISTRATIONS, USERLESS], profiles: PROFILES, globalProfiles: [] }),
    authenticators: visible(['client-secret', 'client-jwt']),
    room: visible({ limit: 200, reached: false, near: false }),
    eventsConfig: visible({ enabled: true, types: [], expirationMs: undefined }),
    refusals: visible([]),
    gone: visible([]),
    defaultRoles: visible(['offline_access', 'uma_authorization']),
    lifetimes: visible({
      lifetimes: LIFETIMES,
      refreshing: { rotates: false, reuse: 0 },
    }),
    server: visible({ version: '26.7.3', features: [], redirects: 'patterns' as const }),
    ownClient: visible(client('mcpkc')),
    clients: visible(undefined),
    record: visible(NO_RECORD),
    adopted: visible([]),
    ids: visible([]),
    access: visible({ mapped: [], roles: [] }),
    roleHolders: visible({ defaults: [], unused: [], held: [] }),
    fewClients: visible(undefined),
    ...changes,
  };
}

export function seen(changes: Partial<StatusSnapshot> = {}, more: Partial<Seen> = {}): Seen {
  return {
    parts: parts(changes),
    realm: 'demo',
    server: 'http://127.0.0.1:8080',
    resource: RESOURCE,
    only: false,
    configured: { resource: RESOURCE, scopeName: 'mcp-resource' },
    presets: [chatgpt],
    issuer: ISSUER,
    account: 'mcpkc',
    roleClient: 'realm-management',
    staticClients: [],
    otherAudiences: [],
    globalFlags: [],
    initFlags: [],
    now: NOW,
    backupOf: () => undefined,
    ...more,
  };
}

/** What is said of every standing realm, and that no client has the MCP server's URL as its id, as here. */
const SAID = ['MODE', 'DCR_WITH_SCOPE', 'CONNECTION_LIFETIME', 'RESOURCE_ID_FREE'];

/** What is found beside that. */
export function found(changes: Partial<StatusSnapshot> = {}, more: Partial<Seen> = {}): Finding[] {
  return judge(GROUPS, seen(changes, more)).findings.filter(({ code }) => !SAID.includes(code));
}

export const codes = (findings: readonly Finding[]) => findings.map(({ code }) => code);

/** A realm with these scopes, and some of them realm defaults. */
export function withScopes(
  all: ClientScope[],
  defaults: string[] = ['mcp-resource'],
): Partial<StatusSnapshot> {
  const base = parts().scopes;
  const optionals = base.visible ? base.value.optionals : [];
  return { scopes: visible({ all: [...all, ...optionals.map((name) => scope(name))], defaults, optionals }) };
}

/** The policies with one replaced, or removed. */
export function withPolicy(
  providerId: string,
  config: Record<string, string[]> | undefined,
): Partial<StatusSnapshot> {
  const others = POLICIES.filter((one) => one.providerId !== providerId);
  const own = POLICIES.find((one) => one.providerId === providerId);
  const changed = config === undefined ? [] : [policy(providerId, { ...own?.config, ...config })];
  return { registrationPolicies: visible([...others, ...changed]) };
}
