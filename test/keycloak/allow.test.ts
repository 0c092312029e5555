import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processIo } from '../../src/cli/io.ts';
import { RECORD_CLIENT, RECORD_ROLE } from '../../src/realm/record.ts';
import { replay } from '../products/replay.ts';
import { type Account, accountIn, type CliResult, expectCli, runCli, seedSecret } from '../support/cli.ts';
import { SdkConnector } from '../support/connectors/sdk.ts';
import { type GoodHost, startGoodHost } from '../support/hosts/good.ts';
import type { RealmUser } from '../support/keycloak/realm.ts';
import type { RealmSnapshot } from '../support/keycloak/snapshot.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { login } from '../support/login.ts';
import { addClient, registerAnonymously } from '../support/realm-things.ts';

/* Registration is shut in this realm from the first to the last line. */

const realm = await useRealm('allow');
const SCOPE = 'mcp-resource-svc';
const HOME = mkdtempSync(join(tmpdir(), 'mcpkc-allow-'));
let account: Account;
let user: RealmUser;
let host: GoodHost;
let before: RealmSnapshot;

beforeAll(async () => {
  [account, user] = await Promise.all([accountIn(realm), realm.createUser()]);
  host = await startGoodHost({ issuer: realm.issuer, scope: SCOPE, advertisedScopes: [SCOPE] });
  await addClient(realm, 'somebody-elses');
  before = await realm.snapshot();
});
afterAll(async () => {
  await host?.stop();
  rmSync(HOME, { recursive: true, force: true });
});

/** Runs `allow` with the files of this machine: what stands in them is what a person enters. */
const allow = (exit: number, ...args: string[]): Promise<CliResult> =>
  expectCli(exit, ['allow', host.url, '--scope', SCOPE, ...args], {
    env: { ...account.env, HOME },
    prepare: (io) => Object.assign(io, { files: processIo().files }),
  });

async function register(): Promise<number> {
  const callback = 'https://chatgpt.com/connector_platform_oauth_redirect';
  return (await registerAnonymously(realm, { client_name: 'ChatGPT', redirect_uris: [callback] })).status;
}

/** What a person reads in the printed steps: the client id, and what stands in the file that they name. */
function entered(printed: string): { clientId: string; clientSecret?: string } {
  const text = printed.replaceAll(/\s+/g, ' ');
  const steps = text.slice(text.indexOf('To connect:'));
  const clientId = /[Ee]nter (\S+) as (?:the client id|OAuth Client ID)/.exec(steps)?.[1] ?? '';
  const file = /in the file (\S+?)\.(?: |$)/.exec(steps)?.[1];
  if (file === undefined) return { clientId };
  expect(statSync(file).mode & 0o777).toBe(0o600);
  return { clientId, clientSecret: seedSecret(readFileSync(file, 'utf8').trim()) };
}

/** Connects as a person would who entered that, up to the list of tools. */
async function tools(
  given: { clientId: string; clientSecret?: string },
  redirectUri: string,
  authMethod: 'client_secret_basic' | 'client_secret_post' | 'none',
): Promise<readonly string[]> {
  const client = { ...given, registration: { token_endpoint_auth_method: authMethod } };
  const connected = await new SdkConnector(host.url, { client, redirectUri, authMethod }).connect(user);
  if (!connected.ok) expect.fail(JSON.stringify(connected));
  return connected.tools;
}

