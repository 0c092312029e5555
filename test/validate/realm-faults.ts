import type { GoodHost } from '../support/hosts/good.ts';
import { anonymousPolicies, configure, listOf, scopeIn } from '../support/realm-things.ts';
import { json, metadata, type Spoiling } from './keycloak-front.ts';
import { retarget, type Stage } from './stage.ts';

/** Spoils something, and gives what fixes it. */
type Break = (stage: Stage, host: GoodHost) => Promise<(() => Promise<unknown>) | undefined>;

interface Case {
  what: string;
  breaks: readonly string[];
  words: RegExp;
  break: Break;
  /** Further arguments of `validate`. */
  args?: readonly string[];
}

/** A policy of the realm with other settings, until it is fixed. */
export const policy =
  (provider: string, config: Record<string, string[]>): Break =>
  async ({ realm }) => {
    const [component] = await anonymousPolicies(realm, provider);
    if (!component) throw new Error(`There is no ${provider} policy.`);
    await configure(realm, component, config);
    return () => configure(realm, component, component.config);
  };

/** Client policies that hold no redirect URIs to patterns, until it is fixed. */
async function withoutPatterns({ realm }: Stage): Promise<() => Promise<unknown>> {
  const path = realm.path('client-policies/profiles');
  type Profiles = { profiles: { executors: { executor: string }[] }[] };
  const { profiles } = await realm.admin.get<Profiles>(path);
  const isPattern = ({ executor }: { executor: string }) => executor === 'secure-client-uris-pattern';
  const without = profiles.map((one) => ({
    ...one,
    executors: one.executors.filter((step) => !isPattern(step)),
  }));
  await realm.admin.put(path, { profiles: without });
  return () => realm.admin.put(path, { profiles });
}

/** The scope in another of the realm's lists. */
const listed =
  (list: 'default' | 'optional' | 'none'): Break =>
  async ({ realm, scope }) => {
    const found = await scopeIn(realm, scope);
    const before = await listOf(realm, scope);
    const move = async (from: string, to: string) => {
      if (from !== 'none') await realm.admin.del(realm.path(`default-${from}-client-scopes/${found?.id}`));
      if (to !== 'none') await realm.admin.put(realm.path(`default-${to}-client-scopes/${found?.id}`));
    };
    await move(before, list);
    return () => move(list, before);
  };

interface Listed<T> {
  profiles: T[];
  policies: T[];
}

/** A client policy of somebody else's beside mcpkc's: public clients have to send DPoP proofs. */
async function demandDpop({ realm }: Stage): Promise<() => Promise<unknown>> {
  const [profiles, policies] = ['profiles', 'policies'].map((what) => realm.path(`client-policies/${what}`));
  const before = {
    profiles: (await realm.admin.get<Listed<object>>(profiles ?? '')).profiles,
    policies: (await realm.admin.get<Listed<object>>(policies ?? '')).policies,
  };
  const executors = [{ executor: 'dpop-bind-enforcer', configuration: { 'auto-configure': true } }];
  const conditions = [{ condition: 'client-access-type', configuration: { type: ['public'] } }];
  const policy = { name: 'dpop', enabled: true, conditions, profiles: ['dpop'] };
  await realm.admin.put(profiles ?? '', { profiles: [...before.profiles, { name: 'dpop', executors }] });
  await realm.admin.put(policies ?? '', { policies: [...before.policies, policy] });
  return async () => {
    await realm.admin.put(policies ?? '', { policies: before.policies });
    await realm.admin.put(profiles ?? '', { profiles: before.profiles });
  };
}

/** New users have no offline access. */
async function withoutOfflineRole({ realm }: Stage): Promise<() => Promise<unknown>> {
  const role = await realm.admin.get<{ id: string; name: string }>(realm.path('roles/offline_access'));
  const path = realm.path(`roles/default-roles-${realm.name.toLowerCase()}/composites`);
  await realm.admin.del(path, [role]);
  return () => realm.admin.post(path, [role]);
}

