import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn } from '../support/connectors/sign-in.ts';
import type { GoodHost } from '../support/hosts/good.ts';
import { anonymousPolicies, configure, scopeIn } from '../support/realm-things.ts';
import { goodHost, newStage, type Stage, validateRun } from './stage.ts';

const REDIRECT = 'https://chatgpt.com/connector_platform_oauth_redirect';

describe('a realm whose registration is shut, with a client that somebody made', () => {
  let stage: Stage;
  let host: GoodHost;

  beforeAll(async () => {
    stage = await newStage('made');
    host = await goodHost(stage);
    await stage.provision(host.url);
    for (const policy of await anonymousPolicies(stage.realm, 'trusted-hosts')) {
      await configure(stage.realm, policy, { 'trusted-hosts': ['example.com'] });
    }
    const attributes = { 'pkce.code.challenge.method': 'S256' };
    const made = { publicClient: true, fullScopeAllowed: false, attributes };
    for (const [clientId, redirectUri] of [
      ['right', REDIRECT],
      ['wrong', 'https://chatgpt.com/elsewhere'],
    ]) {
      await stage.realm.admin.post(stage.realm.path('clients'), {
        ...made,
        clientId,
        redirectUris: [redirectUri],
      });
    }
  });
  afterAll(async () => {
    await host?.stop();
    await stage?.remove();
  });

  it('is proved with --client, and nothing is registered', async () => {
    const run = await stage.validate(host.url, ['--client', 'right']);
    expect(run.ids('fail')).toEqual([]);
    expect(run.check('CLIENT-SETTINGS')).toMatchObject({ outcome: 'pass' });
    expect(run.check('TOK-AUD')).toMatchObject({ outcome: 'pass' });
    expect(run.document.outlook[0]).toMatchObject({ verdict: 'expected' });
    expect(
      run.document.requests.filter(({ request }) => /POST .*clients-registrations/.test(request)),
    ).toEqual([]);
    expect(run.exit).toBe(0);
  });

  it('fails where the client has another redirect URI, and where nothing may register', async () => {
    const wrong = await stage.validate(host.url, ['--client', 'wrong']);
    expect(wrong.ids('fail')).toEqual(['CLIENT-SETTINGS']);
    expect(wrong.exit).toBe(1);
    const shut = await stage.validate(host.url);
    expect(shut.document.outlook[0]).toMatchObject({ verdict: 'fails', stage: 'registration' });
    expect((await stage.validate(host.url, ['--client', 'nobody'])).exit).toBe(2);
  });
});

describe('a person', () => {
  let stage: Stage;
  let host: GoodHost;

  beforeAll(async () => {
    stage = await newStage('person');
    host = await goodHost(stage);
    await stage.provision(host.url);
    const { realm, user } = stage;
    await realm.admin.post(realm.path('roles'), { name: 'mcp-users' });
    const role = await realm.admin.get(realm.path('roles/mcp-users'));
    const scope = await scopeIn(realm, stage.scope);
    await realm.admin.post(realm.path(`client-scopes/${scope?.id}/scope-mappings/realm`), [role]);
    await realm.admin.post(realm.path(`users/${user.id}/role-mappings/realm`), [role]);
  });
  afterAll(async () => {
    await host?.stop();
    await stage?.remove();
  });

  it('who has the role that the audience takes is found, and the realm is green', async () => {
    const run = await stage.validate(host.url);
    expect(run.check('TOK-AUD').message).toContain(`for the user ${stage.user.username}`);
    expect(run.ids('fail')).toEqual([]);
    expect(run.exit).toBe(0);
  });

  it('who lacks it is told apart', async () => {
    const other = await stage.realm.createUser();
    const run = await stage.validate(host.url, ['--user', other.username]);
    expect(run.ids('fail')).toEqual(['TOK-AUD']);
    expect(run.check('TOK-AUD').cause).toContain(`takes the role mcp-users, which ${other.username} lacks`);
  });

  it('signs in once, and later runs prove the whole chain with what was kept', async () => {
    const files: Record<string, string> = {};
    let mode: number | undefined;
    const kept = await validateRun(
      [host.url, '--login', '--save-token', 'ci-user.json', '--request-timeout', '20s'],
      stage.account.env,
      (io) => {
        const { write } = io.files;
        io.files.write = async (path, text, options) => {
          if (path === 'ci-user.json') {
            files[path] = text;
            mode = options?.mode;
          }
          return write.call(io.files, path, text, options);
        };
        io.openBrowser = async (address) => {
          const redirectUri = new URL(address).searchParams.get('redirect_uri') ?? '';
          void signIn(address, { user: stage.user, redirectUri }).then((result) => {
            if (result.ok) void fetch(`${redirectUri}?${result.params}`);
          });
          return true;
        };
      },
    );
    expect(kept.exit, kept.err).toBe(0);
    expect(mode).toBe(0o600);
    const saved = files['ci-user.json'] ?? '';
    const { refreshToken, clientSecret } = JSON.parse(saved) as {
      refreshToken: string;
      clientSecret: string;
    };
    for (const secret of [refreshToken, clientSecret]) expect(`${kept.out}${kept.err}`).not.toContain(secret);
    const again = () =>
      validateRun([host.url, '--token-file', 'ci-user.json', '--require-user'], stage.account.env, (io) => {
        void io.files.write('ci-user.json', saved, { mode: 0o600 });
      });
    const nightly = await again();
    expect(nightly.check('MCP-OPEN')).toMatchObject({
      outcome: 'pass',
      message: expect.stringContaining('--token-file'),
    });
    expect(nightly.exit).toBe(0);
    await stage.realm.admin.post(stage.realm.path(`users/${stage.user.id}/logout`), {});
    const consents = stage.realm.path(`users/${stage.user.id}/offline-sessions`);
    await stage.realm.admin.request('GET', consents);
    await stage.realm.admin.put(stage.realm.path(`users/${stage.user.id}`), { enabled: false });
    const over = await again();
    expect(over.check('MCP-OPEN')).toMatchObject({
      outcome: 'not-run',
      excused: false,
      message: expect.stringContaining('The saved sign-in is over'),
    });
    expect(over.exit).toBe(1);
  });
});
