import { beforeAll, describe, expect, it } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import type { Realm, RealmUser } from '../support/keycloak/realm.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { login } from '../support/login.ts';
import { registerWhole } from '../support/strangers.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const REDIRECT = 'https://chatgpt.com/connector_platform_oauth_redirect';
const realm = await useRealm('c3-hardened');
const open = await useRealm('c3-open');
let account: Account;
let victim: RealmUser;

/** A user whose last name, which users may change in the account console, is somebody else's internal id. */
const mallory = (where: Realm, lastName: string) => where.createUser({ lastName });

/** A client as the attacker registers it: a user's last name becomes the token's `sub`. */
const impostor = (clientId: string) => ({
  clientId,
  name: 'ChatGPT',
  redirectUris: [REDIRECT],
  publicClient: true,
  attributes: { 'pkce.code.challenge.method': 'S256' },
  protocolMappers: [
    {
      name: 'who',
      protocol: 'openid-connect',
      protocolMapper: 'oidc-usermodel-attribute-mapper',
      config: { 'user.attribute': 'lastName', 'claim.name': 'sub', 'access.token.claim': 'true' },
    },
  ],
});

beforeAll(async () => {
  account = await accountIn(realm);
  victim = await realm.createUser();
});

describe('a stranger who registers a client with a mapper that sets sub', () => {
  it('is refused in a realm that mcpkc provisioned', async () => {
    await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE], { env: account.env });
    const { status, body } = await registerWhole(realm, impostor('impostor'));
    if (status === 201) {
      const user = await mallory(realm, victim.id);
      const result = await login(realm, { clientId: 'impostor', redirectUri: REDIRECT, user });
      expect(result, 'mallory has a token with the victim’s sub').not.toMatchObject({
        claims: { sub: victim.id },
      });
    }
    expect(status, JSON.stringify(body)).toBe(403);
  });

  it('is refused after trusted-hosts, too, and may bring the pairwise subject', async () => {
    const { env } = await accountIn(realm, ['manage-realm', 'manage-clients'], 'only-hosts');
    await expectCli(0, ['trusted-hosts', '--preset', 'claude'], { env });
    const pairwise = { ...impostor('pairwise'), redirectUris: ['https://claude.ai/api/mcp/auth_callback'] };
    const mapper = {
      name: 'p',
      protocol: 'openid-connect',
      protocolMapper: 'oidc-sha256-pairwise-sub-mapper',
    };
    const body = { ...pairwise, protocolMappers: [{ ...mapper, config: {} }] };
    expect((await registerWhole(realm, body)).status).toBe(201);
  });

  it('becomes another user where hardening was left out; status finds it and says who', async () => {
    const { env } = await accountIn(open);
    const target = await open.createUser();
    const args = ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--no-harden'];
    await expectCli(0, args, { env });
    expect((await registerWhole(open, impostor('impostor'))).status).toBe(201);
    const user = await mallory(open, target.id);
    const result = await login(open, { clientId: 'impostor', redirectUri: REDIRECT, user });
    expect(result).toMatchObject({ ok: true, claims: { sub: target.id, aud: expect.anything() } });
    const status = await expectCli(1, ['status', '--resource', RESOURCE, '--clients', '--json'], { env });
    const findings = status.json.findings as { code: string; severity: string; subject: string }[];
    expect(findings).toContainEqual(
      expect.objectContaining({ code: 'MAPPER_TYPES_WIDE', severity: 'error' }),
    );
    expect(findings).toContainEqual(
      expect.objectContaining({ code: 'CLIENT_OWN_MAPPERS', severity: 'error', subject: 'impostor' }),
    );
  });
});
