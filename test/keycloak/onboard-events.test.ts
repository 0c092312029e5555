import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { since } from '../support/keycloak/version.ts';
import { audience, register, startOnboard, storeEvents } from '../support/onboarding.ts';
import { CHATGPT_BODY, registerAnonymously } from '../support/realm-things.ts';
import { startReverseProxy } from '../support/reverse-proxy.ts';

const realm = await useRealm('onboard-events');
const RESOURCE = 'https://ev.example.com/mcp';
const SCOPE = 'mcp-resource-ev';
/** Whether redirect URIs are held to patterns; before, Trusted Hosts alone refuses foreign ones. */
const NEW = since(26, 7, 0);
const EVIL = 'https://evil.example/callback';
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
  // Strangers may register any redirect URI at the product's host, to be judged by who waits.
  await expectCli(0, ['trusted-hosts', '--add', 'chatgpt.com'], { env: account.env });
});

const start = (...args: string[]) =>
  startOnboard([RESOURCE, '--preset', 'chatgpt', '--until', 'registered', '--json', ...args], {
    env: account.env,
  });
const foreign = (changes = {}) =>
  register(realm, { redirect_uris: ['https://chatgpt.com/else'], ...changes });

describe('without events', () => {
  beforeEach(() => storeEvents(realm, [], false));

  test('the connector is found among others, and what can’t be shown is said', async () => {
    const { opened, done } = start();
    await opened;
    const other = await foreign();
    const silent = await foreign({ token_endpoint_auth_method: 'none' });
    const clientId = await register(realm);
    const { json, err } = await done;
    expect(json).toMatchObject({ ok: true, client: { clientId } });
    expect((json.others as { clientId: string }[]).map((one) => one.clientId).toSorted()).toEqual(
      [other, silent].toSorted(),
    );
    expect(err).toContain('stores no events of registrations');
    expect(await audience(realm, clientId, SCOPE)).toBe('adopted');
    expect(await audience(realm, other, SCOPE)).toBe('none');
  });

  test('also where clients went away meanwhile', async () => {
    const old = [await foreign(), await foreign(), await foreign()];
    const { opened, done } = start();
    await opened;
    for (const id of old) await realm.admin.del(realm.path(`clients/${id}`));
    const clientId = await register(realm);
    expect((await done).json).toMatchObject({ client: { clientId } });
  });
});

describe('with events', () => {
  beforeEach(() => storeEvents(realm));

  test('refused registrations are shown with policy, address and what to do', async () => {
    const { opened, done } = start();
    await opened;
    await registerAnonymously(realm, { ...CHATGPT_BODY, redirect_uris: [EVIL] });
    await registerAnonymously(realm, { ...CHATGPT_BODY, redirect_uris: [EVIL] });
    await registerAnonymously(realm, { ...CHATGPT_BODY, scope: 'unheard-of' });
    await register(realm);
    const { err, json } = await done;
    const events = (json.timeline as { event: string }[]).map(({ event }) => event);
    // Two events each are stored of a refusal by a client policy.
    const refused = events.filter((event) =>
      event.includes(NEW ? 'by a client policy (Invalid redirectUris)' : "by the policy 'Trusted Hosts'"),
    );
    expect(refused).toHaveLength(2);
    expect(events.join()).not.toContain('doesn’t say why');
    expect(events).toContainEqual(
      expect.stringMatching(
        /^A registration from 127\.0\.0\.1 was refused, by the policy 'Allowed Client Scopes'/,
      ),
    );
    expect(err.replace(/\s+/g, ' ')).toContain('mcpkc trusted-hosts');
    expect(err).not.toContain('stores no events');
  });

  test('refusals and registrations of before are none of its business', async () => {
    await registerAnonymously(realm, { ...CHATGPT_BODY, redirect_uris: [EVIL] });
    await register(realm);
    const { opened, done } = start('--timeout', '5s');
    await opened;
    const { exit, json } = await done;
    expect(exit).toBe(6);
    const { timeline } = json.details as { timeline: { event: string }[] };
    expect(timeline.map(({ event }) => event)).toEqual([expect.stringContaining('Waiting for a connector')]);
  });

  test('who registers while the realm is still being provisioned is a newcomer', async () => {
    let clientId = '';
    const proxy = await startReverseProxy(realm.admin.access.url, {
      after: async ({ method, path }, answer) => {
        if (method === 'POST' && path.endsWith('/client-scopes') && clientId === '') {
          clientId = 'coming';
          clientId = await register(realm);
        }
        return answer;
      },
    });
    const ran = await startOnboard(
      ['https://early.example.com/mcp', '--preset', 'chatgpt', '--until', 'registered', '--json'],
      {
        env: { ...account.env, KC_SERVER: proxy.url },
      },
    ).done;
    expect(ran.json).toMatchObject({ ok: true, client: { clientId } });
    await proxy.stop();
  });

  test('switched off in the middle: it is said, and the connector is found by the number of clients', async () => {
    const { opened, done, io } = start('--timeout', '5m');
    await opened;
    await storeEvents(realm, [], false);
    const { sleep } = io;
    let clientId = '';
    io.sleep = async (ms, signal) => {
      if (clientId === '' && io.err().includes('stores no events of registrations any more'))
        clientId = await register(realm);
      await sleep(ms, signal);
    };
    expect((await done).json).toMatchObject({ ok: true, client: { clientId } });
    expect(await audience(realm, clientId, SCOPE)).toBe('adopted');
  });

  test('stored for registrations alone: it is said that refusals aren’t', async () => {
    await storeEvents(realm, ['CLIENT_REGISTER']);
    const { opened, done } = start();
    await opened;
    await register(realm);
    expect((await done).err.replace(/\s+/g, ' ')).toContain('so refused ones can’t be shown here');
  });
});
