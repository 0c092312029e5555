import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Account, accountIn, until } from '../support/cli.ts';
import { clearEvents } from '../support/keycloak/events.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import {
  expectClosed,
  held,
  inRealTime,
  register,
  startOnboard,
  storeEvents,
} from '../support/onboarding.ts';
import { CHATGPT_BODY, registerAnonymously } from '../support/realm-things.ts';

const realm = await useRealm('onboard-events');
const RESOURCE = 'https://ev.example.com/mcp';
const SCOPE = 'mcp-resource-ev';
const EVIL = 'https://evil.example/callback';
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
});

const start = (...args: string[]) => startOnboard([RESOURCE, '--json', ...args], { env: account.env });
const foreign = (changes = {}) =>
  register(realm, { redirect_uris: ['https://chatgpt.com/else'], ...changes });

describe('without events', () => {
  beforeEach(() => storeEvents(realm, [], false));

  test('the connector is found, foreign ones lose the scope, and what can’t be shown is said', async () => {
    const { opened, done } = start();
    await opened;
    const other = await foreign();
    const silent = await foreign({ token_endpoint_auth_method: 'none' });
    const clientId = await register(realm);
    const { json, err } = await done;
    expect(json).toMatchObject({ ok: true, client: { clientId } });
    expect(err).toContain('stores no events of refused registrations');
    expect([await held(realm, other, SCOPE), await held(realm, silent, SCOPE)]).toEqual(['none', 'none']);
    await expectClosed(realm, SCOPE);
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
    expect(events.filter((event) => event.includes("by the policy 'Trusted Hosts'"))).toHaveLength(2);
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
    expect(timeline.map(({ event }) => event)).toEqual([expect.stringContaining('is open until')]);
  });

  test.each([
    ['switched off', () => storeEvents(realm, [], false)],
    ['no longer those of registrations', () => storeEvents(realm, ['LOGIN'])],
  ])('%s in the middle: the connector is found all the same', async (_what, change) => {
    const { opened, done } = start('--timeout', '5m');
    await opened;
    await change();
    const other = await foreign({ token_endpoint_auth_method: 'none' });
    const clientId = await register(realm);
    expect((await done).json).toMatchObject({
      ok: true,
      client: { clientId },
      others: [{ clientId: other }],
    });
    expect(await held(realm, other, SCOPE)).toBe('none');
    expect(await held(realm, clientId, SCOPE)).toBe('default');
    await expectClosed(realm, SCOPE);
  });

  test('cleared in the middle: nobody is missed', async () => {
    const begun = start('--timeout', '5m');
    const { opened, done, io } = begun;
    await opened;
    inRealTime(io);
    const other = await foreign({ token_endpoint_auth_method: 'none' });
    await clearEvents(realm);
    await until('the other one is noticed', () => io.err().includes(other), 15_000);
    const clientId = await register(realm);
    expect((await done).json).toMatchObject({ ok: true, client: { clientId } });
    expect(await held(realm, other, SCOPE)).toBe('none');
  });

  test('cleared right before the window closes: the foreign one loses the scope and is named', async () => {
    const { opened, done, io } = start('--timeout', '2s');
    const { sleep } = io;
    let other = '';
    io.sleep = async (ms, signal) => {
      if (io.err().includes('is open until') && other === '') {
        other = await foreign({ token_endpoint_auth_method: 'none' });
        await clearEvents(realm);
        await sleep(10_000, signal);
      }
      await sleep(ms, signal);
    };
    await opened;
    const { exit, json } = await done;
    expect(exit).toBe(6);
    expect(json.details).toMatchObject({ others: [{ clientId: other }] });
    expect(await held(realm, other, SCOPE)).toBe('none');
    await expectClosed(realm, SCOPE);
  });

  test('stored for registrations alone: it is said that refusals aren’t', async () => {
    await storeEvents(realm, ['CLIENT_REGISTER']);
    const { opened, done } = start();
    await opened;
    await register(realm);
    expect((await done).err).toContain('stores no events of refused registrations');
  });
});
