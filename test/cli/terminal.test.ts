import { beforeAll, describe, expect, inject, it } from 'vitest';
import { type Account, accountIn, expectCli, seedSecret, spawnCli, until } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { startReverseProxy } from '../support/reverse-proxy.ts';

const ESCAPE = /\u001b\[/;
const realm = await useRealm('terminal');
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm, ['manage-clients', 'manage-realm']);
});

describe('colour', () => {
  const list = (env: Record<string, string>, terminal: boolean, ...more: string[]) =>
    expectCli(0, ['trusted-hosts', ...more], { env: { ...account.env, ...env }, terminal });

  it.each([
    ['a terminal', {}, true, [], true],
    ['no terminal', {}, false, [], false],
    ['NO_COLOR', { NO_COLOR: '1' }, true, [], false],
    ['an empty NO_COLOR', { NO_COLOR: '' }, true, [], true],
    ['FORCE_COLOR without a terminal', { FORCE_COLOR: '1' }, false, [], true],
    ['FORCE_COLOR=0 at one', { FORCE_COLOR: '0' }, true, [], false],
    ['NO_COLOR and FORCE_COLOR', { NO_COLOR: '1', FORCE_COLOR: '1' }, true, [], false],
    ['--no-color with FORCE_COLOR', { FORCE_COLOR: '1' }, true, ['--no-color'], false],
    ['TERM=dumb', { TERM: 'dumb' }, true, [], false],
  ] as const)('%s', async (_what, env, terminal, more, coloured) => {
    const ran = await list(env, terminal, ...more);
    expect(ESCAPE.test(ran.out)).toBe(coloured);
  });

  it('--json has none even where it is forced', async () => {
    const ran = await expectCli(0, ['trusted-hosts', '--json'], {
      env: { ...account.env, FORCE_COLOR: '1' },
      terminal: true,
    });
    expect(ran.out).not.toMatch(ESCAPE);
    expect(ran.json.ok).toBe(true);
  });

  it('a child process without a terminal writes neither colour nor animation', async () => {
    const ran = await spawnCli(
      ['create-scope', '--preset', 'chatgpt', '--resource', 'https://tty.example.com/mcp'],
      account.env,
    ).done;
    expect(ran.exit, ran.err).toBe(0);
    expect(ran.out + ran.err).not.toMatch(ESCAPE);
    expect(ran.err).toBe('');
  });
});

describe('a reader that has enough (| head -1)', () => {
  it('is no failure', async () => {
    const child = spawnCli(['trusted-hosts', '--json'], account.env);
    child.closeStdout();
    const ran = await child.done;
    expect(ran).toMatchObject({ exit: 0, err: '' });
  });

  it('of the help neither', async () => {
    const child = spawnCli(['--help'], account.env);
    child.closeStdout();
    expect(await child.done).toMatchObject({ exit: 0, err: '' });
  });
});

describe('--verbose, --quiet', () => {
  it('--verbose logs each request: method, address without query, status, time; no secret, no token', async () => {
    const ran = await spawnCli(['trusted-hosts', '--verbose'], account.env).done;
    const lines = ran.err.split('\n').filter((line) => line !== '');
    const base = `${account.env.KC_SERVER}`;
    expect(lines[0]).toMatch(
      new RegExp(`^ {2}POST ${base}/realms/${realm.name}/protocol/openid-connect/token 200 \\d+ ms$`),
    );
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) expect(line).toMatch(/^ {2}(GET|POST) http:\/\/[^ ?]+ \d{3} \d+ ms$/);
  });

  it('--verbose says of a failure what is beneath it', async () => {
    const ran = await spawnCli(['trusted-hosts', '--verbose'], {
      ...account.env,
      KC_CLIENT_SECRET: seedSecret('wrong-secret-verbose'),
    }).done;
    expect(ran.exit).toBe(4);
    expect(ran.err).toContain(' 401 ');
  });

  it('--quiet keeps warnings', async () => {
    const env = { ...account.env, OIDC_AUDIENCE: 'not-there' };
    const ran = await expectCli(
      1,
      [
        'create-scope',
        '--preset',
        'chatgpt',
        '--resource',
        'https://quiet.example.com/mcp',
        '--dry-run',
        '--quiet',
      ],
      { env },
    );
    expect(ran.err).toContain('not-there');
  });
});

describe('a second Ctrl-C', () => {
  it('ends the process at once, by the signal', async () => {
    let waiting = false;
    const proxy = await startReverseProxy(inject('keycloak').url, {
      before: ({ method }) => {
        if (method !== 'DELETE') return undefined;
        waiting = true;
        return 'hang';
      },
    });
    const env = { ...account.env, KC_SERVER: proxy.url };
    const child = spawnCli(['trusted-hosts', '--add', 'twice.example.com'], env);
    await until('the lock is being given back', () => waiting);
    child.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 200));
    const began = Date.now();
    child.kill('SIGINT');
    expect((await child.done).exit).toBe(130);
    expect(Date.now() - began).toBeLessThan(2000);
    await realm.admin.del(realm.path('roles/mcpkc-lock'));
  });
});