describe('a client made beforehand, where registration is shut', () => {
  it('lets nobody register before', async () => {
    expect(await register()).toBe(403);
  });

  it.each([
    ['chatgpt', 'https://chatgpt.com/connector_platform_oauth_redirect', 'client_secret_basic'],
    ['claude', 'https://claude.ai/api/mcp/auth_callback', 'client_secret_post'],
  ] as const)('%s connects by what is printed, up to the tools', async (preset, redirectUri, authMethod) => {
    const ran = await allow(0, '--preset', preset, '--by', 'client');
    expect(ran.out).toMatch(/Verified: tokens issued to it now carry/);
    // The MCP server of this test is at a loopback address, and the product here is a replay.
    expect(ran.err.replaceAll(/\s+/g, ' ')).toContain(`vendor’s servers, which can’t reach ${host.url}`);
    expect(await tools(entered(ran.out), redirectUri, authMethod)).toContain('whoami');
  });

  it('the SDK’s client, of which nothing is known but a redirect URI', async () => {
    const uri = 'http://127.0.0.1:<port>/callback';
    const ran = await allow(0, '--client-id', 'my-agent', '--redirect-uri', uri);
    expect(await tools(entered(ran.out), 'http://127.0.0.1:8765/callback', 'none')).toContain('whoami');
  });

  it('is proved by the line that is printed last, and each product has its way', async () => {
    const ran = await expectCli(0, ['validate', host.url, '--preset', 'chatgpt,claude', '--json'], {
      env: { ...account.env, MCP_SCOPE_NAME: SCOPE },
    });
    expect(ran.json.outlook).toMatchObject([
      { preset: 'chatgpt', way: 'client', clientId: 'mcp-svc-chatgpt', verdict: 'expected' },
      { preset: 'claude', way: 'client', clientId: 'mcp-svc-claude', verdict: 'expected' },
    ]);
    const status = await expectCli(
      1,
      ['status', '--preset', 'chatgpt,claude,cline', '--resource', host.url, '--json'],
      {
        env: account.env,
      },
    );
    expect(status.json.products).toMatchObject([
      { preset: 'chatgpt', way: 'client', verdict: 'ready' },
      { preset: 'claude', way: 'client' },
      { preset: 'cline', way: 'none', reason: expect.stringContaining('TRUSTED_HOSTS_EMPTY') },
    ]);
  });

  it('lets nobody register after', async () => {
    expect(await register()).toBe(403);
  });

  it('is made for no server that a slip of the keys leads to', async () => {
    const there = await realm.snapshot();
    const slip = new URL('/mpc', host.url).href;
    const args = [
      'allow',
      slip,
      '--scope',
      SCOPE,
      '--preset',
      'chatgpt',
      '--by',
      'client',
      '--yes',
      '--json',
    ];
    const { json: refused } = await expectCli(5, args, account);
    expect(refused).toMatchObject({ code: 'SCOPE_TAKEN', details: { heldBy: host.url } });
    expect(await realm.snapshot()).toEqual(there);
  });

  it('is the same the second time, and undoes what was changed', async () => {
    const [found] = await realm.admin.get<{ id: string }[]>(realm.path('clients?clientId=my-agent'));
    await realm.admin.put(realm.path(`clients/${found?.id}`), {
      redirectUris: ['http://127.0.0.1/callback', 'https://evil.example/*'],
      implicitFlowEnabled: true,
    });
    const args = ['--client-id', 'my-agent', '--redirect-uri', 'http://127.0.0.1:<port>/callback', '--json'];
    const ran = await allow(0, ...args);
    expect(ran.json.changes).toMatchObject([{ kind: 'allowed-client', action: 'update', key: 'my-agent' }]);
    expect((await allow(0, ...args)).json.changes).toEqual([]);
  });

  it('lists who connects so', async () => {
    const ran = await expectCli(0, ['allow', '--list', '--json'], { env: account.env });
    const row = { resource: host.url, way: 'client', state: 'ok', signedIn: { users: 1 } };
    expect(ran.json.allowed).toMatchObject([
      { ...row, clientId: 'mcp-svc-chatgpt', products: ['chatgpt'] },
      { ...row, clientId: 'mcp-svc-claude', products: ['claude'] },
      { ...row, clientId: 'my-agent', products: [] },
    ]);
  });
});

