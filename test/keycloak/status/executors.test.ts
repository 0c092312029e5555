/** What each executor of Keycloak does to a product, and whether status says so. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replay } from '../../products/replay.ts';
import { runCli } from '../../support/cli.ts';
import { World } from './world.ts';

/** Executors that judge requests of OpenID Connect, with what they don’t do without being told. */
const EXECUTORS: Readonly<Record<string, Record<string, unknown>>> = {
  'confidential-client': {},
  'consent-required': { 'auto-configure': true },
  'dpop-bind-enforcer': {},
  'full-scope-disabled': { 'auto-configure': true },
  'holder-of-key-enforcer': {},
  'intent-client-bind-checker': {},
  // Without the setting every registration is a 500 (26.7.3).
  'pkce-enforcer': { 'auto-configure': false },
  'registration-access-token-rotation-disabled': {},
  'reject-implicit-grant': { 'auto-configure': true },
  'reject-request': {},
  'reject-ropc-grant': { 'auto-configure': true },
  'secure-client-authentication-assertion': {},
  'secure-client-authenticator': { 'allowed-client-authenticators': ['client-jwt'] },
  'secure-client-uris': {},
  'secure-logout': {},
  'secure-par-content': {},
  'secure-request-object': {},
  'secure-response-type': {},
  'secure-session': {},
  'secure-signature-algorithm': {},
  'secure-signature-algorithm-signed-jwt': {},
  'suppress-refresh-token-rotation': {},
  'use-lightweight-access-token': {},
};

describe('client policies of others', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.provisioned();
    await world.mcpkc(0, 'create-scope', '--preset', 'codex', '--hide-scope', 'service_account');
  });
  afterAll(() => world?.remove());

  it.each(Object.entries(EXECUTORS))(
    '%s: status says of a public product what it meets',
    async (executor, configuration) => {
      const profiles = world.path('client-policies/profiles');
      const policies = await world.clientPolicies();
      const own = await world.admin.get<{ profiles: object[] }>(profiles);
      await world.admin.put(profiles, {
        profiles: [...own.profiles, { name: 'theirs', executors: [{ executor, configuration }] }],
      });
      try {
        const conditions = [{ condition: 'client-access-type', configuration: { type: ['public'] } }];
        await world.putClientPolicies([
          ...policies,
          { name: 'theirs', enabled: true, conditions, profiles: ['theirs'] },
        ]);
        const met = await replay('codex', { user: world.user }, world.host);
        const { json } = await runCli(['status', '--json', '--preset', 'codex'], { env: world.env });
        const [product] = json.products as unknown as { verdict: string; codes: string[] }[];
        // Codex asks for what the issuer advertises, since this server names no scope.
        const said = product?.verdict === 'ready' ? 'connects' : 'stopped';
        const happened = met.ok && met.opens ? 'connects' : 'stopped';
        const how = met.ok
          ? `aud ${met.audiences.join(' ')}`
          : `${met.stage} ${met.status} ${met.error} ${met.description}`;
        expect({ said, how }).toEqual({ said: happened, how });
      } finally {
        await world.putClientPolicies(policies);
        await world.admin.put(profiles, { profiles: own.profiles });
      }
    },
  );
});
