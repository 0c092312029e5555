import { afterEach, beforeAll, expect, it } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import type { RealmUser } from '../support/keycloak/realm.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { login } from '../support/login.ts';
import { addClient } from '../support/realm-things.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const redirectUri = 'https://app.example.com/callback';
const realm = await useRealm('others-proof');
const at = (rest: string) => realm.path(`client-policies/${rest}`);
let account: Account;
let user: RealmUser;

beforeAll(async () => {
  account = await accountIn(realm);
  user = await realm.createUser();
});

afterEach(async () => {
  await realm.admin.put(at('policies'), { policies: [] });
  await realm.admin.put(at('profiles'), { profiles: [] });
});

async function application(clientId: string, attributes: Record<string, string> = {}) {
  await addClient(realm, clientId, { redirectUris: [redirectUri], attributes });
  return {
    onboard: (...flags: string[]) =>
      expectCli(0, ['onboard', RESOURCE, clientId, ...flags], { env: account.env }),
    signIn: () => login(realm, { clientId, redirectUri, user, pkce: 'none' }),
  };
}

it('an application whose next token names the MCP server is verified', async () => {
  const { onboard, signIn } = await application('plain');
  expect((await onboard()).out).toContain('Verified: tokens issued to it now carry');
  expect(await signIn()).toMatchObject({ ok: true, claims: { aud: expect.arrayContaining([RESOURCE]) } });
});

it('where a client policy demands DPoP, it is not: the sign-in fails', async () => {
  const executors = [{ executor: 'dpop-bind-enforcer', configuration: { 'auto-configure': true } }];
  await realm.admin.put(at('profiles'), { profiles: [{ name: 'their-dpop', executors }] });
  const conditions = [{ condition: 'client-access-type', configuration: { type: ['public'] } }];
  const policy = { name: 'their-policy', enabled: true, conditions, profiles: ['their-dpop'] };
  await realm.admin.put(at('policies'), { policies: [policy] });
  // A client from before signs in as before; one that is made or saved under the policy is held to it (26.4.0, 26.7.3).
  const { onboard, signIn } = await application('demanded');
  const { out } = await onboard();
  expect(out).toMatch(/Not verified: [\s\S]*'their-policy'\s+may\s+demand\s+a\s+DPoP\s+proof/);
  expect(out).not.toContain('Verified: ');
  expect(await signIn()).toMatchObject({ ok: false });
});

it('where the client’s own tokens are bound to a key, it is not', async () => {
  const { onboard, signIn } = await application('bound', { 'dpop.bound.access.tokens': 'true' });
  const { out } = await onboard();
  expect(out).toMatch(/Not verified: [\s\S]*bound\s+to\s+a\s+DPoP\s+key/);
  expect(await signIn()).toMatchObject({ ok: false });
});

it('where the server takes a role that nobody has, it is not: the sign-in gives no audience', async () => {
  await realm.admin.post(realm.path('roles'), { name: 'audit' });
  const { onboard, signIn } = await application('restricted');
  const { out } = await onboard('--role', 'audit', '--yes');
  expect(out).not.toContain('Verified: ');
  const result = await signIn();
  expect(result).toMatchObject({ ok: true });
  expect([(result as { claims: { aud?: unknown } }).claims.aud].flat()).not.toContain(RESOURCE);
});
