import { expect } from 'vitest';
import { Connector } from '../../support/connectors/chatgpt.ts';
import { revokeRoles } from '../../support/keycloak/service-account.ts';
import { audienceScope } from '../../support/onboarding.ts';
import { registerWhole } from '../../support/strangers.ts';
import { inMaster } from './master-account.ts';
import { naming, SCOPE, type World } from './world.ts';

/** How a finding is brought about, and what a connector meets because of it. */
export interface Stage {
  code: string;
  /** Makes everything right, where `create-scope` alone does not. */
  before?(world: World): Promise<void>;
  /** Makes it so in a realm where everything is right. */
  stage(world: World): Promise<void>;
  /** Other findings that come with it. */
  also?: readonly string[];
  /** Flags of status that it takes. */
  flags?: readonly string[];
  /** Environment of the shell that runs the fix, where it needs an administrator. */
  administrator?: true;
  /** What really happens in that realm; what the finding says. */
  truth?(world: World): Promise<void>;
}

const REFUSED_BY_HOST = { ok: false, stage: 'mcp', status: 401, error: 'invalid_token' };

async function answers401(world: World): Promise<void> {
  expect(await world.connect()).toMatchObject(REFUSED_BY_HOST);
}

async function registrationRefused(world: World, words: string, scope?: string): Promise<void> {
  const result = await (scope === undefined ? world.connect() : world.connect(naming(scope)));
  expect(result).toMatchObject({ ok: false, stage: 'registration', status: 403 });
  expect(result).toHaveProperty('description', expect.stringContaining(words));
}

/** Errors of the scope and its mapper. */
const SCOPES: readonly Stage[] = [
  {
    code: 'SCOPE_MISSING',
    async stage(world) {
      // A policy that names a scope that is gone is a finding of its own.
      const policies = await world.clientPolicies();
      await world.putClientPolicies(policies.filter((one) => !JSON.stringify(one).includes(`"${SCOPE}"`)));
      await world.admin.del(world.path(`client-scopes/${(await world.scope()).id}`));
    },
    truth: answers401,
  },
  {
    code: 'AUDIENCE_MAPPER_MISSING',
    async stage(world) {
      const { id, protocolMappers } = await world.scope();
      await world.admin.del(
        world.path(`client-scopes/${id}/protocol-mappers/models/${protocolMappers[0]?.id}`),
      );
    },
    truth: answers401,
  },
  {
    code: 'AUDIENCE_MISMATCH',
    stage: (world) => world.mapper({ 'included.custom.audience': `${world.host.url}/` }),
    truth: answers401,
  },
  {
    code: 'MAPPER_NOT_IN_ACCESS_TOKEN',
    stage: (world) => world.mapper({ 'access.token.claim': 'false' }),
    truth: answers401,
  },
  {
    code: 'SCOPE_NOT_DEFAULT',
    async stage(world) {
      await world.admin.del(world.path(`default-default-client-scopes/${(await world.scope()).id}`));
    },
    also: ['ALLOWED_SCOPES_BLOCKS_REGISTRATION'],
    truth: answers401,
  },
  {
    code: 'REQUESTED_SCOPE_MISSING',
    async stage(world) {
      await world.admin.del(world.path(`default-optional-client-scopes/${(await world.scope('phone')).id}`));
    },
    async truth(world) {
      const scope = 'address microprofile-jwt organization phone';
      const result = await world.connect(undefined, { scope });
      expect(result).toMatchObject({ ok: false, stage: 'authorization', error: 'invalid_scope' });
    },
  },
  {
    code: 'OLD_WINDOW_OPEN',
    async stage(world) {
      const since = new Date(Date.now() - 7_200_000).toISOString();
      const mark = {
        since,
        until: since,
        host: 'elsewhere',
        pid: 1,
        by: 'somebody',
        watch: 'events',
        before: 'none',
      };
      const { id } = await world.scope();
      const attributes = { 'mcpkc.mode': 'windowed', 'mcpkc.window': JSON.stringify(mark) };
      await world.admin.put(world.path(`client-scopes/${id}`), {
        name: SCOPE,
        protocol: 'openid-connect',
        attributes,
      });
    },
    async truth(world) {
      // Nobody adopted this connector, and the host lets it in all the same.
      expect(await world.connect()).toMatchObject({ ok: true });
    },
  },
];

