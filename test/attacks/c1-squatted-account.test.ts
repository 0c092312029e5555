import { beforeAll, describe, expect, inject, it } from 'vitest';
import { grantRoles } from '../support/keycloak/service-account.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import type { MemoryIoOptions } from '../support/memory-io.ts';
import { clientIn } from '../support/realm-things.ts';
import { envValue, filesOf, type Ran, runMcpkc } from '../support/run-mcpkc.ts';
import {
  administers,
  deletePolicies,
  openRegistration,
  registerWhole,
  userlessToken,
  withToken,
} from '../support/strangers.ts';

const server = inject('keycloak');
const realm = await useRealm('c1');
/** A realm whose registrations carry no mark. */
const unmarked = await useRealm('c1-unmarked');

/** What a stranger wants to become the account: `description` is what `init` writes. */
const SQUATTER = {
  secret: 'chosen-by-the-stranger',
  serviceAccountsEnabled: true,
  publicClient: false,
  standardFlowEnabled: false,
  description: 'Service account of mcpkc, which provisions MCP clients. Made by mcpkc init.',
};

function init(
  clientId: string,
  argv: readonly string[] = [],
  options: MemoryIoOptions = {},
  where = realm,
): Promise<Ran> {
  const env = {
    KC_BOOTSTRAP_ADMIN_USERNAME: server.adminUser,
    KC_BOOTSTRAP_ADMIN_PASSWORD: server.adminPassword,
    KC_CLIENT_ID: clientId,
  };
  return runMcpkc(['init', '--server', server.url, '--realm', where.name, ...argv], { ...options, env });
}

beforeAll(async () => {
  await openRegistration(realm, ['chatgpt.com']);
  await openRegistration(unmarked, ['chatgpt.com']);
  await deletePolicies(unmarked, 'consent-required');
  await deletePolicies(unmarked, 'scope');
});

describe('a stranger registers the account’s client id first', () => {
  const squat = (clientId: string, more = {}) => registerWhole(realm, { clientId, ...SQUATTER, ...more });

  it.each([
    ['as the account looks', {}],
    ['with redirect URIs', { redirectUris: ['https://chatgpt.com/cb'], standardFlowEnabled: true }],
    ['public', { publicClient: true, serviceAccountsEnabled: false }],
    ['with the attributes of mcpkc', { attributes: { 'mcpkc.adopted': 'x', 'mcpkc.keep': 'true' } }],
  ])('%s: init refuses, says what it is, and writes nothing', async (what, more) => {
    const clientId = `squat-${what.length}`;
    expect((await squat(clientId, more)).status).toBe(201);
    const before = await realm.snapshot();
    const ran = await init(clientId, ['--json']);
    expect(ran.status).toBe(5);
    expect(ran.document()).toMatchObject({ code: 'CONSENT_NEEDED' });
    expect(String(ran.document().message)).toContain('deleted and made anew');
    expect(ran.io.touched).toEqual([]);
    expect(await realm.snapshot()).toEqual(before);
  });

  it('with consent it is deleted and made anew: neither his secret nor his token is good any more', async () => {
    const his = await squat('squat-anew');
    const old = await clientIn(realm, 'squat-anew');
    const before = await realm.snapshot();
    const planned = await init('squat-anew', ['--dry-run', '--json']);
    expect(planned.status).toBe(1);
    expect(await realm.snapshot()).toEqual(before);
    const ran = await init('squat-anew', ['--yes']);
    expect({ status: ran.status, err: ran.err }).toEqual({ status: 0, err: '' });
    const account = await clientIn(realm, 'squat-anew');
    expect(account?.id).not.toBe(old?.id);
    expect(account).toMatchObject({
      consentRequired: false,
      defaultClientScopes: expect.not.arrayContaining(['profile']),
    });
    expect(await userlessToken(realm, 'squat-anew', SQUATTER.secret)).toBeUndefined();
    expect(await withToken(realm, his, 'GET')).toBe(401);
    expect(await withToken(realm, his, 'PUT', { clientId: 'squat-anew', secret: 'x' })).toBe(401);
    const secret = envValue(ran, 'KC_CLIENT_SECRET');
    expect(await administers(realm, await userlessToken(realm, 'squat-anew', secret))).toBe(true);
    const again = await init('squat-anew', ['--dry-run'], { files: filesOf(ran) });
    expect(again.status).toBe(0);
  });

  it('once the account is there, he can’t register its client id or its id', async () => {
    await init('settled');
    const account = await clientIn(realm, 'settled');
    expect((await squat('settled')).status).toBe(400);
    expect((await squat('settled-2', { id: account?.id })).status).toBeGreaterThanOrEqual(400);
    const his = await squat('settled-3');
    expect(await withToken(realm, his, 'GET', undefined, 'settled')).toBe(401);
  });
});

