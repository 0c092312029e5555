import { expect } from 'vitest';
import { backupLine } from '../../../src/plan/pruned-backup.ts';
import { OWN_POLICY } from '../../../src/realm/own-policies.ts';
import { RECORD_ROLE } from '../../../src/realm/record.ts';
import { Connector } from '../../support/connectors/chatgpt.ts';
import { switchEventsOn } from '../../support/keycloak/events.ts';
import { grantRoles, unseal } from '../../support/keycloak/service-account.ts';
import { upgradeRealm } from '../../support/keycloak/stand-in-26-8.ts';
import { registerWhole } from '../../support/strangers.ts';
import type { Stage } from './error-stages.ts';
import { naming, SCOPE, type World } from './world.ts';

async function withoutPolicy(world: World, name: string): Promise<void> {
  await world.putClientPolicies((await world.clientPolicies()).filter((policy) => policy.name !== name));
}

async function withoutExecutor(world: World, executors: readonly string[]): Promise<void> {
  const path = world.path('client-policies/profiles');
  const { profiles } = await world.admin.get<{ profiles: { executors: { executor: string }[] }[] }>(path);
  const rest = profiles.map((one) => ({
    ...one,
    executors: one.executors.filter(({ executor }) => !executors.includes(executor)),
  }));
  await world.admin.put(path, { profiles: rest });
}

const missing = (code: string, providerId: string): Stage => ({
  code,
  stage: (world) => world.deletePolicy(providerId),
});

