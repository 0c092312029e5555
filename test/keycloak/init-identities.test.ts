import { createHmac } from 'node:crypto';
import { expect, inject, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { createServiceAccount, grantRoles } from '../support/keycloak/service-account.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { since } from '../support/keycloak/version.ts';
import type { MemoryIoOptions } from '../support/memory-io.ts';
import { runMcpkc } from '../support/run-mcpkc.ts';

const server = inject('keycloak');
const realm = await useRealm('identities');
/** Up to 26.5.0 no administrator of the realm itself can do this. */
const OWN_ADMINS = since(26, 5, 6);
const KEY = 'GEZDGNBVGY3TQOJQ';
const PASSWORD = 'a password of one’s own';
let made = 0;

/** RFC 6238 with Keycloak's defaults: SHA-1, 30 s, six digits. */
function oneTimeCode(): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac('sha1', Buffer.from(KEY)).update(counter).digest();
  const number = mac.readUInt32BE((mac[19] ?? 0) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

async function administrator(more: Record<string, unknown> = {}, otp = false): Promise<string> {
  const { id, username } = await realm.createUser({ password: PASSWORD, ...more });
  await grantRoles(realm, id, ['realm-admin']);
  if (!otp) return username;
  await realm.admin.put(realm.path(`users/${id}`), {
    username,
    credentials: [
      { type: 'password', value: PASSWORD, temporary: false },
      {
        type: 'otp',
        secretData: JSON.stringify({ value: KEY }),
        credentialData: JSON.stringify({
          subType: 'totp',
          digits: 6,
          counter: 0,
          period: 30,
          algorithm: 'HmacSHA1',
        }),
      },
    ],
  });
  return username;
}

function init(user: string, options: MemoryIoOptions, ...more: string[]) {
  made += 1;
  const words = ['--server', server.url, '--realm', realm.name, '--admin-realm', realm.name];
  const env = { KC_CLIENT_ID: `identity-${made}`, ...options.env };
  return runMcpkc(['init', ...words, '--admin-user', user, ...more], { ...options, env });
}

it.runIf(OWN_ADMINS)('an administrator with an authenticator is asked for a one-time code', async () => {
  const user = await administrator({}, true);
  const ran = await init(user, { terminal: true, answers: [PASSWORD, oneTimeCode()] }, '--yes');
  expect({ status: ran.status, asked: ran.io.questions.length }, ran.err).toEqual({ status: 0, asked: 2 });
  expect(ran.io.questions[1]).toContain('One-time code');
  expect(ran.io.everything()).not.toContain(PASSWORD);
});

it('a mistyped password may be typed three times', async () => {
  const user = await administrator();
  const right = await init(
    user,
    { terminal: true, answers: ['wrong', '', 'wrong too', '', PASSWORD] },
    '--dry-run',
  );
  expect(right.io.questions.filter((one) => one.startsWith('Password'))).toHaveLength(3);
  expect([0, 1]).toContain(right.status);
  const wrong = await init(user, { terminal: true, answers: ['a', '', 'b', '', 'c', '', 'd'] });
  expect({ status: wrong.status, asked: wrong.io.questions.length }).toEqual({ status: 4, asked: 6 });
});

it('a password from a file is tried once, and the way for passkeys is said', async () => {
  const user = await administrator();
  const ran = await init(user, { files: { pw: 'wrong' } }, '--admin-password-file', 'pw', '--json');
  expect(ran.status).toBe(4);
  expect(ran.document()).toMatchObject({
    code: 'ADMIN_LOGIN_FAILED',
    fix: expect.stringContaining('kc.sh bootstrap-admin service'),
  });
});

it('a pending change of the password is named', async () => {
  const user = await administrator({ requiredActions: ['UPDATE_PASSWORD'] });
  const ran = await init(user, { terminal: true, answers: [PASSWORD] }, '--json');
  expect(ran.status).toBe(4);
  expect(ran.document()).toMatchObject({
    code: 'ADMIN_LOGIN_FAILED',
    message: expect.stringContaining('changing a temporary password'),
    fix: expect.stringContaining('Sign in once in a browser'),
  });
});

it('a password comes from standard input', async () => {
  const user = await administrator();
  const piped = await init(
    user,
    { files: { '/dev/stdin': `${PASSWORD}\n` } },
    '--admin-password-file',
    '-',
    '--dry-run',
  );
  expect([0, 1], piped.err).toContain(piped.status);
  const typed = await init(user, { terminal: true }, '--admin-password-file', '-');
  expect(typed).toMatchObject({ status: 2, err: expect.stringContaining('standard input is a terminal') });
});

it.each([
  ['dpop.bound.access.tokens', 'DPoP'],
  ['tls.client.certificate.bound.access.tokens', 'a certificate'],
])('an account held to %s is told so', async (attribute, words) => {
  const account = await createServiceAccount(realm, `held-${words.at(-1)}`, ['view-clients']);
  await realm.admin.put(realm.path(`clients/${account.id}`), {
    clientId: account.clientId,
    attributes: { [attribute]: 'true' },
  });
  const env = {
    KC_SERVER: server.url,
    KC_REALM: realm.name,
    KC_CLIENT_ID: account.clientId,
    KC_CLIENT_SECRET: account.secret,
  };
  const ran = await runCli(['status', '--json'], { env });
  expect(ran.exit).toBe(4);
  expect(ran.json).toMatchObject({ code: 'NOT_AUTHORISED', message: expect.stringContaining(words) });
});