describe('init of 0.1.0 made a stranger’s client the account', () => {
  it('where registrations are marked: refused, as it needs consent of a user', async () => {
    await registerWhole(realm, { clientId: 'victim', ...SQUATTER });
    await grantTo('victim');
    const ran = await init('victim', ['--json']);
    expect(ran.status).toBe(5);
    expect(String(ran.document().message)).toMatch(/registered itself/);
  });

  it('where they carry no mark: the token is dead and the secret new, once', async () => {
    const his = await registerWhole(unmarked, { clientId: 'victim', ...SQUATTER });
    await grantTo('victim', unmarked);
    const stolen = () => userlessToken(unmarked, 'victim', SQUATTER.secret);
    expect(await administers(unmarked, await stolen())).toBe(true);
    const ran = await init('victim', ['--json'], {}, unmarked);
    expect({ status: ran.status, err: ran.err }).toEqual({ status: 0, err: '' });
    expect(JSON.stringify(ran.document().changes)).toContain('needs the new one');
    expect(await stolen()).toBeUndefined();
    expect(await withToken(unmarked, his, 'GET')).toBe(401);
    const secret = envValue(ran, 'KC_CLIENT_SECRET');
    const again = await init('victim', ['--json'], { files: filesOf(ran) }, unmarked);
    expect({ status: again.status, changes: again.document().changes }).toEqual({ status: 0, changes: [] });
    expect(await administers(unmarked, await userlessToken(unmarked, 'victim', secret))).toBe(true);
  });

  async function grantTo(clientId: string, where = realm): Promise<void> {
    const account = await clientIn(where, clientId);
    const user = await where.admin.get<{ id: string }>(
      where.path(`clients/${account?.id}/service-account-user`),
    );
    await grantRoles(where, user.id, ['manage-clients', 'manage-realm', 'view-events', 'view-users']);
  }
});

it('a role of the client’s own that the stranger made everybody’s is no seal: status finds it, init makes the secret anew', async () => {
  const forged = { clientId: 'forged', ...SQUATTER, defaultRoles: ['mcpkc-account'] };
  expect((await registerWhole(unmarked, forged)).status).toBe(201);
  const account = await clientIn(unmarked, 'forged');
  const user = await unmarked.admin.get<{ id: string }>(
    unmarked.path(`clients/${account?.id}/service-account-user`),
  );
  await grantRoles(unmarked, user.id, ['manage-clients', 'manage-realm', 'view-events', 'view-users']);
  const env = {
    KC_SERVER: server.url,
    KC_REALM: unmarked.name,
    KC_CLIENT_ID: 'forged',
    KC_CLIENT_SECRET: SQUATTER.secret,
  };
  const looked = await runMcpkc(['status', '--json'], { env });
  const findings = looked.document().findings as { code: string }[];
  expect(findings.map(({ code }) => code)).toContain('ACCOUNT_NOT_SEALED');
  const ran = await init('forged', [], {}, unmarked);
  expect(ran.status).toBe(0);
  expect(await userlessToken(unmarked, 'forged', SQUATTER.secret)).toBeUndefined();
});

it('a user who took the name of the service account is named', async () => {
  await realm.createUser({ username: 'service-account-taken' });
  const ran = await init('taken', ['--json']);
  expect(ran.document()).toMatchObject({ code: 'KEYCLOAK_ERROR', exitStatus: 3 });
  expect(String(ran.document().message)).toContain("a user named 'service-account-taken' is in its way");
  expect(await clientIn(realm, 'taken')).toBeUndefined();
});

describe('where registrations carry no mark', () => {
  it('an imitation of an account without roles is made anew, never taken over', async () => {
    const his = await registerWhole(unmarked, { clientId: 'imitation', ...SQUATTER });
    const ran = await init('imitation', [], {}, unmarked);
    expect(ran.status).toBe(0);
    expect(await userlessToken(unmarked, 'imitation', SQUATTER.secret)).toBeUndefined();
    expect(await withToken(unmarked, his, 'GET')).toBe(401);
  });
});
