import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeCertificates } from '../support/certificates.ts';
import { type Behave, freePort, startFakeKeycloak } from '../support/fake-keycloak.ts';
import { runMcpkc } from '../support/run-mcpkc.ts';

const certificates = makeCertificates();

/** A server with these realms; master tells its name as Keycloak does. */
const withRealms =
  (...realms: string[]): Behave =>
  ({ path }) => {
    if (path === '/auth/realms/master') return { status: 200, json: { realm: 'master' } };
    if (!path.startsWith('/auth/')) return { status: 404, json: {} };
    if (/\/admin\/realms\/?(?:\?|$)/.test(path))
      return { status: 200, json: realms.map((realm) => ({ realm })) };
    return undefined;
  };

/** Runs `init` at a terminal with these answers, one after the other, as far as they go. */
async function init(answers: readonly string[], more: { env?: Record<string, string>; ca?: string } = {}) {
  const files = { 'ca.pem': more.ca ?? certificates.ca, 'other.pem': certificates.selfSigned.cert };
  const ran = await runMcpkc(['init'], {
    terminal: true,
    answers: [...answers],
    files,
    env: { ...more.env },
  });
  return { ...ran, said: ran.err.replaceAll(/\s+/g, ' ') };
}

it('a private authority is asked for, tried, and asked for again', async () => {
  const server = await startFakeKeycloak(withRealms('master'), certificates.good);
  const ran = await init([server.url, 'nowhere.pem', 'other.pem', 'ca.pem', 'admin', 'secret-password']);
  expect(ran.io.questions.filter((one) => one.startsWith('PEM file'))).toHaveLength(3);
  expect(ran.said).toContain('There is no file nowhere.pem.');
  expect(ran.said).toContain('other.pem doesn’t hold the authority');
  // It was signed in by then; the realm is the next thing that is missing.
  expect(ran.status).toBe(2);
  expect(ran.said).toContain('sees no realm but master');
  expect(ran.said).toContain('kcadm.sh create realms -s realm=mcp -s enabled=true');
  expect(ran.io.everything()).not.toContain('secret-password');
});

it.each([
  ['another name', certificates.otherName, /its certificate is for another name/],
  ['an expired certificate', certificates.expired, /its certificate has expired/],
] as const)('%s is named, and no password is asked for', async (_what, certificate, words) => {
  const server = await startFakeKeycloak(withRealms(), certificate);
  const good = await startFakeKeycloak(withRealms('master'), certificates.good);
  const env = { MCPKC_CA_FILE: 'ca.pem' };
  const ran = await init([server.url, good.url, 'admin', 'secret-password'], { env });
  expect(ran.said).toMatch(words);
  expect(server.got.filter(({ path }) => path.includes('/token'))).toEqual([]);
  expect(good.got.some(({ path }) => path.includes('/token'))).toBe(true);
});

it('an address without its path is found, and so is that of the admin console', async () => {
  const server = await startFakeKeycloak(withRealms('master', 'tools'));
  const { origin } = new URL(server.url);
  for (const typed of [origin, `${origin}/wrong`, `${server.url}/admin/master/console/#/tools`]) {
    const ran = await init([typed, 'admin', 'x', 'nonesuch', 'toolz', '9', '0', '', 'tools', '', 'n', 'n']);
    expect(ran.io.questions[1]).toContain(`Administrator at ${server.url}`);
    expect(ran.said).toContain('Did you mean tools?');
  }
});

it('a proxy without Keycloak behind it is named by its status, and Enter tries it again', async () => {
  let answers = 0;
  const realms = withRealms('master', 'tools');
  const server = await startFakeKeycloak((got, index) =>
    answers++ < 1 ? { status: 502, text: 'Bad Gateway' } : realms(got, index),
  );
  const gone = await startFakeKeycloak(() => ({ status: 503, text: 'Service Unavailable' }));
  const ran = await init([gone.url, server.url, '', 'admin', 'x']);
  expect(ran.said).toContain(
    `${gone.url} answers 503: Keycloak is still starting, or its proxy has no server`,
  );
  expect(ran.io.questions[1]).toBe(`Keycloak’s address, as the browser has it [${gone.url}]: `);
  expect(ran.io.questions[3]).toContain('Administrator at');
  expect(gone.got.filter(({ path }) => path.includes('/token'))).toEqual([]);
  expect(server.got.some(({ path }) => path.includes('/token'))).toBe(true);
});

