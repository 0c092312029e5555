import { beforeAll, describe, expect, test } from 'vitest';
import { type Account, accountIn, expectCli, until } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import type { MemoryIo } from '../support/memory-io.ts';
import {
  audience,
  audienceScope,
  expectAdoptedMode,
  held,
  register,
  startOnboard,
  storeEvents,
} from '../support/onboarding.ts';
import { addClient, addScope, listOf, scopeIn } from '../support/realm-things.ts';

const realm = await useRealm('onboard-modes');
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
  await storeEvents(realm);
  // Strangers may register any redirect URI at the product's host, to be judged by who waits.
  await expectCli(0, ['trusted-hosts', '--add', 'chatgpt.com'], { env: account.env });
});

const url = (name: string) => `https://${name}.example.com/mcp`;
const scopeOf = (name: string) => `mcp-resource-${name}`;
const start = (name: string, ...args: string[]) =>
  startOnboard([url(name), '--preset', 'chatgpt', '--until', 'registered', '--json', ...args], {
    env: account.env,
  });
const run = (exit: number, ...args: string[]) => expectCli(exit, args, { env: account.env });
const create = (exit: number, name: string, ...args: string[]) =>
  run(exit, 'create-scope', '--preset', 'chatgpt', '--resource', url(name), '--no-existing', ...args);

describe('a standing resource', () => {
  test('stays a realm default; others keep it; the connector holds it on its own', async () => {
    await create(0, 'st');
    const { opened, done } = start('st');
    await opened;
    const other = await register(realm, { redirect_uris: ['https://chatgpt.com/else'] });
    const clientId = await register(realm, { scope: 'openid' });
    const { json } = await done;
    expect(json).toMatchObject({ ok: true, mode: 'standing', client: { clientId } });
    expect(json.env).toMatchObject({ ADVERTISE_SCOPES: scopeOf('st') });
    expect([await held(realm, other, scopeOf('st')), await held(realm, clientId, scopeOf('st'))]).toEqual([
      'default',
      'default',
    ]);
    expect(await listOf(realm, scopeOf('st'))).toBe('default');
    expect(await audienceScope(realm, scopeOf('st'))).toBeUndefined();
    await create(0, 'st', '--remove', '--yes');
  });
});

describe('the mode is changed', () => {
  test('standing to adopted: who has the audience and may, keeps it; others are listed, and lose it with --yes', async () => {
    await create(0, 'was');
    const connector = await register(realm, { token_endpoint_auth_method: 'none' });
    const stranger = await register(realm, { redirect_uris: ['https://chatgpt.com/else'] });
    await addClient(realm, 'an-application');
    await addClient(realm, 'meant');
    const refused = await create(5, 'was', '--attach', 'none', '--client', 'meant', '--json');
    expect(refused.json).toMatchObject({ code: 'CONSENT_NEEDED' });
    expect(refused.json.message).toContain(stranger);
    expect(refused.json.message).toContain('https://chatgpt.com/else');
    expect(refused.json.message).toContain('an-application');
    expect(refused.json.message).not.toContain(connector);
    expect(await audience(realm, stranger, scopeOf('was'))).toBe('named');
    await create(0, 'was', '--attach', 'none', '--client', 'meant', '--yes');
    const all = [connector, 'meant', stranger, 'an-application'];
    const have = await Promise.all(all.map((id) => audience(realm, id, scopeOf('was'))));
    expect(have).toEqual(['adopted', 'adopted', 'none', 'none']);
    // The consents that were given stay good: the scope that was consented to is still there.
    expect(await held(realm, connector, scopeOf('was'))).toBe('default');
    await expectAdoptedMode(realm, account, scopeOf('was'));
  });

  test('adopted to standing: adopted clients keep the audience, others can get it; and back again', async () => {
    const connector = await register(realm);
    await run(0, 'onboard', url('was'), connector);
    const hidden = (await audienceScope(realm, scopeOf('was')))?.name;
    await create(0, 'was', '--attach', 'default');
    expect(await audience(realm, connector, scopeOf('was'))).toBe('adopted');
    const later = await register(realm);
    expect(await audience(realm, later, scopeOf('was'))).toBe('named');
    expect((await create(0, 'was', '--json')).json.changes).toEqual([]);
    const refused = await create(5, 'was', '--attach', 'none', '--json');
    expect(refused.json.message).toContain('2 clients can get the audience');
    await create(0, 'was', '--attach', 'none', '--yes');
    expect((await audienceScope(realm, scopeOf('was')))?.name).toBe(hidden);
    expect(await audience(realm, connector, scopeOf('was'))).toBe('adopted');
    expect(await audience(realm, later, scopeOf('was'))).toBe('adopted');
    await expectAdoptedMode(realm, account, scopeOf('was'));
  });

  test('a resource that is retired leaves neither of its scopes', async () => {
    await create(0, 'was', '--remove', '--yes');
    expect(await scopeIn(realm, scopeOf('was'))).toBeUndefined();
    expect(await audienceScope(realm, scopeOf('was'))).toBeUndefined();
  });
});

