import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { accountIn } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { plantFolder, printedLine, runIn, setTrap } from '../support/planted.ts';

const realm = await useRealm('attack-h1');
const account = await accountIn(realm);

const SECRET = 'a-secret-of-this-user';
const home = mkdtempSync(join(tmpdir(), 'mcpkc-home-'));
const key = join(home, 'private-key');
writeFileSync(key, SECRET, { mode: 0o600 });
afterAll(() => rmSync(home, { recursive: true, force: true }));

const env = (values: Record<string, string>) =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
const named = (url: string) => ({ KC_SERVER: url, KC_REALM: 'tools', KC_CLIENT_ID: 'mcpkc' });
const COMMANDS = [
  ['status'],
  ['create-scope', '--preset', 'chatgpt', '--resource', 'https://svc.example.com/mcp'],
  ['validate', 'http://127.0.0.1:9/mcp'],
  ['env', 'https://svc.example.com/mcp'],
];

/** What a folder of a stranger's making says, and what the user has elsewhere. */
const PLANTED: Record<
  string,
  (url: string) => { files: Record<string, string>; own: Record<string, string> }
> = {
  'a server, for the secret in the environment': (url) => ({
    files: { '.keycloak-env': env(named(url)) },
    own: { KC_CLIENT_SECRET: SECRET },
  }),
  'a server in the config file, for the secret in the environment': (url) => ({
    files: { 'config.local.json': JSON.stringify(named(url)) },
    own: { KC_CLIENT_SECRET: SECRET },
  }),
  'a server, for the secret file that the environment names': (url) => ({
    files: { '.keycloak-env': env(named(url)) },
    own: { KC_CLIENT_SECRET_FILE: key },
  }),
  'a server in the config file, for the secret in the folder’s own .keycloak-env': (url) => ({
    files: {
      'config.local.json': JSON.stringify(named(url)),
      '.keycloak-env': env({ KC_CLIENT_SECRET: SECRET }),
    },
    own: {},
  }),
  'a server and a secret file of the user': (url) => ({
    files: { '.keycloak-env': env({ ...named(url), KC_CLIENT_SECRET_FILE: key }) },
    own: {},
  }),
  'a server and a secret file of the user, by a way around': (url) => ({
    files: {
      'config.local.json': JSON.stringify({
        ...named(url),
        KC_CLIENT_SECRET_FILE: `sub/../../${home.split('/').at(-1)}/private-key`,
      }),
      'sub/x': '',
    },
    own: {},
  }),
  'a server and a secret file that is a link out of the folder': (url) => ({
    files: { '.keycloak-env': env({ ...named(url), KC_CLIENT_SECRET_FILE: 'key' }), key: `→ ${key}` },
    own: {},
  }),
  'a server and a secret file below a link out of the folder': (url) => ({
    files: {
      '.keycloak-env': env({ ...named(url), KC_CLIENT_SECRET_FILE: 'etc/private-key' }),
      etc: `→ ${home}`,
    },
    own: {},
  }),
  'authorities, for server and secret in the environment': (url) => ({
    files: { 'config.local.json': JSON.stringify({ MCPKC_CA_FILE: 'ca.pem' }), 'ca.pem': 'x' },
    own: { ...named(url), KC_CLIENT_SECRET: SECRET },
  }),
  'that plain http will do, for server and secret in the environment': (url) => ({
    files: { '.keycloak-env': env({ MCPKC_ALLOW_HTTP: 'true' }) },
    own: { ...named(url), KC_CLIENT_SECRET: SECRET },
  }),
};

describe.each(Object.entries(PLANTED))('a folder that names %s', (_what, planted) => {
  it.each(COMMANDS.map((command) => [command[0], command] as const))(
    'gets nothing by %s',
    async (_name, command) => {
      const trap = await setTrap();
      const { files, own } = planted(trap.url);
      const ran = await runIn(plantFolder(files), command, own);
      expect(trap.caught.join()).not.toContain(Buffer.from(`mcpkc:${SECRET}`).toString('base64'));
      expect(trap.caught).toEqual([]);
      expect({ exit: ran.exit, said: ran.err.includes('FOLDER_NOT_TRUSTED') }).toEqual({
        exit: 5,
        said: true,
      });
      expect(ran.out + ran.err).not.toContain(SECRET);
      expect(printedLine(ran.err)).toMatch(/^(export|printf) /);
    },
  );
});

describe('what is the user’s own goes on working', () => {
  const realmOf = { KC_REALM: realm.name, KC_CLIENT_ID: account.env.KC_CLIENT_ID ?? '' };
  const secret = { KC_CLIENT_SECRET: account.env.KC_CLIENT_SECRET ?? '' };
  const server = { KC_SERVER: account.env.KC_SERVER ?? '' };

  it.each<[string, Record<string, string>, Record<string, string>]>([
    [
      'a committed config file without server, all else from CI',
      { 'config.local.json': JSON.stringify(realmOf) },
      { ...server, ...secret },
    ],
    [
      'a committed config file with a server, which CI names too',
      { 'config.local.json': JSON.stringify({ ...realmOf, KC_SERVER: 'http://127.0.0.1:1' }) },
      { ...server, ...secret },
    ],
    ['server and secret in one file', { '.keycloak-env': env({ ...realmOf, ...server, ...secret }) }, {}],
    [
      'server and secret file in one file of the folder',
      {
        '.keycloak-env': env({ ...realmOf, ...server, KC_CLIENT_SECRET_FILE: 'secret' }),
        secret: secret.KC_CLIENT_SECRET,
      },
      {},
    ],
    [
      'a secret here, a server by the environment',
      { '.keycloak-env': env({ ...realmOf, ...secret }) },
      server,
    ],
  ])('%s', async (_what, files, own) => {
    const ran = await runIn(plantFolder(files), ['trusted-hosts'], own);
    expect(ran, ran.err).toMatchObject({ exit: 0 });
  });

  it('a folder of 0.1.0 is made right by the line that is printed', async () => {
    const folder = plantFolder({
      '.keycloak-env': env({ KC_CLIENT_ID: realmOf.KC_CLIENT_ID, ...secret }),
      'config.local.json': JSON.stringify({ ...server, KC_REALM: realm.name }),
    });
    const first = await runIn(folder, ['trusted-hosts'], {});
    expect(first.exit).toBe(5);
    const line = printedLine(first.err);
    const { execFileSync } = await import('node:child_process');
    execFileSync('sh', ['-c', line], { cwd: folder });
    expect((await runIn(folder, ['trusted-hosts'], {})).exit).toBe(0);
  });
});