it('another server is named as one, and a password goes there only where somebody says so', async () => {
  const other = await startFakeKeycloak(() => ({ status: 404, text: '<html>Not found</html>' }));
  const ran = await init([other.url, '', other.url, 'y', 'admin', 'x']);
  expect(ran.said).toContain(`${other.url} answers 404, but shows no realm master there`);
  expect(ran.io.questions[1]).toContain(`Send an administrator’s password to ${other.url} all the same?`);
  expect(ran.said).toContain('Name another address.');
  expect(ran.io.questions[4]).toContain('Administrator at');
});

it('a bare host is tried by https first, then by http, and the one that answers is told', async () => {
  const secure = await startFakeKeycloak(withRealms('master'), certificates.good);
  const plain = await startFakeKeycloak(withRealms('master'));
  for (const server of [secure, plain]) {
    const typed = `127.0.0.1:${server.port}`;
    const ran = await init([typed, 'admin', 'x'], { env: { MCPKC_CA_FILE: 'ca.pem' } });
    expect(ran.said).toContain(`Keycloak answers at ${server.url}.`);
    expect(ran.io.questions[1]).toContain(`Administrator at ${server.url}`);
  }
  const nowhere = await freePort();
  const lost = await init([`127.0.0.1:${nowhere}`]);
  expect(lost.said).toContain(`can’t be reached at https://127.0.0.1:${nowhere}: nothing listens`);
  expect(lost.said).toContain(`can’t be reached at http://127.0.0.1:${nowhere}: nothing listens`);
});

it('plain http to a port that speaks TLS is told as that', async () => {
  const text = '<html>400 The plain HTTP request was sent to HTTPS port</html>';
  const server = await startFakeKeycloak(() => ({ status: 400, text }));
  expect((await init([server.url])).said).toContain(
    'speaks TLS, and was asked without it: start it with https://',
  );
  const named = ['init', '--server', server.url, '--realm', 'tools', '--admin-user', 'admin'];
  const ran = await runMcpkc(named, { terminal: true, answers: [] });
  expect(ran.err.replaceAll(/\s+/g, ' ')).toContain(
    'speaks TLS, and was asked without it: its scheme is https',
  );
});

it('an empty password is asked for again, also after a refusal', async () => {
  const realms = withRealms('master', 'tools');
  const server = await startFakeKeycloak((got, index) =>
    got.path.includes('/token') && !got.body.includes('password=right')
      ? { status: 401, json: { error: 'invalid_grant', error_description: 'Invalid user credentials' } }
      : realms(got, index),
  );
  const ran = await init([server.url, 'admin', '', 'wrong', '', '', 'right', 'tools', 'later.example.com']);
  expect(ran.said.match(/Nothing was typed\./g)).toHaveLength(2);
  expect(ran.said).toContain('Realms:');
});

/** The ways of an administrator to sign in, each with what it takes. */
const WAYS: readonly (readonly [string, string[], Record<string, string>])[] = [
  ['a password', ['--admin-user', 'admin', '--admin-password-file', 'secret'], {}],
  ['a password that is asked for', ['--admin-user', 'admin'], {}],
  ['a token', ['--admin-token-file', 'secret'], {}],
  ['the bootstrap client', [], { KC_BOOTSTRAP_ADMIN_CLIENT_SECRET: 'secret' }],
];