test('two at once, of two resources for one product: nobody gets both, each is asked about', async () => {
  const alone = (pid: number) => ({
    env: account.env,
    clock: 'real' as const,
    prepare: (io: MemoryIo) => void Object.assign(io, { pid, isAlive: () => true }),
  });
  const one = startOnboard(
    [url('r1'), '--preset', 'chatgpt', '--until', 'registered', '--json'],
    alone(1000),
  );
  const two = startOnboard([url('r2'), '--until', 'registered', '--json', '--preset', 'claude'], alone(1001));
  await Promise.all([one.opened, two.opened]);
  const claude = await register(realm, {
    client_name: 'Claude',
    redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
  });
  const chatgpt = await register(realm);
  const [first, second] = [await one.done, await two.done];
  expect(first.json).toMatchObject({ ok: true, client: { clientId: chatgpt } });
  expect(second.json).toMatchObject({ ok: true, client: { clientId: claude } });
  const has = async (id: string) => [
    await audience(realm, id, scopeOf('r1')),
    await audience(realm, id, scopeOf('r2')),
  ];
  expect(await has(chatgpt)).toEqual(['adopted', 'none']);
  expect(await has(claude)).toEqual(['none', 'adopted']);
  await expectAdoptedMode(realm, account, scopeOf('r1'));
  await expectAdoptedMode(realm, account, scopeOf('r2'));
});

test('two at once, for one resource: what one adopts the other takes from nobody', async () => {
  const living = (pid: number) => ({
    env: account.env,
    clock: 'real' as const,
    prepare: (io: MemoryIo) => void Object.assign(io, { pid, isAlive: () => true }),
  });
  const one = startOnboard(
    [url('r1'), '--preset', 'chatgpt', '--until', 'registered', '--json'],
    living(1000),
  );
  const two = startOnboard(
    [url('r1'), '--preset', 'chatgpt', '--until', 'connected', '--timeout', '1h', '--json'],
    living(1001),
  );
  await Promise.all([one.opened, two.opened]);
  const clientId = await register(realm);
  await until('both have met it', () => two.io.err().includes(clientId));
  expect((await one.done).json).toMatchObject({ ok: true, client: { clientId } });
  two.io.send('SIGINT');
  expect((await two.done).exit).toBe(130);
  expect(await audience(realm, clientId, scopeOf('r1'))).toBe('adopted');
  await expectAdoptedMode(realm, account, scopeOf('r1'));
});

describe('a resource as 0.1.0 left it', () => {
  const mark = (changes: object = {}) =>
    JSON.stringify({
      since: new Date(Date.now() - 3_600_000).toISOString(),
      until: new Date(Date.now() - 3_000_000).toISOString(),
      host: 'elsewhere',
      pid: 999_999,
      by: 'ann',
      watch: 'events',
      before: 'none',
      presets: 'chatgpt',
      ...changes,
    });
  let number = 0;

  /** Makes a windowed resource with an adopted client, and with a window where one is given. */
  async function old(window?: string): Promise<{ name: string; connector: string; foreign: string }> {
    number += 1;
    const name = `old${number}`;
    const attributes = {
      'mcpkc.mode': 'windowed',
      'mcpkc.resource': url(name),
      ...(window === undefined ? {} : { 'mcpkc.window': window }),
    };
    const id = await addScope(realm, scopeOf(name), { attributes }, url(name));
    if (window !== undefined) await realm.admin.put(realm.path(`default-default-client-scopes/${id}`));
    const connector = await register(realm);
    const foreign = await register(realm, { redirect_uris: ['https://chatgpt.com/else'] });
    await realm.admin.put(realm.path(`clients/${connector}/default-client-scopes/${id}`));
    return { name, connector, foreign };
  }

  test('is moved by the next onboard; its connector has the audience all the time', async () => {
    const { name, connector } = await old();
    expect(await audience(realm, connector, scopeOf(name))).toBe('named');
    await addClient(realm, `next-${name}`);
    await run(0, 'onboard', url(name), `next-${name}`);
    expect(await audience(realm, connector, scopeOf(name))).toBe('adopted');
    await expectAdoptedMode(realm, account, scopeOf(name));
  });

  test.each([
    ['of a dead run', mark()],
    ['that nobody can read', '{"since": '],
  ])(
    'with a window %s: --close lists who came, and takes the audience from them with --yes',
    async (_what, left) => {
      const { name, connector, foreign } = await old(left);
      expect(await audience(realm, foreign, scopeOf(name))).toBe('named');
      const refused = await run(5, 'onboard', url(name), '--close', '--json');
      expect(refused.json.message).toContain(foreign);
      await run(0, 'onboard', url(name), '--close', '--yes');
      expect(await audience(realm, foreign, scopeOf(name))).toBe('none');
      expect(await audience(realm, connector, scopeOf(name))).toBe('adopted');
      await expectAdoptedMode(realm, account, scopeOf(name));
    },
  );

  test('with a window that may be in use: not without --yes', async () => {
    const { name } = await old(mark({ until: '2999-01-01T00:00:00.000Z' }));
    for (const args of [
      ['onboard', url(name), '--close'],
      ['create-scope', '--preset', 'chatgpt', '--resource', url(name)],
    ]) {
      expect((await run(5, ...args, '--json')).json).toMatchObject({ code: 'OLD_WINDOW' });
    }
    await run(0, 'onboard', url(name), '--close', '--yes');
    await expectAdoptedMode(realm, account, scopeOf(name));
  });
});
