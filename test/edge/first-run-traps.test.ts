import { expect, it } from 'vitest';
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

it('a proxy without Keycloak behind it is named by its status, and is no dead end', async () => {
  const gone = await startFakeKeycloak(() => ({ status: 502, text: 'Bad Gateway' }));
  const server = await startFakeKeycloak(withRealms('master'));
  const ran = await init([gone.url, '', server.url, 'admin', 'x']);
  expect(ran.said).toContain('answers (502), but shows no realm master there');
  expect(ran.io.questions[1]).toContain('Use it all the same?');
  expect(gone.got.filter(({ path }) => path.includes('/token'))).toEqual([]);
  expect(server.got.some(({ path }) => path.includes('/token'))).toBe(true);
});

it('a dead HTTP proxy of this machine is named, not Keycloak', async () => {
  const proxy = `http://127.0.0.1:${await freePort()}`;
  const ran = await init(['https://keycloak.example.com', '', '', '', '', ''], {
    env: { HTTPS_PROXY: proxy },
  });
  expect(ran.said).toContain(`The proxy ${proxy} can’t be reached`);
  expect(ran.status).toBe(2);
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