describe.each(WAYS)('a wrong address, signing in by %s', (_way, flags, env) => {
  const REALM = { realm: 'master', public_key: 'k' };
  const keycloak: Behave = ({ path }) =>
    path === '/auth/realms/master'
      ? { status: 200, json: REALM }
      : path.startsWith('/auth/')
        ? undefined
        : { status: 404, text: '<html>nothing here</html>' };
  const ADDRESSES: readonly (readonly [string, string, () => Promise<string>])[] = [
    [
      'without its path',
      'WRONG_SERVER_PATH',
      async () => new URL((await startFakeKeycloak(keycloak)).url).origin,
    ],
    [
      'where nothing listens',
      'KEYCLOAK_UNREACHABLE',
      async () => `http://127.0.0.1:${await freePort()}/auth`,
    ],
    [
      'of a proxy alone',
      'KEYCLOAK_STARTING',
      async () => (await startFakeKeycloak(() => ({ status: 502 }))).url,
    ],
    [
      'with an authority unknown here',
      'TLS_FAILED',
      async () => (await startFakeKeycloak(keycloak, certificates.good)).url,
    ],
    [
      'that redirects',
      'KEYCLOAK_ERROR',
      async () =>
        (await startFakeKeycloak(() => ({ status: 302, headers: { location: 'https://x.example/' } }))).url,
    ],
    [
      'that speaks TLS',
      'KEYCLOAK_ERROR',
      async () =>
        (await startFakeKeycloak(() => ({ status: 400, text: 'sent an HTTP request to an HTTPS server' })))
          .url,
    ],
  ];
  it.each(ADDRESSES)('%s is %s, before anything is asked', async (_what, code, start) => {
    const argv = ['init', '--server', await start(), '--realm', 'tools', '--yes', '--json', ...flags];
    const ran = await runMcpkc(argv, { terminal: true, env, answers: [], files: { secret: 'x' } });
    expect(ran.document()).toMatchObject({ schema: 'mcpkc/error/v1', code });
    expect(ran.io.questions).toEqual([]);
  });
});

it('a path with ~ is in the home folder, however it is named', async () => {
  const server = await startFakeKeycloak(withRealms('master'), certificates.good);
  const home = { HOME: '/home/op' };
  const files = { '/home/op/ca.pem': certificates.ca, '/home/op/pw': 'x' };
  const typed = await runMcpkc(['init'], {
    terminal: true,
    env: home,
    files,
    answers: [server.url, '~/ca.pem', 'admin', 'secret-password'],
  });
  expect(typed.io.questions.at(-1)).toContain('Password of admin');
  const flags = ['--admin-user', 'admin', '--admin-password-file=~/pw'];
  const argv = ['init', '--server', server.url, '--realm', 'master', ...flags];
  for (const [more, env] of [
    [['--ca-file=~/ca.pem'], {}],
    [[], { MCPKC_CA_FILE: '~/ca.pem' }],
  ] as const) {
    server.got.length = 0;
    await runMcpkc([...argv, ...more], { env: { ...home, ...env }, files });
    expect(server.got.some(({ path }) => path.includes('/token'))).toBe(true);
  }
});

it('an authority’s file is named as it was given: the option, the variable, or the answer', async () => {
  const server = await startFakeKeycloak(withRealms('master'), certificates.good);
  const files = { 'no.pem': 'nothing', 'a folder': Object.assign(new Error('EISDIR'), { code: 'EISDIR' }) };
  const argv = ['init', '--no-color', '--server', server.url, '--realm', 'tools', '--admin-user', 'a'];
  const asOption = await runMcpkc([...argv, '--ca-file', 'no.pem'], { terminal: true, files });
  expect(asOption.err).toMatch(/^✗ --ca-file no\.pem: the file holds no PEM/);
  const nowhere = await runMcpkc([...argv, '--ca-file', 'nowhere.pem'], { terminal: true, files });
  expect(nowhere.err).toContain('--ca-file (MCPKC_CA_FILE): there is no file nowhere.pem');
  const asVariable = await runMcpkc(argv, { terminal: true, files, env: { MCPKC_CA_FILE: 'no.pem' } });
  expect(asVariable.err).toMatch(/^✗ MCPKC_CA_FILE no\.pem: the file holds no PEM/);
  const asked = await runMcpkc(['init', '--no-color'], {
    terminal: true,
    files,
    answers: [server.url, 'no.pem', 'a folder', ''],
  });
  expect(asked.err).toContain('! no.pem: the file holds no PEM certificate.');
  expect(asked.err).toContain('! a folder can’t be read (EISDIR).');
});

