import { expect } from 'vitest';
import { startMcpHost } from '../../connectors/host.ts';
import { replay } from '../../products/replay.ts';
import { grant } from '../../support/people.ts';
import type { Stage } from './error-stages.ts';
import { SCOPE, type World } from './world.ts';

/** Whether the issuer’s metadata lists a client scope. */
async function advertise(world: World, name: string, listed: boolean): Promise<void> {
  const { id, protocolMappers: _, ...scope } = await world.scope(name);
  const attributes = {
    ...(scope.attributes as Record<string, string>),
    'include.in.openid.provider.metadata': String(listed),
  };
  await world.admin.put(world.path(`client-scopes/${id}`), { ...scope, id, attributes });
}

/** A realm that is right for a product other than ChatGPT. */
const rightFor = (preset: string) => ({
  flags: ['--preset', preset],
  async before(world: World) {
    await world.mcpkc(0, 'create-scope', '--preset', preset);
    await advertise(world, 'service_account', false);
  },
});

/** What Codex meets, by its recorded requests. */
async function codexEnds(world: World, stage: string, error: string): Promise<void> {
  const result = await replay('codex', { user: world.user }, world.host);
  expect(result).toMatchObject({ ok: false, stage, error });
}

/** Findings about what single products ask for. */
export const PRODUCT_STAGES: readonly Stage[] = [
  {
    code: 'ADVERTISED_SCOPE_REFUSED',
    ...rightFor('gemini-cli'),
    stage: (world) => advertise(world, 'service_account', true),
    async truth(world) {
      const result = await replay('gemini-cli', { user: world.user }, world.host);
      expect(result).toMatchObject({ ok: false, stage: 'registration', status: 403 });
    },
  },
  {
    code: 'BASIC_NOT_DEFAULT',
    ...rightFor('codex'),
    async stage(world) {
      await world.admin.del(world.path(`default-default-client-scopes/${(await world.scope('basic')).id}`));
    },
    truth: (world) => codexEnds(world, 'registration', 'insufficient_scope'),
  },
  {
    code: 'OFFLINE_ROLE_MISSING',
    ...rightFor('codex'),
    async stage(world) {
      const role = await world.admin.get(world.path('roles/offline_access'));
      const name = `default-roles-${world.realm.name.toLowerCase()}`;
      await world.admin.del(world.path(`roles/${name}/composites`), [role]);
    },
    truth: (world) => codexEnds(world, 'token', 'not_allowed'),
  },
  {
    code: 'POLICY_STOPS_PRODUCTS',
    ...rightFor('codex'),
    async stage(world) {
      const conditions = [{ condition: 'client-access-type', configuration: { type: ['public'] } }];
      const policy = { name: 'theirs', enabled: true, conditions, profiles: ['oauth-2-1-for-public-client'] };
      await world.putClientPolicies([...(await world.clientPolicies()), policy]);
    },
    truth: (world) => codexEnds(world, 'registration', 'insufficient_scope'),
  },
  {
    code: 'REGISTRATION_ORIGINS_MISSING',
    ...rightFor('inspector'),
    stage: (world) => world.configure('registration-web-origins', { 'web-origins': [] }),
    async truth(world) {
      const answer = await fetch(`${world.realm.issuer}/clients-registrations/openid-connect`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: 'http://127.0.0.1:6274' },
        body: JSON.stringify({ redirect_uris: ['http://127.0.0.1:6274/oauth/callback'] }),
      });
      expect([answer.status, await answer.json()]).toEqual([403, { error: 'Invalid origin' }]);
    },
  },
  {
    code: 'ALLOWED_SCOPES_BLOCKS_REGISTRATION',
    ...rightFor('gemini-cli'),
    stage: (world) => world.configure('allowed-client-templates', { 'allowed-client-scopes': [] }),
    async truth(world) {
      const result = await replay('gemini-cli', { user: world.user }, world.host);
      expect(result).toMatchObject({ ok: false, stage: 'registration', status: 403 });
    },
  },
  {
    code: 'PRODUCT_CANNOT_REGISTER',
    flags: ['--preset', 'qwen-code'],
    async before(world) {
      await rightFor('qwen-code').before(world);
      await world.mcpkc(0, 'allow', world.host.url, '--preset', 'qwen-code', '--by', 'client');
    },
    async stage(world) {
      await world.mcpkc(0, 'allow', world.host.url, '--preset', 'qwen-code', '--by', 'client', '--remove');
    },
    async truth(world) {
      const result = await replay('qwen-code', { user: world.user }, world.host);
      expect(result).toMatchObject({ ok: false, stage: 'registration', status: 400 });
    },
  },
  {
    code: 'TOKENS_WITHOUT_ROLES',
    ...rightFor('codex'),
    async stage(world) {
      await world.mcpkc(0, 'access', '--role', 'finance');
      await grant(world.realm, 'users', world.user.id, 'finance');
    },
    async truth(world) {
      // A server that names its scope, at a port of its own: the audience is the other one's.
      const naming = await startMcpHost(world.realm.issuer, SCOPE);
      const result = await replay('codex', { user: world.user }, naming);
      await naming.stop();
      expect(result).toMatchObject({ ok: true, audiences: [world.host.url] });
      expect(result).not.toHaveProperty('claims.realm_access');
      // Where it names none, Codex asks for all that the issuer advertises, 'roles' too.
      const silent = await replay('codex', { user: world.user }, world.host);
      expect(silent).toMatchObject({
        claims: { realm_access: { roles: expect.arrayContaining(['finance']) } },
      });
    },
  },
  {
    code: 'REFRESH_REUSE_ZERO',
    async stage(world) {
      const settings = await world.admin.get<object>(world.path());
      await world.admin.put(world.path(), { ...settings, revokeRefreshToken: true, refreshTokenMaxReuse: 0 });
    },
  },
];
