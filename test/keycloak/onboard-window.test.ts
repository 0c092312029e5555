import { beforeAll, describe, expect, test } from 'vitest';
import { PROBE_TOS_URI_PREFIX } from '../../src/products/dynamic.ts';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import type { Representation } from '../support/keycloak/snapshot.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import {
  adoptedMark,
  expectClosed,
  held,
  register,
  startOnboard,
  storeEvents,
} from '../support/onboarding.ts';
import { addClient, anonymousPolicies, configure } from '../support/realm-things.ts';

const realm = await useRealm('onboard-window');
const RESOURCE = 'https://win.example.com/mcp';
const SCOPE = 'mcp-resource-win';
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
  await storeEvents(realm);
});

const start = (...args: string[]) => startOnboard([RESOURCE, ...args], { env: account.env });

describe('one connector', () => {
  test('is adopted; the text says what to do, what happened, what it serves and what comes next', async () => {
    const { opened, done, io } = start();
    await opened;
    expect(io.err()).toContain(`The window for ${RESOURCE} is open until`);
    expect(io.err()).toMatch(new RegExp(`  2\\. Create a connector: name \\S+, URL ${RESOURCE}`));
    const clientId = await register(realm, { client_name: 'ChatGPT' });
    const { exit, out, err } = await done;
    expect(exit).toBe(0);
    expect(err).toContain(`ChatGPT registered: ChatGPT (${clientId})`);
    expect(err).toContain('The window is closed; ChatGPT');
    expect(out).toContain(`✓ ChatGPT ${clientId} was adopted: it has the scope.`);
    expect(out).toContain(`  OIDC_AUDIENCE=${RESOURCE}\n`);
    expect(out).toContain('Mode windowed: this serves this one connection');
    expect(out).toContain(`Next: mcpkc validate ${RESOURCE}\n`);
    for (const line of [...out.split('\n'), ...err.split('\n')]) {
      if (!line.includes('http') && !line.includes(clientId)) expect(line.length).toBeLessThanOrEqual(80);
    }
    expect(await held(realm, clientId, SCOPE)).toBe('default');
    expect(await adoptedMark(realm, clientId)).toBe(SCOPE);
    await expectClosed(realm, SCOPE);
  });

  test('whose registration names the scope holds it as default in the end', async () => {
    const { opened, done } = start('--json');
    await opened;
    const clientId = await register(realm, { scope: `openid ${SCOPE}` });
    expect(await held(realm, clientId, SCOPE)).toBe('optional');
    const { json } = await done;
    expect(json).toMatchObject({
      ok: true,
      client: { clientId },
      audience: expect.arrayContaining([RESOURCE]),
    });
    expect(json.timeline).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          event: expect.stringContaining('registered'),
          at: expect.stringMatching(/Z$/),
        }),
      ]),
    );
    expect(await held(realm, clientId, SCOPE)).toBe('default');
  });

  test('by its own product alone', async () => {
    const { opened, done } = start('--preset', 'claude', '--timeout', '1h', '--json');
    await opened;
    const chatgpt = await register(realm);
    const claude = await register(realm, {
      client_name: 'Claude',
      redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
    });
    const { json } = await done;
    expect(json).toMatchObject({ client: { clientId: claude }, others: [{ clientId: chatgpt }] });
    expect(await held(realm, chatgpt, SCOPE)).toBe('none');
  });

  test('Visual Studio Code with its device grant', async () => {
    const { opened, done } = start('--preset', 'vscode', '--json');
    await opened;
    const clientId = await register(realm, {
      client_name: 'Visual Studio Code',
      client_uri: 'https://code.visualstudio.com',
      redirect_uris: ['https://vscode.dev/redirect', 'http://127.0.0.1/', 'http://127.0.0.1:33418/'],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      token_endpoint_auth_method: 'none',
      scope: SCOPE,
    });
    expect((await done).json).toMatchObject({ ok: true, client: { clientId } });
    expect(await held(realm, clientId, SCOPE)).toBe('default');
  });
});

