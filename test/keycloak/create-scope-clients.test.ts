import { beforeAll, describe, expect, it } from 'vitest';
import { type Account, accountIn, expectCli, runCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { addClient, addScope, CHATGPT_BODY, clientIn, registerAnonymously } from '../support/realm-things.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const SCOPE = 'mcp-resource-svc';
const realm = await useRealm('create-scope-clients');
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm, ['manage-clients', 'manage-realm']);
});

const run = (exit: number, ...args: string[]) =>
  expectCli(exit, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, ...args], {
    env: account.env,
  });

async function heldAs(clientId: string, scope = SCOPE) {
  const client = await clientIn(realm, clientId);
  if (client?.defaultClientScopes.includes(scope)) return 'default';
  return client?.optionalClientScopes.includes(scope) ? 'optional' : 'none';
}

async function scopeId() {
  const scopes = await realm.admin.get<{ id: string; name: string }[]>(realm.path('client-scopes'));
  return scopes.find(({ name }) => name === SCOPE)?.id;
}

async function expectNothingLeft(...args: string[]) {
  expect((await run(0, '--dry-run', '--json', ...args)).json.changes).toEqual([]);
}

describe('--existing', () => {
  let registered: string;

  it('is on while this is the only audience scope: the product’s clients that are there get the scope', async () => {
    await expectCli(0, ['trusted-hosts', '--preset', 'chatgpt', '--add', 'app.example.com'], {
      env: account.env,
    });
    const answer = await registerAnonymously(realm, CHATGPT_BODY);
    expect(answer.status).toBe(201);
    registered = String(answer.body.client_id);
    const foreign = await registerAnonymously(realm, {
      client_name: 'ChatGPT',
      redirect_uris: ['https://app.example.com/cb'],
    });
    await addClient(realm, 'by-hand', { redirectUris: [...CHATGPT_BODY.redirect_uris] });
    await run(0);
    expect(await heldAs(registered)).toBe('default');
    expect(await heldAs(String(foreign.body.client_id))).toBe('none');
    expect(await heldAs('by-hand')).toBe('none');
    await expectNothingLeft();
  });

  it('--detach takes it from one, and the same command plans nothing', async () => {
    await run(0, '--detach', registered);
    expect(await heldAs(registered)).toBe('none');
    await expectNothingLeft('--detach', registered);
    await expectNothingLeft('--no-existing');
    // What was looked through once is remembered: a cron job doesn't put back what somebody took.
    await expectNothingLeft();
    await run(1, '--dry-run', '--existing');
  });

  it('reads the clients once; again for another product, with --existing, and where the scope was no default', async () => {
    const reads = async (...args: string[]) => {
      const { err } = await runCli(['--verbose', 'create-scope', '--resource', RESOURCE, ...args], {
        env: account.env,
      });
      return err.match(/clients\/? 200/g)?.length ?? 0;
    };
    const chatgpt = ['--preset', 'chatgpt'];
    const few = await reads(...chatgpt);
    expect(await reads(...chatgpt, '--existing')).toBeGreaterThan(few);
    expect(await reads('--preset', 'chatgpt,claude', '--yes')).toBeGreaterThan(few);
    expect(await reads('--preset', 'claude')).toBe(few);
    const scope = await scopeId();
    await realm.admin.del(realm.path(`default-default-client-scopes/${scope}`));
    expect(await reads(...chatgpt)).toBeGreaterThan(few);
    expect(await reads(...chatgpt)).toBe(few);
  });

  it('is off where the realm has another audience scope, --existing turns it on', async () => {
    await addScope(realm, 'mcp-resource-other', {}, 'https://other.example.com/mcp');
    await expectNothingLeft();
    await run(0, '--existing');
    expect(await heldAs(registered)).toBe('default');
  });

  it('moves one that holds the scope as optional', async () => {
    const client = await clientIn(realm, registered);
    const scope = await scopeId();
    await realm.admin.del(realm.path(`clients/${client?.id}/default-client-scopes/${scope}`));
    await realm.admin.put(realm.path(`clients/${client?.id}/optional-client-scopes/${scope}`), {});
    expect(await heldAs(registered)).toBe('optional');
    await run(0, '--existing');
    expect(await heldAs(registered)).toBe('default');
  });
});