/** Errors of mode adopted. */
const ADOPTED: readonly Stage[] = [
  {
    code: 'AUDIENCE_SCOPE_EXPOSED',
    async stage(world) {
      const hidden = await adoptedWorld(world);
      await world.admin.put(world.path(`default-default-client-scopes/${hidden.id}`));
    },
    async truth(world) {
      // Nobody adopted this connector, and the host lets it in all the same.
      expect(await world.connect()).toMatchObject({ ok: true });
    },
  },
  {
    code: 'NAME_SCOPE_GIVES_AUDIENCE',
    async stage(world) {
      const hidden = await adoptedWorld(world);
      const [{ id: _id, ...mapper } = { id: '' }] = hidden.protocolMappers ?? [];
      const { id } = await world.scope();
      await world.admin.post(world.path(`client-scopes/${id}/protocol-mappers/models`), mapper);
    },
    async truth(world) {
      expect(await world.connect(naming(SCOPE), { scope: SCOPE })).toMatchObject({ ok: true });
    },
  },
  {
    code: 'NAME_SCOPE_NOT_OPTIONAL',
    async stage(world) {
      await adoptedWorld(world);
      await world.admin.del(world.path(`default-optional-client-scopes/${(await world.scope()).id}`));
    },
    truth: (world) => registrationRefused(world, 'Not permitted to use specified clientScope', SCOPE),
  },
];

/** Makes the world's resource one of mode adopted; gives its hidden scope. */
async function adoptedWorld(world: World) {
  await world.mcpkc(0, 'create-scope', '--preset', 'chatgpt', '--attach', 'none', '--yes');
  const hidden = await audienceScope(world.realm, SCOPE);
  if (!hidden) expect.fail('there is no audience scope');
  return hidden as typeof hidden & { protocolMappers?: { id: string }[] };
}

/** Errors of the registration policies. */
const REGISTRATION: readonly Stage[] = [
  {
    code: 'TRUSTED_HOSTS_POLICY_MISSING',
    stage: (world) => world.deletePolicy('trusted-hosts'),
    async truth(world) {
      const evil = { ...naming('none'), redirectUris: () => ['https://evil.example/callback'] };
      // Redirect URIs are held to the products' by patterns where the server can do that (26.7.4).
      const [{ severity } = {}] = (await world.findings()).filter(
        ({ subject }) => subject === 'Trusted Hosts',
      );
      expect(await world.connect(evil)).toMatchObject({ ok: severity === 'error' });
      await world.putClientPolicies([]);
      expect(await world.connect(evil)).toMatchObject({ ok: true });
      const found = await world.findings();
      expect(found.find(({ subject }) => subject === 'Trusted Hosts')).toMatchObject({ severity: 'error' });
    },
  },
  {
    code: 'TRUSTED_HOSTS_EMPTY',
    stage: (world) => world.configure('trusted-hosts', { 'trusted-hosts': [] }),
    truth: (world) => registrationRefused(world, "Policy 'Trusted Hosts' rejected request"),
  },
  {
    code: 'TRUSTED_HOST_MISSING',
    async stage(world) {
      const others = (await world.hosts()).filter((host) => host !== 'chatgpt.com');
      await world.configure('trusted-hosts', { 'trusted-hosts': [...others, 'ChatGPT.com'] });
    },
    truth: (world) => registrationRefused(world, "URI doesn't match any trusted host"),
  },
  {
    code: 'SENDER_MATCH_ON',
    also: ['TRUSTED_HOST_MISSING'],
    async stage(world) {
      // This machine is the sender here, so its own address must not be listed.
      const hosts = (await world.hosts()).filter((host) => host !== '127.0.0.1');
      const sender = { 'host-sending-registration-request-must-match': ['true'] };
      await world.configure('trusted-hosts', { 'trusted-hosts': hosts, ...sender });
    },
    truth: (world) => registrationRefused(world, 'Host not trusted'),
  },
  {
    code: 'ALLOWED_SCOPES_DEFAULTS_OFF',
    stage: (world) => world.configure('allowed-client-templates', { 'allow-default-scopes': ['false'] }),
    truth: (world) => registrationRefused(world, 'Not permitted to use specified clientScope', SCOPE),
  },
  {
    code: 'MAX_CLIENTS_REACHED',
    stage: (world) => world.configure('max-clients', { 'max-clients': ['1'] }),
    truth: (world) => registrationRefused(world, "Policy 'Max Clients Limit' rejected request"),
  },
  {
    code: 'NEW_CLIENTS_DISABLED',
    async stage(world) {
      const providerType = 'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';
      const policy = {
        name: 'Client Disabled',
        providerId: 'client-disabled',
        subType: 'anonymous',
        providerType,
      };
      await world.admin.post(world.path('components'), { ...policy, config: {} });
    },
    async truth(world) {
      expect(await world.connect()).toMatchObject({ ok: false, stage: 'authorization' });
    },
  },
];