/** Realms with one thing wrong, provisioned in standing mode. */
export const standing: readonly Case[] = [
  {
    what: 'Trusted Hosts lacks the product’s host (§7)',
    breaks: ['REG-PLAIN'],
    words: /Policy 'Trusted Hosts' rejected request.*DCR host.*not allowlisted/s,
    break: policy('trusted-hosts', { 'trusted-hosts': ['example.com'] }),
  },
  {
    what: 'Trusted Hosts demands that the sender matches (§7)',
    breaks: ['REG-PLAIN'],
    words: /Host not trusted.*Host-match is enabled/s,
    break: policy('trusted-hosts', {
      'host-sending-registration-request-must-match': ['true'],
      'trusted-hosts': ['chatgpt.com'],
    }),
  },
  {
    what: 'Trusted Hosts does not look at redirect URIs',
    breaks: ['REG-FOREIGN'],
    words: /evil\.example.*Anybody can register/s,
    // From 26.7 on mcpkc's own client policy refuses them too.
    break: async (stage, host) => {
      const mendPolicies = await withoutPatterns(stage);
      const fix = await policy('trusted-hosts', {
        'client-uris-must-match': ['false'],
        'host-sending-registration-request-must-match': ['true'],
        'trusted-hosts': ['chatgpt.com', '127.0.0.1', 'localhost'],
      })(stage, host);
      return async () => {
        await fix?.();
        await mendPolicies();
      };
    },
  },
  {
    what: 'registrations may not name the realm’s own scopes',
    breaks: ['REG-SCOPE'],
    words: /Not permitted to use specified clientScope.*does not allow the realm’s default scopes/s,
    break: policy('allowed-client-templates', {
      'allow-default-scopes': ['false'],
      'allowed-client-scopes': ['openid'],
    }),
    args: ['--preset', 'codex'],
  },
  {
    what: 'registrations from a browser are refused',
    breaks: ['REG-ORIGIN'],
    words: /from http:\/\/127\.0\.0\.1:6274: 403, Invalid origin.*lists none/s,
    break: policy('registration-web-origins', { 'web-origins': [] }),
    args: ['--preset', 'inspector'],
  },
  {
    what: 'a client policy demands DPoP of public clients',
    breaks: ['TOK-CODE'],
    words: /DPoP proof is missing.*executor dpop-bind-enforcer/s,
    break: demandDpop,
    args: ['--preset', 'codex'],
  },
  {
    what: 'users have no role for offline access',
    breaks: ['TOK-OFFLINE'],
    words: /Codex ask for offline_access, and a new user has no role/,
    break: withoutOfflineRole,
    args: ['--preset', 'codex'],
  },
  {
    what: 'the client that was made lacks the redirect URI',
    breaks: ['CLIENT-SETTINGS'],
    words: /lacks ChatGPT’s redirect URI https:\/\/chatgpt\.com/,
    break: async ({ realm }) => {
      const { id } = await realm.admin.post(realm.path('clients'), {
        clientId: 'made',
        redirectUris: ['https://chatgpt.com/wrong'],
      });
      return () => realm.admin.del(realm.path(`clients/${id}`));
    },
    args: ['--client', 'made'],
  },
  {
    what: 'the scope is in neither of the realm’s lists, for a product that names none',
    breaks: ['REG-READBACK'],
    words: /holds 'mcp-resource' as none/,
    break: listed('none'),
    args: ['--preset', 'claude-code'],
  },
  {
    what: 'the scope is in neither of the realm’s lists, for a product that asks for it',
    breaks: ['AUTHZ-SCOPES'],
    words: /ChatGPT, asking for mcp-resource: invalid_scope.*may not have mcp-resource/s,
    break: listed('none'),
  },
  {
    what: 'the audience mapper gives another path (§7)',
    breaks: ['TOK-AUD'],
    words: /missing|gives .*compare byte for byte/s,
    break: async (stage, host) => {
      await retarget(stage, host.url, `${host.url}/`);
      return () => retarget(stage, host.url);
    },
  },
  {
    what: 'another default scope gives an audience too',
    breaks: ['TOK-EXTRA-AUD'],
    words: /also holds https:\/\/other\.example\/mcp.*works elsewhere/s,
    break: async ({ realm }) => {
      const { id } = await realm.admin.post(realm.path('client-scopes'), {
        name: 'other-audience',
        protocol: 'openid-connect',
        protocolMappers: [
          {
            name: 'other',
            protocol: 'openid-connect',
            protocolMapper: 'oidc-audience-mapper',
            config: { 'included.custom.audience': 'https://other.example/mcp', 'access.token.claim': 'true' },
          },
        ],
      });
      await realm.admin.put(realm.path(`default-default-client-scopes/${id}`));
      return () => realm.admin.del(realm.path(`client-scopes/${id}`));
    },
  },
  {
    what: 'another default scope gives the audience of a restricted server without its role',
    breaks: ['TOK-ROLE'],
    words: /has none of the roles \(finance\), and gets the audience/,
    break: async (stage, host) => {
      const { realm } = stage;
      await stage.access(host.url, '--role', 'finance', '--yes');
      const role = await realm.admin.get<{ id: string }>(realm.path('roles/finance'));
      await realm.admin.post(realm.path(`users/${stage.user.id}/role-mappings/realm`), [role]);
      const { id } = await realm.admin.post(realm.path('client-scopes'), {
        name: 'way-around',
        protocol: 'openid-connect',
        protocolMappers: [
          {
            name: 'same',
            protocol: 'openid-connect',
            protocolMapper: 'oidc-audience-mapper',
            config: { 'included.custom.audience': host.url, 'access.token.claim': 'true' },
          },
        ],
      });
      await realm.admin.put(realm.path(`default-default-client-scopes/${id}`));
      return async () => {
        await realm.admin.del(realm.path(`client-scopes/${id}`));
        await stage.access(host.url, '--anybody');
      };
    },
  },
  {
    what: 'no client policy enforces PKCE',
    breaks: ['AUTHZ-PKCE'],
    words: /without PKCE leads to the sign-in.*optional by default/s,
    break: async ({ realm }) => {
      const path = realm.path('client-policies/policies');
      const before = await realm.admin.get(path);
      await realm.admin.put(path, { policies: [] });
      return () => realm.admin.put(path, before);
    },
  },
  {
    what: 'a scope that ChatGPT asks for is missing',
    breaks: ['AUTHZ-SCOPES'],
    words: /invalid_scope.*Missing in the realm: phone/s,
    break: async ({ realm }) => {
      const phone = await scopeIn(realm, 'phone');
      const path = realm.path(`default-optional-client-scopes/${phone?.id}`);
      await realm.admin.del(path);
      return () => realm.admin.put(path);
    },
  },
  {
    what: 'the realm stores no events',
    breaks: ['LOG-CORRELATE'],
    words: /stores no events/,
    break: async ({ realm }) => {
      const path = realm.path('events/config');
      const before = await realm.admin.get<object>(path);
      await realm.admin.put(path, { ...before, eventsEnabled: false });
      return () => realm.admin.put(path, before);
    },
  },
];