describe('--role', () => {
  it('binds the server to a role: who lacks it gets no audience, and the proof is of somebody who has it', async () => {
    const other = 'https://bound.example.com/mcp';
    await realm.admin.post(realm.path('roles'), { name: 'staff' });
    const ann = await realm.createUser();
    const staff = await realm.admin.get(realm.path('roles/staff'));
    await realm.admin.post(realm.path(`users/${ann.id}/role-mappings/realm`), [staff]);
    const args = ['allow', other, '--preset', 'codex', '--by', 'client', '--role', 'staff', '--json'];
    const ran = await expectCli(0, args, { env: { ...account.env, HOME } });
    expect(ran.json).toMatchObject({ products: [{ audience: [other] }] });
    const how = {
      clientId: 'mcp-bound-codex',
      redirectUri: 'http://127.0.0.1:4321/callback',
      authMethod: 'none',
    };
    expect(await login(realm, { ...how, user: ann })).toMatchObject({ ok: true, claims: { aud: other } });
    const without = await login(realm, { ...how, user });
    expect(without).toMatchObject({ ok: true });
    expect(without).not.toHaveProperty('claims.aud');
    await expectCli(0, ['allow', other, '--preset', 'codex', '--remove', '--yes'], {
      env: { ...account.env, HOME },
    });
    await expectCli(0, ['create-scope', '--resource', other, '--remove', '--yes'], { env: account.env });
    await realm.admin.del(realm.path('roles/staff'));
    await realm.admin.del(realm.path(`users/${ann.id}`));
  });
});

describe('--remove', () => {
  it('counts the users first, and needs a word where some are signed in', async () => {
    const ran = await allow(5, '--preset', 'claude', '--remove');
    expect(ran.err).toMatch(
      /1 user \(\d+ sessions?\) signed in with mcp-svc-claude\. Their connections end\./,
    );
  });

  it('leaves the realm as it was, but for mcpkc’s own record', async () => {
    const gone = await allow(0, '--preset', 'chatgpt,claude', '--remove', '--yes', '--json');
    const files = gone.json.removedFiles as string[];
    expect(files).toHaveLength(2);
    expect(files.filter((file) => existsSync(file))).toEqual([]);
    await allow(0, '--client-id', 'my-agent', '--remove', '--yes');
    const after = await realm.snapshot();
    const others = ({ clients, realmRoles, ...rest }: RealmSnapshot) => ({
      ...rest,
      clients: clients.filter(({ clientId }) => clientId !== RECORD_CLIENT),
      realmRoles: realmRoles.filter(({ name }) => name !== RECORD_ROLE),
    });
    expect(others(after)).toEqual(others(before));
    expect((await expectCli(0, ['allow', '--list', '--json'], { env: account.env })).json.allowed).toEqual(
      [],
    );
  });
});

describe('a document', () => {
  it('is made, and what the product will do with it hangs on what this issuer advertises', async () => {
    const answer = await fetch(`${realm.issuer}/.well-known/openid-configuration`);
    const { client_id_metadata_document_supported: documents = false } = (await answer.json()) as Record<
      string,
      unknown
    >;
    const ran = await allow(documents ? 0 : 1, '--preset', 'vscode', '--by', 'document');
    const words = documents ? 'connects here by its document' : 'won’t use it: this issuer doesn’t advertise';
    expect(ran.out.replaceAll(/\s+/g, ' ')).toContain(`Visual Studio Code ${words}`);
    await allow(0, '--preset', 'vscode', '--remove');
  });
});

describe('a product that asks for all that the issuer advertises, whatever the MCP server names', () => {
  it('is told not to connect, as it does, and the printed command lets it in', async () => {
    const redirectUri = 'http://localhost:40123/oauth/callback';
    const client = { clientId: 'mcp-svc-gemini-cli', redirectUri, registration: {} };
    const product = () => replay('gemini-cli', { user }, host, { client });
    const told = await allow(1, '--preset', 'gemini-cli', '--by', 'client', '--json');
    const [{ connects, message = '' } = {}] = told.json.products as { connects: string; message: string }[];
    expect(connects).toBe('no');
    expect(message).toContain('service_account');
    expect(await product()).toMatchObject({ ok: false, stage: 'authorization', error: 'invalid_scope' });
    const status = await runCli(
      ['status', '--preset', 'gemini-cli', '--resource', host.url, '--json'],
      account,
    );
    expect(status.json.findings).toContainEqual(
      expect.objectContaining({ code: 'ADVERTISED_SCOPE_REFUSED', subject: 'service_account' }),
    );
    const command = message.split('\n').at(-1) ?? '';
    await expectCli(0, command.split(' ').slice(1), account);
    await allow(0, '--preset', 'gemini-cli', '--by', 'client');
    expect(await product()).toMatchObject({ ok: true, opens: true });
    expect(await register()).toBe(403);
  });
});
