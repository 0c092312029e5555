import { beforeAll, expect, it } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import type { RealmUser } from '../support/keycloak/realm.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { login } from '../support/login.ts';
import { addClient } from '../support/realm-things.ts';
import { changedThings, withoutOwn } from './changes.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const redirectUri = 'https://app.example.com/callback';
const realm = await useRealm('others-application');
let account: Account;
let user: RealmUser;

beforeAll(async () => {
  account = await accountIn(realm);
  user = await realm.createUser();
  await addClient(realm, 'spa', { redirectUris: [redirectUri] });
});

const signIn = () => login(realm, { clientId: 'spa', redirectUri, user, pkce: 'none' });

it('an application without PKCE is given an audience in a realm whose registration is shut, and the way back', async () => {
  const before = await realm.snapshot();
  await expectCli(0, ['onboard', RESOURCE, 'spa'], { env: account.env });
  const changed = changedThings(before, await realm.snapshot());
  expect(changed.filter((one) => !/^(client-scope|list) mcp-/.test(one))).toEqual(['client spa']);
  expect(await signIn()).toMatchObject({ ok: true, claims: { aud: expect.arrayContaining([RESOURCE]) } });

  const refused = await expectCli(5, ['create-scope', '--resource', RESOURCE, '--remove', '--json'], {
    env: account.env,
  });
  expect(refused.json.message).toMatch(
    /1 client will lose .*: spa\. People are signed in with 1 client of these: 1 session /,
  );
  await expectCli(0, ['create-scope', '--resource', RESOURCE, '--remove', '--yes'], { env: account.env });
  expect(withoutOwn(await realm.snapshot())).toEqual(withoutOwn(before));
  expect(await signIn()).toMatchObject({ ok: true });
});

it('waiting for a product there names --preset at once, and writes nothing', async () => {
  const before = await realm.snapshot();
  const args = ['onboard', RESOURCE, '--until', 'registered', '--json'];
  const ran = await expectCli(2, args, { env: account.env });
  expect(ran.json).toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringMatching(/^--preset: registration is shut/),
    fix: expect.stringContaining(`mcpkc onboard ${RESOURCE} --preset chatgpt`),
  });
  expect(await realm.snapshot()).toEqual(before);
});

it('registration stays shut, unless it is asked for or a product is named', async () => {
  const words = ['create-scope', '--resource', RESOURCE, '--dry-run', '--json'];
  const touches = async (...flags: string[]) => {
    const { json } = await expectCli(1, [...words, ...flags], { env: account.env });
    return (json.changes as { kind: string }[]).some(({ kind }) => kind === 'trusted-hosts');
  };
  expect(await touches()).toBe(false);
  expect(await touches('--registration', 'keep')).toBe(false);
  expect(await touches('--client', 'spa', '--attach', 'none')).toBe(false);
  expect(await touches('--registration', 'open')).toBe(true);
  expect(await touches('--preset', 'chatgpt')).toBe(true);
  await expectCli(2, [...words, '--registration', 'keep', '--preset', 'chatgpt'], { env: account.env });
});

it('a policy that names a profile that is gone is found before anything is written', async () => {
  const at = (rest: string) => realm.path(`client-policies/${rest}`);
  const profile = { name: 'theirs', executors: [{ executor: 'secure-session', configuration: {} }] };
  await realm.admin.put(at('profiles'), { profiles: [profile] });
  const policy = {
    name: 'their-policy',
    enabled: true,
    conditions: [],
    profiles: ['theirs', 'fapi-1-baseline'],
  };
  await realm.admin.put(at('policies'), { policies: [policy] });
  // Keycloak takes this, and from then on no edit of policies.
  await realm.admin.put(at('profiles'), { profiles: [] });
  const before = await realm.snapshot();
  const words = ['create-scope', '--resource', RESOURCE, '--preset', 'chatgpt'];
  for (const flags of [['--dry-run'], []]) {
    const ran = await expectCli(5, [...words, ...flags, '--json'], { env: account.env });
    expect(ran.json).toMatchObject({
      code: 'POLICIES_BROKEN',
      message: expect.stringContaining("the client policy 'their-policy' names the profile 'theirs'"),
      fix: expect.stringContaining('the policies their-policy first'),
    });
  }
  expect(withoutOwn(await realm.snapshot())).toEqual(withoutOwn(before));
  // What leaves registration as it is edits no policy; once it is repaired the same command does it all.
  await expectCli(0, ['create-scope', '--resource', RESOURCE, '--registration', 'keep'], {
    env: account.env,
  });
  await realm.admin.put(at('policies'), { policies: [] });
  await expectCli(0, words, { env: account.env });
});