it('a plan to paste names a server, or asks for one: never the default that nobody chose', async () => {
  // Whatever listens on the usual ports of the machine that runs the test.
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('fetch failed')));
  onTestFinished(() => void vi.unstubAllGlobals());
  const ran = await runMcpkc(['init', '--realm', 'tools', '--dry-run', '--json']);
  expect(ran.document()).toMatchObject({ code: 'CONFIG_MISSING', exitStatus: 2 });
  expect(ran.err).toContain('init --server https://auth.example.com/auth --dry-run');
  const named = await runMcpkc([
    'init',
    '--server',
    'https://kc.example.com',
    '--realm',
    'tools',
    '--dry-run',
  ]);
  expect(named.out).toContain('--server https://kc.example.com');
  expect(named.out).not.toContain('5050');
});

it('a server that is down is found before a password is asked for, and --wait waits for it', async () => {
  let answers = 0;
  const realms = withRealms('master', 'tools');
  const server = await startFakeKeycloak((got, index) =>
    answers++ < 12 ? { status: 503 } : realms(got, index),
  );
  const argv = ['init', '--server', server.url, '--realm', 'tools', '--wait', '60s', '--admin-user', 'admin'];
  const ran = await runMcpkc(argv, { terminal: true, answers: [] });
  expect(ran.io.questions).toEqual([`Password of admin at ${server.url}, realm master: `]);
  expect(ran.io.slept.length).toBeGreaterThan(2);
});

describe('the MCP server’s URL', () => {
  /** An MCP server at `/mcp` alone, whose metadata names it. */
  const mcpServer = async () => {
    const host = await startFakeKeycloak(({ path }) => {
      const resource = `${new URL(host.url).origin}/mcp`;
      if (path === '/mcp') return { status: 401, headers: { 'www-authenticate': 'Bearer' } };
      if (path === '/.well-known/oauth-protected-resource') return { status: 200, json: { resource } };
      return { status: path === '/gone' ? 502 : 404, text: 'no' };
    });
    return new URL(host.url).origin;
  };
  const asked = async (...answers: string[]) => {
    const server = await startFakeKeycloak(withRealms('master', 'tools'));
    return init([server.url, 'admin', 'x', 'tools', ...answers]);
  };
  const URL_QUESTION = /^URL of the MCP server/;

  it('is looked at: a wrong path is told with its answer, and the one that the metadata names is offered', async () => {
    const host = await mcpServer();
    const ran = await asked(`${host}/mpc`, '');
    expect(ran.said).toContain(`${host}/mpc answers 404: that is no MCP server`);
    expect(ran.said).toContain(`The server’s metadata names ${host}/mcp.`);
    expect(ran.io.questions.at(-1)).toBe(`Use ${host}/mcp instead? [Y/n] `);
  });

  it('is asked for again where another one is declined, and the same one again is taken', async () => {
    const host = await mcpServer();
    const ran = await asked(`${host}/mpc`, 'n', `${host}/mpc`);
    expect(ran.io.questions.filter((one) => URL_QUESTION.test(one))).toHaveLength(2);
    expect(ran.said).not.toContain('The test has no answer');
  });

  it('that nobody serves yet is kept by Enter; another server’s isn’t', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}/mcp`;
    const absent = await asked(nowhere, '');
    expect(absent.said).toContain(`${nowhere} can’t be reached now: nothing listens there`);
    expect(absent.io.questions.at(-1)).toBe(`Keep ${nowhere}? [Y/n] `);
    const page = await startFakeKeycloak(() => ({
      status: 200,
      text: '<html></html>',
      headers: { 'content-type': 'text/html' },
    }));
    const other = await asked(`${page.url}/mcp`, '', '');
    expect(other.said).toContain('/mcp answers 200 with a page: that is no MCP server');
    expect(other.io.questions.at(-2)).toBe(`Keep ${page.url}/mcp? [y/N] `);
    expect(other.io.questions.at(-1)).toMatch(URL_QUESTION);
  });

  it('at a port that no product connects to is no address that can wait', async () => {
    const ran = await asked('http://127.0.0.1:1/mcp', 'n', '');
    expect(ran.said).toContain('no product connects to this port');
    expect(ran.said).not.toContain('That can wait');
    expect(ran.io.questions.at(-2)).toBe('Keep http://127.0.0.1:1/mcp? [y/N] ');
  });

  it('without a scheme is told what it lacks', async () => {
    expect((await asked('127.0.0.1:39997/mcp')).said).toContain(
      'it is not a full URL: start it with https://',
    );
  });
});
it('a dead HTTP proxy of this machine is named, not Keycloak', async () => {
  const proxy = `http://127.0.0.1:${await freePort()}`;
  const ran = await init(['https://keycloak.example.com'], { env: { HTTPS_PROXY: proxy } });
  expect(ran.said).toContain(`The proxy ${proxy} can’t be reached`);
  // No answer mends a variable: the run ends, and names what does.
  expect(ran.said).toContain('Correct or unset HTTPS_PROXY');
  expect(ran.status).toBe(3);
});

