import { beforeAll, describe, expect, test } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import type { MemoryIo } from '../support/memory-io.ts';
import {
  adoptedMark,
  expectClosed,
  held,
  isMarked,
  leaveWindow,
  register,
  startOnboard,
  storeEvents,
} from '../support/onboarding.ts';
import { addClient, scopeIn } from '../support/realm-things.ts';

const realm = await useRealm('onboard-modes');
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
  await storeEvents(realm);
});

const url = (name: string) => `https://${name}.example.com/mcp`;
const scopeOf = (name: string) => `mcp-resource-${name}`;
const start = (name: string, ...args: string[]) =>
  startOnboard([url(name), '--json', ...args], { env: account.env });
const run = (exit: number, ...args: string[]) => expectCli(exit, args, { env: account.env });

describe('a standing scope', () => {
  test('stays a realm default; others keep it; the connector holds it by itself', async () => {
    await run(0, 'create-scope', '--resource', url('st'));
    const { opened, done } = start('st');
    await opened;
    const other = await register(realm, { redirect_uris: ['https://chatgpt.com/else'] });
    const clientId = await register(realm);
    const { json } = await done;
    expect(json).toMatchObject({ ok: true, mode: 'standing', client: { clientId } });
    expect(json.env).toMatchObject({ ADVERTISE_SCOPES: scopeOf('st') });
    expect([await held(realm, other, scopeOf('st')), await held(realm, clientId, scopeOf('st'))]).toEqual([
      'default',
      'default',
    ]);
    expect(await adoptedMark(realm, clientId)).toBe(scopeOf('st'));
    await expectClosed(realm, scopeOf('st'), 'default');
    await run(0, 'create-scope', '--resource', url('st'), '--attach', 'none', '--yes');
  });

  test('an optional one is optional again, for others too', async () => {
    await run(0, 'create-scope', '--resource', url('op'), '--attach', 'optional');
    const before = await register(realm);
    const { opened, done } = start('op');
    await opened;
    const other = await register(realm, { redirect_uris: ['https://chatgpt.com/else'] });
    expect(await held(realm, other, scopeOf('op'))).toBe('default');
    const clientId = await register(realm);
    expect((await done).json).toMatchObject({ ok: true, client: { clientId } });
    expect(await held(realm, before, scopeOf('op'))).toBe('optional');
    expect(await held(realm, other, scopeOf('op'))).toBe('optional');
    expect(await held(realm, clientId, scopeOf('op'))).toBe('default');
    await expectClosed(realm, scopeOf('op'), 'optional');
    await run(0, 'create-scope', '--resource', url('op'), '--attach', 'none');
  });

  test('that became windowed: who got it while it was standing keeps it', async () => {
    await run(0, 'create-scope', '--resource', url('was'));
    const old = await register(realm, { token_endpoint_auth_method: 'none' });
    await run(0, 'create-scope', '--resource', url('was'), '--attach', 'none');
    const { opened, done } = start('was');
    await opened;
    const other = await register(realm, {
      redirect_uris: ['https://chatgpt.com/else'],
      token_endpoint_auth_method: 'none',
    });
    await register(realm);
    await done;
    expect(await held(realm, old, scopeOf('was'))).toBe('default');
    expect(await held(realm, other, scopeOf('was'))).toBe('none');
  });

  test('whose PKCE policy was left out keeps being without', async () => {
    await run(0, 'create-scope', '--resource', url('nopkce'), '--attach', 'none', '--no-pkce-policy');
    await addClient(realm, 'nopkce');
    await run(0, 'onboard', url('nopkce'), 'nopkce');
    const { policies } = await realm.admin.get<{ policies: { name: string }[] }>(
      realm.path('client-policies/policies'),
    );
    expect(policies.map(({ name }) => name)).not.toContain(`mcpkc-pkce-${scopeOf('nopkce')}`);
  });
});

