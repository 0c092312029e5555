import { beforeAll, describe, expect, test } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { adoptedMark, expectClosed, held, register, startOnboard } from '../support/onboarding.ts';
import { addClient, hostsIn, scopeIn } from '../support/realm-things.ts';

const realm = await useRealm('onboard');
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
});

const run = (exit: number, ...args: string[]) => expectCli(exit, ['onboard', ...args], { env: account.env });

describe('a client that is named', () => {
  test('by client id: scope, mapper, hosts, policies, attachment and its proof', async () => {
    await addClient(realm, 'crm');
    const done = await run(0, 'https://crm.example.com/mcp', 'crm', '--json');
    expect(done.json).toMatchObject({
      schema: 'mcpkc/onboard/v1',
      ok: true,
      scope: 'mcp-resource-crm',
      mode: 'windowed',
      client: { clientId: 'crm' },
      // Further ones come from the roles of the user that the example is made for.
      audience: expect.arrayContaining(['https://crm.example.com/mcp']),
      env: { OIDC_AUDIENCE: 'https://crm.example.com/mcp', OIDC_ISSUER: realm.issuer },
      applied: true,
    });
    expect(await held(realm, 'crm', 'mcp-resource-crm')).toBe('default');
    expect(await adoptedMark(realm, 'crm')).toBe('mcp-resource-crm');
    await expectClosed(realm, 'mcp-resource-crm');
    expect(await hostsIn(realm)).toEqual(expect.arrayContaining(['chatgpt.com', 'crm.example.com']));
    expect(done.err).not.toContain('is open');
  });

  test('by internal id, and a second run has nothing to do', async () => {
    const id = await addClient(realm, 'erp');
    const done = await run(0, 'https://erp.example.com/mcp', id);
    expect(done.out).toContain('✓ erp has the scope.');
    const again = await run(0, 'https://erp.example.com/mcp', 'erp', '--json');
    expect(again.json.changes).toEqual([]);
    const planned = await run(0, 'https://erp.example.com/mcp', 'erp', '--dry-run');
    expect(planned.out).toContain('0 changes would be made');
  });

  test('that holds the scope as optional: one change, and it works', async () => {
    const id = await addClient(realm, 'hr');
    const scope = (await scopeIn(realm, 'mcp-resource-erp'))?.id;
    await realm.admin.put(realm.path(`clients/${id}/optional-client-scopes/${scope}`));
    const done = await run(0, 'https://erp.example.com/mcp', 'hr', '--json');
    expect(done.json.changes).toContainEqual(
      expect.objectContaining({ kind: 'client-scope-assignment', action: 'update' }),
    );
    expect(await held(realm, 'hr', 'mcp-resource-erp')).toBe('default');
  });

  test('that isn’t there is exit 2, and nothing was written', async () => {
    const done = await run(2, 'https://nobody.example.com/mcp', 'nobody', '--json');
    expect(done.json).toMatchObject({ code: 'CLIENT_NOT_IN_REALM' });
    expect(await scopeIn(realm, 'mcp-resource-nobody')).toBeUndefined();
  });

  test('mcpkc’s own account is refused', async () => {
    const done = await run(2, 'https://crm.example.com/mcp', 'mcpkc', '--json');
    expect(done.json).toMatchObject({ code: 'INPUT_INVALID' });
    expect(await held(realm, 'mcpkc', 'mcp-resource-crm')).toBe('none');
  });
});

describe('how it is called', () => {
  test('--alias, --scope, a bare host, and the scope that is marked for the resource wins later', async () => {
    await addClient(realm, 'one');
    expect((await run(0, 'bare.example.com', 'one', '--alias', 'b', '--json')).json).toMatchObject({
      resource: 'https://bare.example.com/mcp',
      scope: 'mcp-resource-b',
    });
    expect((await run(0, 'https://bare.example.com/mcp', 'one', '--json')).json.scope).toBe('mcp-resource-b');
    const own = await run(0, 'https://own.example.com/mcp', 'one', '--scope', 'own', '--json');
    expect(own.json.scope).toBe('own');
  });

  test('--static-client gets the scope beside the connector', async () => {
    await addClient(realm, 'backend');
    const { opened, done } = startOnboard(
      ['https://st.example.com/mcp', '--static-client', 'backend', '--json'],
      { env: account.env },
    );
    await opened;
    const clientId = await register(realm);
    expect((await done).json).toMatchObject({ ok: true, client: { clientId } });
    expect(await held(realm, 'backend', 'mcp-resource-st')).toBe('default');
    expect(await held(realm, clientId, 'mcp-resource-st')).toBe('default');
    await expectClosed(realm, 'mcp-resource-st');
  });

  test.each([
    [['--until', 'never'], '--until'],
    [['--close', '--timeout', '1m'], '--timeout'],
    [['--close', '--until', 'connected'], '--until'],
    [['some-client', '--timeout', '1m'], '--timeout'],
    [['some-client', '--close'], '--close'],
    [['--timeout', 'soon'], 'duration'],
    [['--preset', 'chatgtp'], 'chatgpt'],
  ])('%j is exit 2', async (args, words) => {
    const done = await run(2, 'https://x.example.com/mcp', ...args);
    expect(done.err).toContain(words);
  });

  test('another host’s scope is exit 5 with a free name that works', async () => {
    const done = await run(5, 'https://other.example.com/mcp', 'one', '--scope', 'own', '--json');
    expect(done.json).toMatchObject({ code: 'SCOPE_TAKEN', details: { free: 'mcp-resource-other' } });
  });
});

describe('--dry-run', () => {
  test('prints the plan, says that a window would be opened, and writes nothing', async () => {
    const before = await realm.snapshot();
    const done = await run(1, 'https://dry.example.com/mcp', '--dry-run');
    expect(done.out).toContain('create client scope mcp-resource-dry');
    expect(done.out).toContain('then the window would be');
    expect(await realm.snapshot()).toEqual(before);
  });

  test('is 1 also where only the window would be opened, 0 for a client that has everything', async () => {
    const window = await run(1, 'https://crm.example.com/mcp', '--dry-run', '--json');
    expect(window.json).toMatchObject({ changes: [], applied: false, ok: false });
    expect((await run(0, 'https://crm.example.com/mcp', 'crm', '--dry-run', '--json')).json.ok).toBe(true);
  });

  test('with --close and no window: nothing to do', async () => {
    const done = await run(0, 'https://crm.example.com/mcp', '--close', '--dry-run');
    expect(done.out).toContain('0 changes would be made');
  });
});

test('--close without a window has nothing to do, also where there is no scope', async () => {
  const before = await realm.snapshot();
  expect((await run(0, 'https://crm.example.com/mcp', '--close')).out).toContain('No window is open');
  expect((await run(0, 'https://never.example.com/mcp', '--close')).out).toContain('No window is open');
  expect(await realm.snapshot()).toEqual(before);
});