/** Bad proxies in front of Keycloak. */
export const front: readonly (Omit<Case, 'break'> & { spoil: Spoiling })[] = [
  {
    what: 'an earlier place of the metadata fails',
    breaks: ['ASM-FOUND'],
    words: /earlier place stops clients/,
    spoil: {
      before: ({ path }) =>
        path.startsWith('/.well-known/oauth-authorization-server') ? json(500, {}) : undefined,
    },
  },
  {
    what: 'the metadata is nowhere',
    breaks: ['ASM-FOUND'],
    words: /a proxy hides its well-known places/,
    spoil: { before: ({ path }) => (path.includes('/.well-known/') ? json(404, {}) : undefined) },
  },
  {
    what: 'the metadata names another issuer',
    breaks: ['ASM-ISSUER'],
    words: /--hostname|not .*realms/s,
    spoil: metadata((document) => ({ ...document, issuer: 'http://keycloak:8080/auth/realms/demo' })),
  },
  {
    what: 'the endpoints have an internal name',
    breaks: ['ASM-ENDPOINTS'],
    words: /token_endpoint is on keycloak:8080.*public hostname/s,
    spoil: metadata((document) => ({ ...document, token_endpoint: 'http://keycloak:8080/token' })),
  },
  {
    what: 'S256 is not advertised',
    breaks: ['ASM-PKCE'],
    words: /code_challenge_methods_supported is plain/,
    spoil: metadata((document) => ({ ...document, code_challenge_methods_supported: ['plain'] })),
  },
  {
    what: 'HTTP Basic is not advertised',
    breaks: ['ASM-AUTH-BASIC'],
    words: /client_secret_basic/,
    spoil: metadata((document) => ({
      ...document,
      token_endpoint_auth_methods_supported: ['client_secret_post'],
    })),
  },
  {
    what: 'RFC 9207 is not advertised',
    breaks: ['ASM-ISS'],
    words: /iss/,
    spoil: metadata((document) => ({ ...document, authorization_response_iss_parameter_supported: false })),
  },
  {
    what: 'RFC 9207 is advertised, and error responses name no issuer',
    breaks: ['ASM-ISS'],
    words: /names no issuer/,
    spoil: {
      after: (_request, answer) => {
        const location = String(answer.headers.location ?? '');
        return {
          ...answer,
          headers: {
            ...answer.headers,
            ...(location && { location: location.replace(/[?&]iss=[^&]*/, '') }),
          },
        };
      },
    },
  },
  {
    what: 'client id metadata documents are advertised, and there is no way for ChatGPT’s',
    breaks: ['AUTHZ-SCOPES'],
    words: /ChatGPT.*uses https:\/\/chatgpt\.com\/oauth\/client\.json as its client id/s,
    spoil: metadata((document) => ({ ...document, client_id_metadata_document_supported: true })),
  },
  {
    what: 'public clients are refused',
    breaks: ['ASM-AUTH-NONE'],
    words: /public client is refused/,
    spoil: {
      before: ({ path, body }) =>
        path.includes('/clients-registrations/') && body.includes('"token_endpoint_auth_method":"none"')
          ? json(400, { error: 'invalid_client_metadata' })
          : undefined,
    },
  },
  {
    what: 'registrations are answered without CORS, as by Keycloak 26.4',
    breaks: ['REG-ORIGIN'],
    words: /201 without access-control-allow-origin, which the browser drops.*26\.4 answers no browser/s,
    args: ['--preset', 'inspector'],
    spoil: {
      after: ({ path }, { headers: { 'access-control-allow-origin': origin, ...headers }, ...answer }) =>
        path.includes('/clients-registrations/')
          ? { ...answer, headers }
          : { ...answer, headers: { 'access-control-allow-origin': origin, ...headers } },
    },
  },
  {
    what: 'HTTP Basic does not get through to the token endpoint (§7)',
    breaks: ['TOK-BASIC'],
    words: /\/token responds 401: Basic auth is disabled/,
    spoil: {
      before: (request) => {
        if (request.path.endsWith('/protocol/openid-connect/token') && !request.body.includes('client_id=')) {
          // The account's own token is asked for in the same way: it is told by its client.
          const basic = Buffer.from(String(request.headers.authorization).slice(6), 'base64').toString();
          if (!basic.startsWith('mcpkc:')) delete request.headers.authorization;
        }
        return undefined;
      },
    },
  },
  {
    what: 'unregistered redirect URIs are followed',
    breaks: ['AUTHZ-REDIRECT'],
    words: /evil\.example/,
    spoil: {
      before: ({ path }) =>
        path.includes('/openid-connect/auth?') && path.includes('evil.example')
          ? { status: 302, headers: { location: 'https://evil.example/cb?error=x' }, body: '' }
          : undefined,
    },
  },
  {
    what: 'tokens have another issuer',
    breaks: ['TOK-CLAIMS'],
    words: /its signature|its iss/,
    spoil: {
      after: ({ path }, answer) => {
        if (!path.endsWith('/protocol/openid-connect/certs')) return answer;
        const { keys } = JSON.parse(answer.body) as { keys: { kid: string }[] };
        return json(200, { keys: keys.map((key) => ({ ...key, kid: `${key.kid}x` })) });
      },
    },
  },
];
