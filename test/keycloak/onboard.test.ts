import { beforeAll, describe, expect, test } from 'vitest';
import { type Account, accountIn, expectCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import {
  audience,
  audienceScope,
  expectAdoptedMode,
  register,
  remembered,
  startOnboard,
} from '../support/onboarding.ts';
import { addClient, CHATGPT_BODY, hostsIn, registerAnonymously, scopeIn } from '../support/realm-things.ts';

const realm = await useRealm('onboard');
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
});

const run = (exit: number, ...args: string[]) =>
  expectCli(exit, args[0] === 'create-scope' ? args : ['onboard', ...args], { env: account.env });

describe('a client that is named', () => {
  test('by client id: scopes, mapper, policies, attachment, record and proof; nothing of registration', async () => {
    const hosts = await hostsIn(realm);
    await addClient(realm, 'crm');
    const done = await run(0, 'https://crm.example.com/mcp', 'crm', '--json');
    expect(done.json).toMatchObject({
      schema: 'mcpkc/onboard/v1',
      ok: true,
      scope: 'mcp-resource-crm',
      mode: 'adopted',
      client: { clientId: 'crm' },
      // Further ones come from the roles of the user that the example is made for.
      audience: expect.arrayContaining(['https://crm.example.com/mcp']),
      env: { OIDC_AUDIENCE: 'https://crm.example.com/mcp', OIDC_ISSUER: realm.issuer },
      applied: true,
    });
    expect(await audience(realm, 'crm', 'mcp-resource-crm')).toBe('adopted');
    expect((await remembered(account)).adopted).toContain('crm');
    await expectAdoptedMode(realm, account, 'mcp-resource-crm');
    expect(await hostsIn(realm)).toEqual(hosts);
    expect(done.err).not.toContain('Waiting for');
  });

  test('by internal id, and a second run has nothing to do', async () => {
    const id = await addClient(realm, 'erp');
    const done = await run(0, 'https://erp.example.com/mcp', id);
    expect(done.out).toContain('✓ erp is adopted: its person signs in again, or waits for the next refresh.');
    const again = await run(0, 'https://erp.example.com/mcp', 'erp', '--json');
    expect(again.json.changes).toEqual([]);
    const planned = await run(0, 'https://erp.example.com/mcp', 'erp', '--dry-run');
    expect(planned.out).toContain('0 changes would be made');
  });

  test('that holds the audience scope as optional: one change, and it works', async () => {
    const id = await addClient(realm, 'hr');
    const scope = await audienceScope(realm, 'mcp-resource-erp');
    await realm.admin.put(realm.path(`clients/${id}/optional-client-scopes/${scope?.id}`));
    const done = await run(0, 'https://erp.example.com/mcp', 'hr', '--json');
    expect(done.json.changes).toContainEqual(
      expect.objectContaining({ kind: 'client-scope-assignment', action: 'update' }),
    );
    expect(await audience(realm, 'hr', 'mcp-resource-erp')).toBe('adopted');
  });

  test('that isn’t there is exit 2, and nothing was written', async () => {
    const done = await run(2, 'https://nobody.example.com/mcp', 'nobody', '--json');
    expect(done.json).toMatchObject({ code: 'CLIENT_NOT_IN_REALM' });
    expect(await scopeIn(realm, 'mcp-resource-nobody')).toBeUndefined();
  });

  test('mcpkc’s own account is refused', async () => {
    const done = await run(2, 'https://crm.example.com/mcp', 'mcpkc', '--json');
    expect(done.json).toMatchObject({ code: 'INPUT_INVALID' });
    expect(await audience(realm, 'mcpkc', 'mcp-resource-crm')).toBe('none');
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
      [
        'https://st.example.com/mcp',
        '--preset',
        'chatgpt',
        '--until',
        'registered',
        '--static-client',
        'backend',
        '--json',
      ],
      { env: account.env },
    );
    await opened;
    const clientId = await register(realm);
    expect((await done).json).toMatchObject({ ok: true, client: { clientId } });
    expect(await audience(realm, 'backend', 'mcp-resource-st')).toBe('adopted');
    expect(await audience(realm, clientId, 'mcp-resource-st')).toBe('adopted');
    await expectAdoptedMode(realm, account, 'mcp-resource-st');
  });

  test.each([
    [['--until', 'never'], '--until'],
    [[], '--until'],
    [['--until', 'registered', '--user', 'ann'], '--user'],
    [['some-client', '--user', 'ann'], '--user'],
    [['--close', '--timeout', '1m'], '--timeout'],
    [['--close', '--until', 'connected'], '--until'],
    [['some-client', '--timeout', '1m'], '--timeout'],
    [['some-client', '--close'], '--close'],
    [['--timeout', 'soon'], 'duration'],
    [['--until', 'registered', '--preset', 'chatgtp'], 'chatgpt'],
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
  test('prints the plan, says that a connector would be waited for, and writes nothing', async () => {
    const before = await realm.snapshot();
    const done = await run(1, 'https://dry.example.com/mcp', '--preset', 'chatgpt', '--dry-run');
    expect(done.out).toContain('create client scope mcp-resource-dry');
    expect(done.out).toContain('a connector would be waited');
    expect(await realm.snapshot()).toEqual(before);
  });

  test('is 1 also where a connector would only be waited for, 0 for a client that has everything', async () => {
    await run(0, 'create-scope', '--preset', 'chatgpt', '--resource', 'https://crm.example.com/mcp');
    const waits = await run(1, 'https://crm.example.com/mcp', '--dry-run', '--json');
    expect(waits.json).toMatchObject({ changes: [], applied: false, ok: false });
    expect((await run(0, 'https://crm.example.com/mcp', 'crm', '--dry-run', '--json')).json.ok).toBe(true);
  });

  test('of a product that runs at its vendor warns of a URL that the vendor can’t reach; others don’t', async () => {
    const warned = async (...args: string[]) =>
      (await run(1, ...args, '--dry-run')).err.replaceAll(/\s+/g, ' ');
    const local = 'http://192.168.77.7:3000/mcp';
    const warning = `ChatGPT connects from its vendor’s servers, which can’t reach ${local}: use a public URL or a tunnel, and run mcpkc validate from outside.`;
    expect(await warned(local, '--preset', 'chatgpt')).toContain(warning);
    expect(await warned('create-scope', local, '--preset', 'chatgpt,codex')).toContain(warning);
    expect(await warned(local, '--preset', 'codex')).not.toContain('vendor');
  });

  test('with --close where nothing is open: nothing to do', async () => {
    const done = await run(0, 'https://crm.example.com/mcp', '--close', '--dry-run');
    expect(done.out).toContain('0 changes would be made');
  });
});

test('--close where nothing is open has nothing to do', async () => {
  const before = await realm.snapshot();
  expect((await run(0, 'https://crm.example.com/mcp', '--close')).out).toContain('Nothing is open');
  expect((await run(0, 'https://never.example.com/mcp', '--close')).out).toContain('Nothing is open');
  expect(await realm.snapshot()).toEqual(before);
});

describe('a client that registered itself and is named', () => {
  test('is adopted where an adoption accepts it: its registrant can change it no longer', async () => {
    const { status, body } = await registerAnonymously(realm, CHATGPT_BODY);
    expect(status).toBe(201);
    await run(0, 'https://crm.example.com/mcp', String(body.client_id));
    expect(await audience(realm, String(body.client_id), 'mcp-resource-crm')).toBe('adopted');
    const own = await fetch(String(body.registration_client_uri), {
      headers: { authorization: `Bearer ${body.registration_access_token}` },
    });
    expect(own.status).toBe(401);
  });

  test('takes --yes where it would not, and is shown', async () => {
    const grants = { grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'] };
    const clientId = await register(realm, grants);
    const refused = await run(5, 'https://crm.example.com/mcp', clientId, '--json');
    expect(refused.json).toMatchObject({ code: 'CONSENT_NEEDED' });
    expect(refused.json.message).toContain('the device grant');
    expect(refused.json.message).toContain('https://chatgpt.com/connector_platform_oauth_redirect');
    expect(await audience(realm, clientId, 'mcp-resource-crm')).toBe('none');
    await run(0, 'https://crm.example.com/mcp', clientId, '--yes');
    expect(await audience(realm, clientId, 'mcp-resource-crm')).toBe('adopted');
  });
});
