/** Realms and servers that verdicts are put before: each is staged by bare admin calls, and most of them are from the field. */
import type { HostSetup } from '../support/hosts/serve.ts';
import type { Realm, RealmUser } from '../support/keycloak/realm.ts';
import { anonymousPolicies, configure, scopeIn } from '../support/realm-things.ts';
import { SCOPE, STANDING, type Staging } from './real/stage.ts';

/** Everything that the products need to register. */
const EVERYBODY: Staging = {
  ...STANDING,
  trustedHosts: [
    ...STANDING.trustedHosts,
    'chatgpt.com',
    'claude.ai',
    'vscode.dev',
    'insiders.vscode.dev',
    'code.visualstudio.com',
    'www.cursor.com',
    'anysphere.cursor-mcp',
  ],
};

/** A realm and a server, and what is wrong with them. */
export interface Situation {
  readonly title: string;
  readonly staging: Staging;
  /** What the server names, where that is something else than its scope. */
  readonly server?: Partial<HostSetup>;
  /** Further variables of the example server. */
  readonly env?: Readonly<Record<string, string>>;
  /** A fault of the server: the name of a knob. */
  readonly knob?: string;
  /** Why `status` can’t know what stops products here: it is nothing of the realm’s. */
  readonly beyond?: string;
  /** Spoils the realm. */
  readonly spoil?: (realm: Realm, user: RealmUser, resource: string) => Promise<unknown>;
}

const named = { scope: SCOPE, advertisedScopes: [SCOPE] };
const policy = (provider: string, config: Record<string, string[]>) => async (realm: Realm) => {
  const [component] = await anonymousPolicies(realm, provider);
  if (!component) throw new Error(`There is no ${provider} policy.`);
  await configure(realm, component, config);
};

/** Takes a scope out of the realm's default list. */
async function notDefault(realm: Realm, name: string): Promise<void> {
  const scope = await scopeIn(realm, name);
  await realm.admin.del(realm.path(`default-default-client-scopes/${scope?.id}`));
}

/** A client policy with one of Keycloak's own profiles, for clients of a kind. */
const held = (profile: string, type: 'public' | 'confidential') => (realm: Realm) =>
  realm.admin.put(realm.path('client-policies/policies'), {
    policies: [
      {
        name: `held-${type}`,
        enabled: true,
        conditions: [{ condition: 'client-access-type', configuration: { type: [type] } }],
        profiles: [profile],
      },
    ],
  });

/** Binds the audience to a role; `grants` it to the user, or not. */
const roleBound = (grants: boolean) => async (realm: Realm, user: RealmUser) => {
  await realm.admin.post(realm.path('roles'), { name: 'mcp-users' });
  const role = await realm.admin.get<{ id: string; name: string }>(realm.path('roles/mcp-users'));
  const scope = await scopeIn(realm, SCOPE);
  await realm.admin.post(realm.path(`client-scopes/${scope?.id}/scope-mappings/realm`), [role]);
  if (grants) await realm.admin.post(realm.path(`users/${user.id}/role-mappings/realm`), [role]);
};

/** The audience that the realm gives is another text than the server's URL. */
const audience =
  (change: (resource: string) => string) => async (realm: Realm, _user: RealmUser, resource: string) => {
    const scope = await scopeIn(realm, SCOPE);
    const [mapper] = (scope?.protocolMappers ?? []) as unknown as {
      id: string;
      config: Record<string, string>;
    }[];
    if (!scope || !mapper) throw new Error('The realm was not provisioned.');
    const path = realm.path(`client-scopes/${scope.id}/protocol-mappers/models/${mapper.id}`);
    const config = { ...mapper.config, 'included.custom.audience': change(resource) };
    await realm.admin.put(path, { ...mapper, config });
  };

/** Clients can't authenticate with id and secret in this realm. */
async function basicOff(realm: Realm): Promise<void> {
  const path = realm.path('authentication/flows/clients/executions');
  const executions = await realm.admin.get<{ providerId: string; requirement: string }[]>(path);
  const execution = executions.find(({ providerId }) => providerId === 'client-secret');
  await realm.admin.put(path, { ...execution, requirement: 'DISABLED' });
}

const component = (realm: Realm, name: string, providerId: string) =>
  realm.admin.post(realm.path('components'), {
    name,
    providerId,
    providerType: 'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy',
    subType: 'anonymous',
    config: {},
  });

