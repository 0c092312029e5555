import { createHmac } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { adminOf } from '../../tools/keycloak/admin.ts';
import { freePort } from '../../tools/keycloak/ports.ts';
import { type RunningKeycloak, startKeycloak } from '../../tools/keycloak/server.ts';
import { replay } from '../products/replay.ts';
import { makeCertificates } from '../support/certificates.ts';
import { type GoodHost, startGoodHost } from '../support/hosts/good.ts';
import { type RealmUser, realmNamed } from '../support/keycloak/realm.ts';
import { startNginx } from '../support/nginx.ts';
import { startPostgres } from '../support/postgres.ts';
import { type OperatorFolder, operatorFolder } from '../support/shell.ts';
import { inTerminal, plain, type Terminal } from '../support/terminal.ts';

const REALM = 'Größe Süd';
const ADMIN = { name: 'chief', password: 'a password of one’s own', key: 'GEZDGNBVGY3TQOJQ' };

const running: { stop(): Promise<unknown> }[] = [];
const certificates = makeCertificates();
let folder: OperatorFolder;
let host: GoodHost;
/** Somebody who connects. */
let person: RealmUser;
let server: string;

/** RFC 6238 with Keycloak's defaults. */
function oneTimeCode(): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac('sha1', Buffer.from(ADMIN.key)).update(counter).digest();
  return String((mac.readUInt32BE((mac[19] ?? 0) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** An administrator with an authenticator, and a realm that takes TLS alone; so does master. */
async function prepare(keycloak: RunningKeycloak): Promise<void> {
  const admin = adminOf(keycloak);
  const { id } = await admin.post('/realms/master/users', {
    username: ADMIN.name,
    enabled: true,
    email: 'chief@example.test',
    emailVerified: true,
    firstName: 'C',
    lastName: 'Hief',
    credentials: [
      { type: 'password', value: ADMIN.password, temporary: false },
      {
        type: 'otp',
        secretData: JSON.stringify({ value: ADMIN.key }),
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
  const role = await admin.get('/realms/master/roles/admin');
  await admin.post(`/realms/master/users/${id}/role-mappings/realm`, [role]);
  await admin.post('/realms', { realm: REALM, enabled: true, sslRequired: 'all' });
  person = await realmNamed(admin, REALM).createUser();
  await admin.put('/realms/master', { sslRequired: 'all' });
}

beforeAll(async () => {
  const database = await startPostgres();
  running.push(database);
  const port = await freePort();
  server = `https://127.0.0.1:${port}/auth`;
  const keycloak = await startKeycloak({
    mode: 'start',
    buildArgs: ['--db=postgres', '--cache=local'],
    keepBuild: true,
    extraArgs: [
      ...database.keycloakArgs,
      '--http-enabled=true',
      '--proxy-headers=xforwarded',
      `--hostname=${server}`,
    ],
  });
  running.push(keycloak);
  const { origin } = new URL(keycloak.url);
  running.push(
    await startNginx(
      () => `location / { proxy_pass ${origin}; proxy_http_version 1.1; proxy_set_header Connection "";
        proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto https;
        proxy_set_header X-Forwarded-Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;
        proxy_buffer_size 32k; proxy_buffers 8 32k; }`,
      { port, tls: { certificate: certificates.good.cert, key: certificates.good.key } },
    ),
  );
  await prepare(keycloak);
  // The MCP server of the test trusts the company's authority; mcpkc, in processes of its own, doesn't.
  setDefaultCACertificates([...getCACertificates('default'), certificates.ca]);
  host = await startGoodHost({
    issuer: `${server}/realms/${encodeURIComponent(REALM)}`,
    scope: 'mcp-resource',
  });
  running.push(host);
  folder = await operatorFolder({});
  // init is to make it.
  rmSync(join(folder.path, '.keycloak-env'));
  writeFileSync(join(folder.path, 'ca.pem'), certificates.ca);
}, 400_000);

afterAll(async () => {
  await folder?.remove();
  for (const one of running.reverse()) await one.stop();
}, 60_000);

/** The command lines that a screen shows, put together where they were broken. */
function printed(screen: string): string[] {
  const whole = plain(screen).replaceAll(/\\\r?\n\s*/g, '');
  return [...whole.matchAll(/(?:^ *|: )(mcpkc .*)$/gm)].map(([, line]) => (line ?? '').trim());
}

/** Runs a command line at a terminal, and answers its questions in their order. */
async function answered(
  line: string,
  questions: readonly (readonly [question: RegExp, answer: () => string])[],
): Promise<Terminal> {
  const env = { PATH: `${folder.path}:/usr/bin:/bin`, HOME: folder.path, TERM: 'xterm' };
  const terminal = inTerminal(['/bin/sh', '-c', line], { columns: 100, cwd: folder.path, env });
  for (const [question, answer] of questions) {
    await terminal.until(question);
    // A person is slower than the terminal's change to hidden input.
    await sleep(500);
    terminal.type(`${answer()}\n`);
  }
  return terminal;
}

it('a company: from init to a green validate with the commands that are printed and nothing else', async () => {
  const words = `init --server ${server} --realm '${REALM}' --ca-file ca.pem --admin-user ${ADMIN.name}`;
  const init = await answered(`mcpkc ${words}`, [
    [/Password of chief/, () => ADMIN.password],
    [/One-time code of chief/, oneTimeCode],
    [/URL of the MCP server/, () => host.url],
    [/Store these events, for how long\?/, () => ''],
    [/\[y\/N\]/, () => 'y'],
  ]);
  expect(await init.ended, init.plain()).toBe(0);

  const next = printed(init.shown()).find((line) => line.includes('onboard'));
  expect(next, init.plain()).toBeDefined();
  const onboard = await answered(next ?? '', [[/\[y\/N\]/, () => 'y']]);
  await onboard.until(/Waiting for a connector of/);
  const connected = await replay('chatgpt', { user: person }, host);
  expect(connected, JSON.stringify(connected)).toMatchObject({ ok: true });
  expect(await onboard.ended, onboard.plain()).toBe(0);

  const validate = printed(onboard.shown()).find((line) => line.includes('validate'));
  expect(validate, onboard.plain()).toBeDefined();
  const validated = await folder.run(validate ?? '');
  expect(validated, `${validate}\n${validated.out}\n${validated.err}`).toMatchObject({ exit: 0 });

  const status = await folder.run('mcpkc status --json');
  const { findings } = JSON.parse(status.out) as { findings: { code: string; severity: string }[] };
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
}, 600_000);