describe('--client', () => {
  it('attaches ten at once, whatever their ids look like, and marks them', async () => {
    const ids = [
      'plain',
      'with blank',
      'with/slash',
      'https://app.example.com/client.json',
      'ümläut',
      '%2f',
      "it's",
      'a+b&c=d',
      '漢字',
      '..',
    ];
    for (const id of ids) await addClient(realm, id);
    const flags = ids.flatMap((id) => ['--client', id]);
    await run(0, ...flags);
    for (const id of ids) expect(await heldAs(id), id).toBe('default');
    await expectNothingLeft(...flags);
    await run(0, ...ids.flatMap((id) => ['--detach', id]));
    for (const id of ids) expect(await heldAs(id), id).toBe('none');
  });

  it('takes the internal id as well', async () => {
    const id = await addClient(realm, 'by-internal-id');
    await run(0, '--client', id);
    expect(await heldAs('by-internal-id')).toBe('default');
    await run(0, '--detach', id);
    expect(await heldAs('by-internal-id')).toBe('none');
  });

  it('names all that are not there, and writes nothing', async () => {
    const ran = await run(2, '--client', 'nobody,plain', '--detach', 'gone\u202e', '--json');
    expect(ran.json).toMatchObject({
      schema: 'mcpkc/error/v1',
      code: 'CLIENT_NOT_IN_REALM',
      message: `There is no client 'nobody', 'gone\\u{202e}' in realm '${realm.name}'.`,
    });
    expect(await heldAs('plain')).toBe('none');
  });

  it('refuses a client that is to be attached and detached', async () => {
    const ran = await run(2, '--client', 'plain', '--detach', 'plain');
    expect(ran.err).toContain("--detach: 'plain' is named by --client too");
  });

  it('refuses mcpkc’s own account', async () => {
    const ran = await run(2, '--client', account.clientId);
    expect(ran.err).toContain('is mcpkc’s own account');
  });
});

describe('the static client of OIDC_AUDIENCE', () => {
  const env = () => ({ ...account.env, OIDC_AUDIENCE: `${RESOURCE},legacy-mcp` });
  const withStatic = (exit: number, ...args: string[]) =>
    expectCli(exit, ['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE, ...args], { env: env() });

  it('is named where it is missing', async () => {
    const ran = await withStatic(0);
    expect(ran.err).toContain('The static client');
    expect(ran.err).toContain('--create-static makes it');
    expect(await clientIn(realm, 'legacy-mcp')).toBeUndefined();
  });

  it('--create-static makes it: confidential, code flow with PKCE alone, with the scope', async () => {
    await withStatic(0, '--create-static');
    expect(await clientIn(realm, 'legacy-mcp')).toMatchObject({
      publicClient: false,
      standardFlowEnabled: true,
      directAccessGrantsEnabled: false,
      implicitFlowEnabled: false,
      serviceAccountsEnabled: false,
      fullScopeAllowed: false,
      redirectUris: expect.arrayContaining(['https://chatgpt.com/connector_platform_oauth_redirect']),
      attributes: { 'pkce.code.challenge.method': 'S256' },
    });
    expect(await heldAs('legacy-mcp')).toBe('default');
    const again = await withStatic(0, '--create-static', '--dry-run', '--json');
    expect(again.json.changes).toEqual([]);
  });

  it('--detach takes the scope from it, too', async () => {
    await withStatic(0, '--detach', 'legacy-mcp');
    expect(await heldAs('legacy-mcp')).toBe('none');
  });

  it('is never mcpkc’s own account', async () => {
    const ran = await runCli(['create-scope', '--preset', 'chatgpt', '--resource', RESOURCE], {
      env: { ...account.env, OIDC_AUDIENCE: account.clientId },
    });
    expect(ran.exit).toBe(0);
    expect(ran.err).toContain('mcpkc’s own account, which gets no MCP audience');
    expect(await heldAs(account.clientId)).toBe('none');
  });
});