it('an address in place of the administrator’s name is noticed', async () => {
  const server = await startFakeKeycloak(withRealms('master', 'tools'));
  const ran = await init([server.url, `${server.url}/admin`, 'admin', 'x', 'tools']);
  expect(ran.said).toContain(`${server.url}/admin looks like an address.`);
  expect(ran.io.questions[3]).toContain('Password of admin');
});

it('after a refusal the password alone is blamed, or the password and the code', async () => {
  const server = await startFakeKeycloak((got, index) =>
    got.path.includes('/token')
      ? { status: 401, json: { error: 'invalid_grant', error_description: 'Invalid user credentials' } }
      : withRealms('master')(got, index),
  );
  const ran = await init([server.url, 'admin', 'wrong', '', 'again', '123456', 'once more', '']);
  expect(ran.said).toContain('Keycloak refused the password of admin.');
  expect(ran.said).toContain('Keycloak refused the password or the code of admin.');
  expect(ran.status).toBe(4);
});

it('without a terminal all that is missing is named at once, with a line for a script', async () => {
  const bare = await runMcpkc(['init']);
  expect(bare.status).toBe(2);
  const said = bare.err.replaceAll(/ \\\n\s*|\s+/g, ' ');
  for (const words of ['--server or KC_SERVER', '--realm or KC_REALM', 'an administrator'])
    expect(said).toContain(words);
  expect(said).toContain(
    'mcpkc init --server <url> --realm <name> --admin-user <name> --admin-password-file <file>',
  );
  const named = ['init', '--remove', '--server', 'https://auth.example.com/auth', '--realm', 'tools'];
  const remove = await runMcpkc(named);
  expect(remove.err.replaceAll(/ \\\n\s*|\s+/g, ' ')).toContain(
    'init --realm tools --remove --yes --admin-user admin --admin-password-file /run/secrets/admin',
  );
});

it('an address where nothing listens is asked for again, six times in all', async () => {
  const nowhere = `http://127.0.0.1:${await freePort()}`;
  const ran = await init([nowhere, 'a b', nowhere, nowhere, nowhere, nowhere]);
  expect(ran.io.questions).toHaveLength(6);
  expect(ran.status).toBe(2);
  expect(ran.said).toContain('nothing listens there (connection refused)');
});

it('one sign-in is enough, also through an authority of one’s own: a one-time code works once', async () => {
  const used: string[] = [];
  const realms = withRealms('master', 'tools');
  const server = await startFakeKeycloak((got, index) => {
    const form = new URLSearchParams(got.path.includes('/token') ? got.body : '');
    if (form.get('grant_type') !== 'password') return realms(got, index);
    const code = form.get('totp') ?? '';
    used.push(code);
    const first = code !== '' && used.filter((one) => one === code).length === 1;
    return first
      ? { status: 200, json: { access_token: 'fake-token', refresh_token: 'again', expires_in: 300 } }
      : { status: 401, json: { error: 'invalid_grant', error_description: 'Invalid user credentials' } };
  }, certificates.good);
  const answers = ['admin', 'secret-password', '123456', 'tools', '', 'n', 'n'];
  const env = { MCPKC_CA_FILE: 'ca.pem', KC_SERVER: server.url };
  const ran = await init(answers, { env });
  expect(used).toEqual(['', '123456']);
  expect(ran.said).not.toContain('refused the administrator');
});
