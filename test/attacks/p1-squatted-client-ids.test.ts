import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Account, accountIn, expectCli, runCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { clientIn } from '../support/realm-things.ts';
import { openRegistration, type Registered, registerWhole, withToken } from '../support/strangers.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const DOCUMENT = 'https://chatgpt.com/oauth/client.json';
const BEFOREHAND = 'mcp-svc-chatgpt';
const CALLBACK = 'https://chatgpt.com/connector_platform_oauth_redirect';
const EVIL = 'https://evil.example/cb';

const realm = await useRealm('attack-p1');
const HOME = mkdtempSync(join(tmpdir(), 'mcpkc-p1-'));
let account: Account;
let squatted: Record<string, Registered>;

beforeAll(async () => {
  account = await accountIn(realm);
  await openRegistration(realm, ['chatgpt.com', 'evil.example']);
  const body = { redirectUris: [CALLBACK], publicClient: true };
  // The mark of a pin and a made-up proof are a registrant's to write, too.
  const attributes = { 'cimd.cache.expiry.time.in.sec': '2147483647', 'mcpkc.made': 'x' };
  const ids = [DOCUMENT, BEFOREHAND, RESOURCE];
  const made = await Promise.all(
    ids.map((clientId) =>
      registerWhole(realm, { ...body, clientId, ...(clientId === DOCUMENT ? { attributes } : {}) }),
    ),
  );
  expect(made.map(({ status }) => status)).toEqual([201, 201, 201]);
  squatted = Object.fromEntries(ids.map((id, index) => [id, made[index] as Registered]));
});
afterAll(() => rmSync(HOME, { recursive: true, force: true }));

const run = (...args: string[]) => runCli(['allow', RESOURCE, ...args], { env: { ...account.env, HOME } });
const rat = (clientId: string, method: 'GET' | 'PUT', body?: Record<string, unknown>) =>
  withToken(realm, squatted[clientId] as Registered, method, body, clientId);

it('status finds the ids, whose they are and what they mean', async () => {
  await expectCli(0, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, '--attach', 'none'], {
    env: account.env,
  });
  const ran = await expectCli(1, ['status', '--resource', RESOURCE, '--json'], { env: account.env });
  expect(ran.json.findings).toMatchObject(
    expect.arrayContaining([
      expect.objectContaining({ code: 'DOCUMENT_ID_TAKEN', subject: DOCUMENT }),
      expect.objectContaining({ code: 'RESOURCE_ID_TAKEN', subject: RESOURCE }),
    ]),
  );
});

describe.each([
  [DOCUMENT, 'document'],
  [BEFOREHAND, 'client'],
])('%s, registered first', (clientId, way) => {
  it('is shown, and not taken over', async () => {
    const ran = await run('--by', way);
    expect(ran.exit).toBe(5);
    expect(ran.err).toContain('that mcpkc didn’t make');
    expect(ran.err).toContain(CALLBACK);
    expect((await clientIn(realm, clientId))?.id).toBe(squatted[clientId]?.body.id);
    expect(await rat(clientId, 'GET')).toBe(200);
  });

  it('with a person’s word is made anew: the stranger’s token is dead', async () => {
    const ran = await run('--by', way, '--yes');
    // A server that advertises no documents: the product won't use its one.
    expect([0, 1]).toContain(ran.exit);
    expect((await clientIn(realm, clientId))?.id).not.toBe(squatted[clientId]?.body.id);
    expect(await rat(clientId, 'GET')).toBe(401);
    expect(await rat(clientId, 'PUT', { clientId, redirectUris: [EVIL] })).toBe(401);
    expect((await clientIn(realm, clientId))?.redirectUris).not.toContain(EVIL);
    expect((await run('--by', way, '--json')).json.changes).toEqual([]);
  });
});

it('a client that is made again by a stranger, to the letter, isn’t mcpkc’s', async () => {
  const made = await clientIn(realm, BEFOREHAND);
  const { id = '', name } = (made ?? {}) as { id?: string; name?: string };
  await realm.admin.del(realm.path(`clients/${id}`));
  const attributes = { ...made?.attributes, 'mcpkc.made': crypto.randomUUID() };
  const again = await registerWhole(realm, {
    id,
    clientId: BEFOREHAND,
    name,
    redirectUris: [CALLBACK],
    attributes,
  });
  expect(again.status).toBe(201);
  expect((await run('--by', 'client')).exit).toBe(5);
});