describe('who is not adopted', () => {
  const foreign: [string, Representation, string][] = [
    ['a redirect elsewhere', { redirect_uris: ['https://chatgpt.com/else'] }, 'is none of: chatgpt'],
    ['a wildcard', { redirect_uris: ['https://chatgpt.com/*'] }, 'is a wildcard'],
    ['the password grant', { grant_types: ['authorization_code', 'password'] }, 'the password grant'],
    ['the implicit grant', { grant_types: ['authorization_code', 'implicit'] }, 'the implicit flow'],
    [
      'client credentials',
      { grant_types: ['authorization_code', 'client_credentials'] },
      'client credentials',
    ],
    [
      'the device grant',
      { grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'] },
      'the device grant',
    ],
    ['a probe', { tos_uri: `${PROBE_TOS_URI_PREFIX}1` }, 'probe of mcpkc'],
    [
      'a terrible name',
      { client_name: '\u001b[2J\u202eevil', redirect_uris: ['https://chatgpt.com/x'] },
      'is none of',
    ],
    ['the scope named', { scope: SCOPE, redirect_uris: ['https://chatgpt.com/y'] }, 'is none of'],
    [
      'the scope named by a public one',
      { scope: SCOPE, token_endpoint_auth_method: 'none', redirect_uris: ['https://chatgpt.com/z'] },
      'is none of',
    ],
  ];

  test('each is named with the reason, and has the scope no longer; the time is up: exit 6', async () => {
    const { opened, done } = start('--timeout', '2m', '--json');
    await opened;
    const ids = new Map<string, string>();
    for (const [what, changes, words] of foreign)
      ids.set(await register(realm, changes), `${what}: ${words}`);
    const admins = await addClient(realm, 'made-by-an-administrator', { publicClient: false });
    expect(await held(realm, 'made-by-an-administrator', SCOPE)).toBe('default');
    const { json, err, exit } = await done;
    expect(exit).toBe(6);
    expect(json).toMatchObject({ code: 'NOTHING_ADOPTED', message: expect.stringContaining('within 2 min') });
    const { others } = json.details as { others: { clientId: string; reason: string }[] };
    for (const [clientId, what] of ids) {
      const other = others.find((one) => one.clientId === clientId);
      expect(other?.reason, what).toContain(what.split(': ').at(-1));
      expect(await held(realm, clientId, SCOPE), what).toBe('none');
    }
    expect(others.find((one) => one.clientId === 'made-by-an-administrator')?.reason).toContain(
      'did not register itself',
    );
    expect(await held(realm, 'made-by-an-administrator', SCOPE)).toBe('none');
    expect(err).toContain('\\u{1b}[2J\\u{202e}evil');
    expect(err).not.toContain('\u202e');
    await expectClosed(realm, SCOPE);
    await realm.admin.del(realm.path(`clients/${admins}`));
  });

  test('after the window nobody gets it, and who names it is refused', async () => {
    const clientId = await register(realm);
    expect(await held(realm, clientId, SCOPE)).toBe('none');
    await expect(register(realm, { scope: SCOPE })).rejects.toThrow('403');
  });

  test('a connector that was deleted at once is no connector', async () => {
    const { opened, done } = start('--timeout', '30s', '--json');
    await opened;
    const clientId = await register(realm);
    await realm.admin.del(realm.path(`clients/${clientId}`));
    const { exit, json } = await done;
    expect({ exit, code: json.code }).toEqual({ exit: 6, code: 'NOTHING_ADOPTED' });
    await expectClosed(realm, SCOPE);
  });
});

describe('several at once', () => {
  /** Registers two between two looks: the run waits while its clock stands still. */
  async function two(terminal: boolean, answers: string[] = []) {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const begun = startOnboard([RESOURCE], {
      env: account.env,
      terminal,
      answers,
      prepare: (io) => {
        const { sleep } = io;
        io.sleep = async (ms, signal) => {
          if (io.err().includes('is open until')) await gate;
          await sleep(ms, signal);
        };
      },
    });
    await begun.opened;
    const first = await register(realm);
    const second = await register(realm, { client_name: 'ChatGPT two' });
    release();
    return { first, second, ran: await begun.done };
  }

  test('without a terminal: exit 5, none has it, and a command for each that works', async () => {
    const { ran, first, second } = await two(false);
    const { exit, err } = ran;
    expect(exit).toBe(5);
    expect(err).toContain('SEVERAL_NEWCOMERS');
    await expectClosed(realm, SCOPE);
    for (const id of [first, second]) {
      expect(await held(realm, id, SCOPE)).toBe('none');
      expect(err).toContain(`\n  mcpkc onboard ${RESOURCE} ${id}\n`);
    }
    const command = err.split('\n').find((line) => line.includes(`${RESOURCE} ${second}`)) ?? '';
    await expectCli(0, command.trim().split(' ').slice(1), { env: account.env });
    expect(await held(realm, second, SCOPE)).toBe('default');
    expect(await held(realm, first, SCOPE)).toBe('none');
  });

  test('at a terminal the person chooses, after a slip too', async () => {
    const { ran, first, second } = await two(true, ['7', '2']);
    const { exit, io, out } = ran;
    expect(exit).toBe(0);
    expect(io.questions).toHaveLength(2);
    expect([await held(realm, first, SCOPE), await held(realm, second, SCOPE)].toSorted()).toEqual([
      'default',
      'none',
    ]);
    expect(out.replace(/\s+/g, ' ')).toContain('another one was chosen');
    await expectClosed(realm, SCOPE);
  });

  test('at a terminal the person may choose none', async () => {
    const { ran, first, second } = await two(true, ['']);
    expect(ran.exit).toBe(5);
    expect([await held(realm, first, SCOPE), await held(realm, second, SCOPE)]).toEqual(['none', 'none']);
    await expectClosed(realm, SCOPE);
  });
});

test('who held the scope before by hand keeps it, and is marked', async () => {
  const id = await addClient(realm, 'by-hand');
  const scopes = await realm.admin.get<{ id: string; name: string }[]>(realm.path('client-scopes'));
  const scope = scopes.find(({ name }) => name === SCOPE)?.id;
  await realm.admin.put(realm.path(`clients/${id}/default-client-scopes/${scope}`));
  const { opened, done } = start('--timeout', '10s');
  await opened;
  expect((await done).exit).toBe(6);
  expect(await held(realm, 'by-hand', SCOPE)).toBe('default');
  expect(await adoptedMark(realm, 'by-hand')).toBe(SCOPE);
});

test('a realm that is full is said to be, before anybody waits in vain', async () => {
  const [policy] = await anonymousPolicies(realm, 'max-clients');
  if (!policy) expect.fail('the realm has no limit');
  await configure(realm, policy, { 'max-clients': ['3'] });
  const { opened, done, io } = start('--timeout', '2s');
  await opened;
  expect(io.err().replace(/\s+/g, ' ')).toContain("its policy 'Max Clients Limit' allows 3");
  await expect(register(realm)).rejects.toThrow('Max Clients Limit');
  expect((await done).exit).toBe(6);
  await configure(realm, policy, { 'max-clients': ['200'] });
});