describe('two windows at once', () => {
  test('of two resources for two products: each its own, none the other’s', async () => {
    // Each takes the lock in turn: they have to see each other's process as alive, and the same time.
    const alone = (pid: number) => ({
      env: account.env,
      clock: 'real' as const,
      prepare: (io: MemoryIo) => void Object.assign(io, { pid, isAlive: () => true }),
    });
    const one = startOnboard([url('r1'), '--json'], alone(1000));
    const two = startOnboard([url('r2'), '--json', '--preset', 'claude'], alone(1001));
    await Promise.all([one.opened, two.opened]);
    const claude = await register(realm, {
      client_name: 'Claude',
      redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
    });
    const chatgpt = await register(realm);
    const [first, second] = [await one.done, await two.done];
    expect(first.json).toMatchObject({ ok: true, client: { clientId: chatgpt } });
    expect(second.json).toMatchObject({ ok: true, client: { clientId: claude } });
    const scopes = async (id: string) => [
      await held(realm, id, scopeOf('r1')),
      await held(realm, id, scopeOf('r2')),
    ];
    expect(await scopes(chatgpt)).toEqual(['default', 'none']);
    expect(await scopes(claude)).toEqual(['none', 'default']);
    expect(await adoptedMark(realm, chatgpt)).toBe(scopeOf('r1'));
    await expectClosed(realm, scopeOf('r1'));
    await expectClosed(realm, scopeOf('r2'));
  });

  test('of two resources for one product: the second is refused and says why', async () => {
    const one = startOnboard([url('r1'), '--timeout', '1h'], {
      env: account.env,
      prepare: (io) => Object.assign(io, { pid: 1000, isAlive: (pid: number) => pid === 1000 }),
    });
    await one.opened;
    const two = await expectCli(5, ['onboard', url('r2'), '--json'], { env: account.env, alive: [1000] });
    expect(two.json).toMatchObject({ code: 'WINDOW_LIVE', message: expect.stringContaining(scopeOf('r1')) });
    expect(await isMarked(realm, scopeOf('r2'))).toBe(false);
    await register(realm);
    expect((await one.done).exit).toBe(0);
  });

  test('of one resource: exit 5, naming who; --yes takes over and the first gives way', async () => {
    const one = startOnboard([url('r1'), '--json', '--timeout', '1h'], {
      env: account.env,
      prepare: (io) => Object.assign(io, { pid: 1000, isAlive: (pid: number) => pid === 1000, user: 'ann' }),
    });
    await one.opened;
    const refused = await expectCli(5, ['onboard', url('r1')], { env: account.env, alive: [1000] });
    expect(refused.err).toMatch(/by ann on test-host\s+\(process 1000\)/);
    expect(refused.err).toContain('--yes');
    const closing = await expectCli(5, ['onboard', url('r1'), '--close'], {
      env: account.env,
      alive: [1000],
    });
    expect(closing.err).toContain('WINDOW_LIVE');
    const created = await expectCli(5, ['create-scope', '--resource', url('r1')], { env: account.env });
    expect(created.err).toContain('WINDOW_OPEN');
    expect(created.err).toContain(`mcpkc onboard ${url('r1')} --close`);
    const two = startOnboard([url('r1'), '--yes', '--json'], { env: account.env, alive: [1000] });
    await two.opened;
    const first = await one.done;
    expect(first.exit).toBe(5);
    expect(first.json).toMatchObject({
      code: 'WINDOW_LIVE',
      message: expect.stringMatching(/taken over by (tester|somebody else)/),
    });
    const clientId = await register(realm);
    expect((await two.done).json).toMatchObject({ ok: true, client: { clientId } });
    await expectClosed(realm, scopeOf('r1'));
  });

  test('a window that somebody else closed is noticed', async () => {
    const one = startOnboard([url('r1'), '--json', '--timeout', '1h'], {
      env: account.env,
      prepare: (io) => Object.assign(io, { pid: 1000 }),
    });
    await one.opened;
    const closed = await expectCli(0, ['onboard', url('r1'), '--close', '--yes'], {
      env: account.env,
      alive: [1000],
    });
    expect(closed.out).toContain('✓ The window is closed.');
    const { exit, json, io } = await one.done;
    expect(exit).toBe(5);
    expect(json.message).toContain('was closed or taken over');
    // Long before the hour is up.
    expect(io.slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(600_000);
  });
});

describe('a window that was left open', () => {
  const mark = (changes: object = {}) => ({
    since: new Date(Date.now() - 3_600_000).toISOString(),
    until: new Date(Date.now() - 3_000_000).toISOString(),
    host: 'test-host',
    pid: 999_999,
    by: 'ann',
    watch: 'events',
    before: 'none',
    presets: 'chatgpt',
    ...changes,
  });
  let foreign = '';

  async function leave(left: object | string): Promise<void> {
    await leaveWindow(realm, scopeOf('left'), left);
    foreign = await register(realm, { token_endpoint_auth_method: 'none' });
    expect(await held(realm, foreign, scopeOf('left'))).toBe('default');
  }

  beforeAll(async () => {
    await addClient(realm, 'left');
    await run(0, 'onboard', url('left'), 'left');
  });

  test.each<[string, object | string]>([
    ['of a dead process', mark()],
    ['of another machine, past its time', mark({ host: 'elsewhere' })],
    ['from paging', mark({ watch: 'paging' })],
    ['of an earlier form', { ...mark(), presets: undefined }],
    ['that nobody can read', '{"since": '],
    ['that is nonsense', '[1, "x"]'],
  ])('%s is closed by --close, foreign newcomers included', async (_what, left) => {
    await leave(left);
    const planned = await run(1, 'onboard', url('left'), '--close', '--dry-run');
    expect(planned.out).toContain('detach realm default scope');
    expect(await isMarked(realm, scopeOf('left'))).toBe(true);
    const { out } = await run(0, 'onboard', url('left'), '--close');
    expect(out).toContain(foreign);
    await expectClosed(realm, scopeOf('left'));
    expect(await held(realm, foreign, scopeOf('left'))).toBe('none');
    expect(await held(realm, 'left', scopeOf('left'))).toBe('default');
  });

  test('is closed by the next onboard, which then opens its own', async () => {
    await leave(mark());
    const { opened, done } = start('left');
    await opened;
    expect(await held(realm, foreign, scopeOf('left'))).toBe('none');
    const clientId = await register(realm);
    const { json, err } = await done;
    expect(json).toMatchObject({ ok: true, client: { clientId } });
    expect(err).toContain('opened at');
    expect(err).toContain('is closed first');
    await expectClosed(realm, scopeOf('left'));
  });

  test('and by the next one with a client id', async () => {
    await leave(mark());
    await run(0, 'onboard', url('left'), 'left');
    await expectClosed(realm, scopeOf('left'));
    expect(await held(realm, foreign, scopeOf('left'))).toBe('none');
  });

  test.each([
    ['whose process lives here', mark({ pid: 1 })],
    ['of another machine, before its time', mark({ host: 'elsewhere', until: '2999-01-01T00:00:00.000Z' })],
  ])('%s is not, but with --yes', async (_what, left) => {
    await leave(left);
    const options = { env: account.env, alive: [1] };
    await expectCli(5, ['onboard', url('left')], options);
    await expectCli(5, ['onboard', url('left'), 'left'], options);
    await expectCli(5, ['onboard', url('left'), '--close'], options);
    await expectCli(0, ['onboard', url('left'), '--close', '--yes'], options);
    await expectClosed(realm, scopeOf('left'));
  });

  test('of another scope is warned of, with the command that closes it', async () => {
    await leave(mark());
    const { opened, done, io } = start('r3', '--timeout', '1s');
    await opened;
    expect(io.err()).toContain(`mcpkc onboard ${url('left')} --close`);
    await done;
    await run(0, 'onboard', url('left'), '--close');
  });

  test('of a scope that is gone is nothing to close', async () => {
    const { opened, done } = start('gone', '--timeout', '1h');
    await opened;
    await realm.admin.del(realm.path(`client-scopes/${(await scopeIn(realm, scopeOf('gone')))?.id}`));
    const { exit, json } = await done;
    expect(exit).toBe(5);
    expect(json.message).toContain('was closed or taken over');
  });
});