/** Warnings, and what is only said. */
export const WARNING_STAGES: readonly Stage[] = [
  {
    code: 'CLIENT_URIS_MATCH_OFF',
    // Keycloak refuses both switches off.
    also: ['SENDER_MATCH_ON'],
    stage: (world) =>
      world.configure('trusted-hosts', {
        'client-uris-must-match': ['false'],
        'host-sending-registration-request-must-match': ['true'],
      }),
  },
  {
    code: 'TRUSTED_HOSTS_TOO_WIDE',
    stage: async (world) =>
      world.configure('trusted-hosts', {
        'trusted-hosts': [...(await world.hosts()), '*', '*.com', '*.co.uk'],
      }),
  },
  { code: 'PKCE_NOT_ENFORCED', stage: (world) => withoutExecutor(world, ['pkce-enforcer']) },
  {
    code: 'OLD_GRANTS_POSSIBLE',
    stage: (world) => withoutExecutor(world, ['reject-implicit-grant', 'reject-ropc-grant']),
  },
  {
    code: 'REDIRECTS_NOT_HELD',
    also: ['MCP_HOST_OPEN'],
    stage: (world) => withoutExecutor(world, ['secure-client-uris-pattern', 'secure-redirect-uris-enforcer']),
  },
  {
    code: 'MCP_HOST_OPEN',
    stage: async (world) =>
      void (await world.mcpkc(0, 'trusted-hosts', '--add', new URL(world.host.url).hostname)),
  },
  {
    code: 'FOREIGN_REDIRECT_POLICY',
    async stage(world) {
      const profiles = world.path('client-policies/profiles');
      const configuration = { 'allow-http-scheme': true, 'allow-ipv4-loopback-address': true };
      const executors = [{ executor: 'secure-redirect-uris-enforcer', configuration }];
      const { profiles: all } = await world.admin.get<{ profiles: object[] }>(profiles);
      await world.admin.put(profiles, { profiles: [...all, { name: 'theirs', executors }] });
      const any = { condition: 'any-client', configuration: {} };
      const policy = { name: 'theirs', enabled: true, conditions: [any], profiles: ['theirs'] };
      await world.putClientPolicies([...(await world.clientPolicies()), policy]);
    },
  },
  {
    code: 'PKCE_BREAKS_APPLICATIONS',
    async stage(world) {
      const profiles = world.path('client-policies/profiles');
      const { profiles: all } = await world.admin.get<{ profiles: object[] }>(profiles);
      const executors = [{ executor: 'pkce-enforcer', configuration: { 'auto-configure': 'false' } }];
      await world.admin.put(profiles, { profiles: [...all, { name: 'mcpkc-pkce', executors }] });
      const conditions = [{ condition: 'client-scopes', configuration: { type: 'Any', scopes: [SCOPE] } }];
      const policy = { name: `mcpkc-pkce-${SCOPE}`, enabled: true, conditions, profiles: ['mcpkc-pkce'] };
      await world.putClientPolicies([...(await world.clientPolicies()), policy]);
    },
  },
  {
    code: 'CLIENT_WITHOUT_PKCE',
    flags: ['--clients'],
    async stage(world) {
      const policies = await world.clientPolicies();
      await world.putClientPolicies([]);
      await new Connector(world.host.url).register();
      await world.putClientPolicies(policies);
    },
  },
  {
    code: 'CLIENT_WITHOUT_USER',
    flags: ['--clients'],
    also: ['USERLESS_TOKENS_POSSIBLE', 'CLIENT_WITHOUT_PKCE', 'HOLDER_EXCEEDS'],
    async stage(world) {
      const policies = await world.clientPolicies();
      await world.putClientPolicies([]);
      const redirectUris = ['https://chatgpt.com/connector_platform_oauth_redirect'];
      const made = await registerWhole(world.realm, { redirectUris, serviceAccountsEnabled: true });
      expect(made.status).toBe(201);
      await world.putClientPolicies(policies.filter(({ name }) => name !== OWN_POLICY.userless));
    },
  },
  {
    code: 'SERVERS_SHARE_TOKENS',
    stage: async (world) =>
      void (await world.mcpkc(
        0,
        'create-scope',
        '--preset',
        'chatgpt',
        '--resource',
        'https://other.example.com/mcp',
        '--yes',
      )),
  },
  {
    code: 'USERLESS_TOKENS_POSSIBLE',
    stage: (world) => withoutPolicy(world, 'mcpkc-userless'),
  },
  {
    code: 'RESOURCE_CLIENT_FOREIGN',
    stage: async (world) => {
      const body = { clientId: world.host.url, publicClient: true };
      await world.withoutClient(world.host.url);
      await world.admin.post(world.path('clients'), body);
    },
  },
  {
    code: 'RESOURCE_ID_FREE',
    stage: (world) => world.withoutClient(world.host.url),
  },
  missing('ALLOWED_SCOPES_POLICY_MISSING', 'allowed-client-templates'),
  {
    code: 'ACCOUNT_NOT_SEALED',
    administrator: true,
    stage: (world) => unseal(world.realm, world.account),
  },
  {
    code: 'MAX_CLIENTS_NEAR',
    async stage(world) {
      const there = await world.admin.get<unknown[]>(world.path('clients'));
      await world.configure('max-clients', { 'max-clients': [String(there.length + 1)] });
    },
  },
  {
    code: 'ACCOUNT_LACKS_ADMIN_API',
    administrator: true,
    // What the upgrade to 26.8.2 does to a realm; on this server the scope opens nothing yet.
    stage: (world) => upgradeRealm(world.realm),
  },
  {
    code: 'ACCOUNT_TOKEN_LONG',
    // No administrator needs mappers of his own on the account: whoever made them may have made it.
    also: ['ACCOUNT_UNPROVEN'],
    async stage(world) {
      const { id } = await world.client('mcpkc');
      for (const name of ['a', 'b', 'c', 'd', 'e']) {
        await world.admin.post(world.path(`clients/${id}/protocol-mappers/models`), {
          name,
          protocol: 'openid-connect',
          protocolMapper: 'oidc-hardcoded-claim-mapper',
          config: { 'claim.name': name, 'claim.value': 'x'.repeat(1800), 'access.token.claim': 'true' },
        });
      }
    },
  },
  {
    code: 'ACCOUNT_OVERPRIVILEGED',
    administrator: true,
    stage: (world) =>
      grantRoles(world.realm, world.account.userId, ['manage-authorization', 'impersonation']),
  },
  {
    code: 'ACCOUNT_MAY_REVOKE',
    administrator: true,
    stage: (world) => grantRoles(world.realm, world.account.userId, ['manage-users']),
  },
  {
    code: 'ACCOUNT_HOLDS_SCOPE',
    // With the policy against userless tokens the account could not even sign in.
    also: ['USERLESS_TOKENS_POSSIBLE'],
    async stage(world) {
      await withoutPolicy(world, 'mcpkc-userless');
      const [{ id }, scope] = await Promise.all([world.client('mcpkc'), world.scope()]);
      await world.admin.put(world.path(`clients/${id}/default-client-scopes/${scope.id}`));
    },
  },
  {
    code: 'PRUNED_TOO_EARLY',
    async stage(world) {
      const connector = new Connector(world.host.url);
      await connector.connect(world.user);
      const { id, clientId, ...rest } = await world.client(connector.client?.clientId ?? '');
      await world.admin.del(world.path(`clients/${id}`));
      await connector.authorize(world.user);
      const { host } = new URL(world.admin.access.url);
      const file = `${world.folder.path}/.local/state/mcpkc/pruned-${host.replaceAll(':', '_')}-${world.realm.name}.jsonl`;
      // The realm's key: an earlier run may have made it.
      const made = { 'mcpkc.record': [crypto.randomUUID()], 'mcpkc.proof': [crypto.randomUUID()] };
      await world.admin.request('POST', world.path('roles'), { name: RECORD_ROLE, attributes: made });
      const role = await world.admin.get<{ attributes: Record<string, string[]> }>(
        world.path(`roles/${RECORD_ROLE}`),
      );
      const proof = String(role.attributes['mcpkc.proof']?.[0]);
      const record = {
        at: new Date().toISOString(),
        by: 'somebody',
        server: world.admin.access.url,
        realm: world.realm.name,
        id,
        clientId: String(clientId),
        representation: { id, clientId, ...rest },
      };
      const line = backupLine(record, proof);
      await world.keep(file, line);
    },
  },
  {
    code: 'CLIENT_WITHOUT_SCOPE',
    flags: ['--clients'],
    // It names a scope, so it gets none of the realm's defaults.
    stage: async (world) =>
      void (await new Connector(world.host.url, { product: naming('phone') }).register()),
  },
  {
    code: 'SCOPE_ON_FOREIGN_CLIENT',
    flags: ['--clients'],
    stage: async (world) =>
      void (await world.admin.post(world.path('clients'), { clientId: "somebody's app" })),
  },
  {
    code: 'EVENTS_OFF',
    administrator: true,
    stage: (world) => switchEventsOn(world.realm, { admin: false, user: false }),
  },
  {
    code: 'NOT_MOVED',
    async stage(world) {
      const { id } = await world.scope();
      await world.admin.del(world.path(`default-default-client-scopes/${id}`));
      const attributes = { 'mcpkc.mode': 'windowed' };
      await world.admin.put(world.path(`client-scopes/${id}`), {
        name: SCOPE,
        protocol: 'openid-connect',
        attributes,
      });
    },
  },
];