/** The situations, in the order of the table. */
export const SITUATIONS: readonly Situation[] = [
  { title: 'all is well, the server names its scope', staging: EVERYBODY, server: named },
  { title: 'the server names no scope', staging: EVERYBODY, server: {} },
  {
    title: 'the server names no scope, `service_account` is advertised and nobody may have it',
    staging: { ...EVERYBODY, hideUnattached: false },
    server: {},
  },
  {
    title: 'the server names its scope, `service_account` is advertised and nobody may have it',
    staging: { ...EVERYBODY, hideUnattached: false },
    server: named,
  },
  {
    title: '`offline_access` is advertised, and no client may have it',
    staging: { ...EVERYBODY, offlineAccess: 'refused' },
    server: named,
  },
  {
    title: 'the user lacks the role `offline_access`',
    beyond: 'one user’s roles, others have it',
    staging: { ...EVERYBODY, offlineAccess: 'no-role' },
    server: named,
  },
  {
    title: 'the scope is optional, the server names none',
    staging: { ...EVERYBODY, scope: 'optional' },
    server: {},
  },
  {
    title: 'the scope is optional, the server names it',
    staging: { ...EVERYBODY, scope: 'optional' },
    server: named,
  },
  { title: 'adopted mode', staging: { ...EVERYBODY, scope: 'name-only' }, server: named },
  {
    title: 'no product’s host is trusted',
    staging: { ...EVERYBODY, trustedHosts: ['example.com'] },
    server: named,
  },
  {
    title: 'hosted products are trusted, loopback is not',
    staging: {
      ...EVERYBODY,
      trustedHosts: EVERYBODY.trustedHosts.filter((host) => !/^(127|local)/.test(host)),
    },
    server: named,
  },
  {
    title: 'the sender of a registration must be trusted',
    staging: EVERYBODY,
    server: named,
    spoil: policy('trusted-hosts', {
      'trusted-hosts': EVERYBODY.trustedHosts.filter((host) => !/^(127|local)/.test(host)),
      'host-sending-registration-request-must-match': ['true'],
      'client-uris-must-match': ['false'],
    }),
  },
  {
    title: 'the server demands `openid` (FastMCP’s default), which registrations may not name',
    staging: EVERYBODY,
    server: { scope: 'openid', advertisedScopes: ['openid'] },
    spoil: policy('allowed-client-templates', { 'allowed-client-scopes': [] }),
  },
  {
    title: 'the server demands `openid` (FastMCP’s default), which registrations may name',
    beyond: 'what the server names',
    staging: EVERYBODY,
    server: { scope: 'openid', advertisedScopes: ['openid'] },
  },
  {
    title: 'registrations may not name the realm’s own scopes',
    staging: EVERYBODY,
    server: named,
    spoil: policy('allowed-client-templates', {
      'allow-default-scopes': ['false'],
      'allowed-client-scopes': ['openid'],
    }),
  },
  {
    title: '`basic` is no default scope of the realm',
    staging: EVERYBODY,
    server: named,
    spoil: (realm) => notDefault(realm, 'basic'),
  },
  {
    title: 'the server lists a scope that the realm lacks',
    beyond: 'what the server names',
    staging: EVERYBODY,
    server: { scope: 'no-such-scope', advertisedScopes: ['no-such-scope'] },
  },
  {
    title: 'a client policy demands DPoP of public clients',
    staging: EVERYBODY,
    server: named,
    spoil: held('oauth-2-1-for-public-client', 'public'),
  },
  {
    title: 'a client policy demands signed assertions of confidential clients',
    staging: EVERYBODY,
    server: named,
    spoil: held('oauth-2-1-for-confidential-client', 'confidential'),
  },
  { title: 'clients may not authenticate with a secret', staging: EVERYBODY, server: named, spoil: basicOff },
  {
    title: 'the audience takes a role that the user has',
    staging: EVERYBODY,
    server: named,
    spoil: roleBound(true),
  },
  {
    title: 'the audience takes a role that the user lacks',
    beyond: 'one user’s roles, others have it',
    staging: EVERYBODY,
    server: named,
    spoil: roleBound(false),
  },
  {
    title: 'the audience has a slash at the end',
    staging: EVERYBODY,
    server: named,
    spoil: audience((resource) => `${resource}/`),
  },
  {
    title: 'a policy disables what registers',
    staging: EVERYBODY,
    server: named,
    spoil: (realm) => component(realm, 'Client Disabled', 'client-disabled'),
  },
  {
    title: 'the realm has as many clients as it may',
    staging: EVERYBODY,
    server: named,
    spoil: policy('max-clients', { 'max-clients': ['1'] }),
  },
  {
    title: 'the server names the issuer’s metadata in place of the issuer',
    beyond: 'a fault of the server',
    staging: EVERYBODY,
    server: named,
    knob: 'issuer-as-metadata-url',
  },
  {
    title: 'the server has no metadata',
    beyond: 'a fault of the server',
    staging: EVERYBODY,
    server: named,
    knob: 'prm-missing',
  },
  {
    title: 'the server fails at its first request',
    beyond: 'a fault of the server',
    staging: EVERYBODY,
    server: named,
    knob: 'initialize-error',
  },
];