/** What a realm lacks that was left as it was found. */
const HARDENING: readonly Stage[] = [
  {
    code: 'MAPPER_TYPES_WIDE',
    stage: (world) =>
      world.configure('allowed-protocol-mappers', {
        'allowed-protocol-mapper-types': [
          'oidc-usermodel-attribute-mapper',
          'oidc-sha256-pairwise-sub-mapper',
        ],
      }),
    truth: async (world) => void expect((await registerWhole(world.realm, WITH_MAPPER)).status).toBe(201),
  },
  { code: 'MAPPER_POLICY_MISSING', stage: (world) => world.deletePolicy('allowed-protocol-mappers') },
  {
    code: 'CLIENT_OWN_MAPPERS',
    // Its client id is its own choice, and it inherits the standing scope.
    also: ['SCOPE_ON_FOREIGN_CLIENT'],
    flags: ['--clients'],
    async stage(world) {
      await world.configure('allowed-protocol-mappers', {
        'allowed-protocol-mapper-types': ['oidc-usermodel-attribute-mapper'],
      });
      await registerWhole(world.realm, WITH_MAPPER);
      await world.configure('allowed-protocol-mappers', {
        'allowed-protocol-mapper-types': ['oidc-sha256-pairwise-sub-mapper'],
      });
    },
  },
];

const WITH_MAPPER = {
  clientId: 'impostor',
  redirectUris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
  protocolMappers: [
    {
      name: 'who',
      protocol: 'openid-connect',
      protocolMapper: 'oidc-usermodel-attribute-mapper',
      config: { 'user.attribute': 'lastName', 'claim.name': 'sub', 'access.token.claim': 'true' },
    },
  ],
};

/** Errors of the server, the policies and the account. */
const OTHERS: readonly Stage[] = [
  {
    code: 'ISSUER_MISMATCH',
    async stage(world) {
      // What everybody is told stays the same; Keycloak begins to call itself something else.
      const frontendUrl = world.admin.access.url.replace('127.0.0.1', 'localhost');
      await inMaster(world);
      world.env.KC_ISSUER = world.realm.issuer;
      await world.admin.put(world.path(), { attributes: { frontendUrl } });
    },
    async truth(world) {
      const result = await world.connect();
      expect(result).toMatchObject({ ok: false, stage: 'server-metadata', error: 'issuer_mismatch' });
    },
  },
  {
    code: 'ISSUER_NOT_HTTPS',
    async stage(world) {
      const frontendUrl = 'http://sso.example.com/auth';
      await inMaster(world);
      world.env.KC_ISSUER = `${frontendUrl}/realms/${world.realm.name}`;
      await world.admin.put(world.path(), { attributes: { frontendUrl } });
    },
    async truth(world) {
      const issuer = world.env.KC_ISSUER ?? '';
      // The example host won't take such an issuer; one that does would name it in its metadata like this. The
      // server is reached as if it were in the DNS.
      const reach: typeof fetch = async (input, init) => {
        const url = String(input).replace('http://sso.example.com/auth', world.admin.access.url);
        const answer = await fetch(url, init);
        if (!url.includes('oauth-protected-resource')) return answer;
        const metadata = (await answer.json()) as Record<string, unknown>;
        return Response.json({ ...metadata, authorization_servers: [issuer] });
      };
      const well = await (await reach(`${issuer}/.well-known/openid-configuration`)).json();
      expect(well).toHaveProperty('issuer', issuer);
      const result = await new Connector(world.host.url, { fetch: reach }).connect(world.user);
      expect(result).toMatchObject({ ok: false, stage: 'server-metadata', error: 'insecure_issuer' });
    },
  },
  {
    code: 'BASIC_AUTH_DISABLED',
    async stage(world) {
      await inMaster(world);
      const flow = world.path('authentication/flows/clients/executions');
      const executions = await world.admin.get<{ providerId: string }[]>(flow);
      const secret = executions.find(({ providerId }) => providerId === 'client-secret');
      await world.admin.put(flow, { ...secret, requirement: 'DISABLED' });
    },
    async truth(world) {
      expect(await world.connect()).toMatchObject({
        ok: false,
        stage: 'token',
        status: 401,
        error: 'invalid_client',
      });
    },
  },
  {
    code: 'POLICY_NAMES_MISSING_SCOPE',
    also: ['PKCE_BREAKS_APPLICATIONS'],
    async stage(world) {
      const name = 'mcp-resource-gone';
      const { id } = await world.admin.post(world.path('client-scopes'), {
        name,
        protocol: 'openid-connect',
      });
      const conditions = [{ condition: 'client-scopes', configuration: { type: 'Any', scopes: [name] } }];
      const policy = { name: `mcpkc-pkce-${name}`, enabled: true, conditions, profiles: ['mcpkc-pkce'] };
      const at = world.path('client-policies/profiles');
      const { profiles } = await world.admin.get<{ profiles: unknown[] }>(at);
      await world.admin.put(at, { profiles: [...profiles, { name: 'mcpkc-pkce', executors: [] }] });
      await world.putClientPolicies([...(await world.clientPolicies()), policy]);
      await world.admin.del(world.path(`client-scopes/${id}`));
    },
    async truth(world) {
      const edit = world.putClientPolicies(await world.clientPolicies());
      await expect(edit).rejects.toThrow('Client scopes not allowed');
    },
  },
  {
    code: 'POLICY_NAMES_MISSING_PROFILE',
    async stage(world) {
      const at = world.path('client-policies/profiles');
      const { profiles } = await world.admin.get<{ profiles: unknown[] }>(at);
      const theirs = {
        name: 'their-profile',
        executors: [{ executor: 'secure-session', configuration: {} }],
      };
      await world.admin.put(at, { profiles: [...profiles, theirs] });
      const policy = {
        name: 'their-policy',
        enabled: true,
        conditions: [{ condition: 'client-roles', configuration: { roles: ['no-client-has-it'] } }],
        profiles: ['their-profile', 'fapi-1-baseline'],
      };
      await world.putClientPolicies([...(await world.clientPolicies()), policy]);
      await world.admin.put(at, { profiles });
    },
    async truth(world) {
      await expect(world.putClientPolicies(await world.clientPolicies())).rejects.toThrow();
    },
  },
  {
    code: 'CONSENT_POLICY_MISSING',
    stage: (world) => world.deletePolicy('consent-required'),
  },
  {
    code: 'FULL_SCOPE_POLICY_MISSING',
    stage: (world) => world.deletePolicy('scope'),
  },
  {
    code: 'ACCOUNT_UNPROVEN',
    administrator: true,
    stage: (world) =>
      world.changeClient(world.account.clientId, { consentRequired: true, redirectUris: ['/*'] }),
  },
  {
    code: 'ACCOUNT_MISSING_ROLE',
    administrator: true,
    stage: (world) => revokeRoles(world.realm, world.account.userId, ['view-events']),
    async truth(world) {
      const ran = await world.mcpkc(1, 'status');
      expect(ran.out).toContain('not visible to this account (needs view-events)');
    },
  },
];

export const ERROR_STAGES: readonly Stage[] = [
  ...SCOPES,
  ...ADOPTED,
  ...REGISTRATION,
  ...HARDENING,
  ...OTHERS,
];
