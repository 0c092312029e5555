import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { loadConfig, requireAccount } from '../../../src/config/load.ts';
import { parsePrivateKey } from '../../../src/config/private-key.ts';
import { type MemoryIoOptions, memoryIo } from '../../support/memory-io.ts';

const load = (options: MemoryIoOptions, flags: Record<string, unknown> = {}) =>
  loadConfig(flags, memoryIo(options));
const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
const PEM = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pkcs8).toString();
const BODY = PEM.split('\n')[1] ?? '';
const account = { KC_REALM: 'mcp', KC_CLIENT_ID: 'c' };

it('a key file is the account’s proof, looked for beside the file that names it', async () => {
  const files = { 'etc/my.env': 'KC_CLIENT_KEY_FILE=k\n', 'etc/k': { text: PEM, mode: 0o600 } };
  const config = await load({ files, env: account }, { credentials: 'etc/my.env' });
  expect(requireAccount(config)).toEqual({ clientId: 'c', clientKey: PEM });
  expect(config).toMatchObject({ clientKeyFile: 'etc/k', warnings: [] });
  expect(JSON.stringify({ ...config }) + inspect(config, { depth: 9 })).not.toContain(BODY);
});

it.each([
  ['P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'ES256'],
  ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'ES384'],
  ['P-521', generateKeyPairSync('ec', { namedCurve: 'P-521' }), 'ES512'],
  ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }), 'PS256'],
  ['Ed25519', generateKeyPairSync('ed25519'), 'EdDSA'],
])('%s signs', (_name, { privateKey }, algorithm) => {
  expect(parsePrivateKey(privateKey.export(pkcs8).toString()).algorithm).toBe(algorithm);
});

const locked = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'hunter2' })
  .toString();
const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export(pkcs8).toString();
const publicPart = generateKeyPairSync('ed25519')
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString();

it.each([
  [{}, 'there is no file k'],
  [{ k: '\n' }, 'the file k is empty'],
  [{ k: 'hunter2' }, 'it holds no private key in PEM'],
  [{ k: publicPart }, 'it holds no private key in PEM'],
  [{ k: locked }, 'the key in it has a passphrase'],
  [{ k: short }, 'its key is none to sign with'],
  [{ k: Object.assign(new Error('hunter2'), { code: 'EACCES' }) }, 'the file can’t be read (EACCES)'],
])('%#: a file that is no good is a problem of its key', async (files, problem) => {
  const failure = load({ files, env: { KC_CLIENT_KEY_FILE: 'k' } });
  await expect(failure).rejects.toThrow(`KC_CLIENT_KEY_FILE: ${problem}`);
  await expect(failure).rejects.not.toThrow('hunter2');
});

it('init alone may find no key file, since it makes one', async () => {
  const io = memoryIo({ env: { KC_CLIENT_KEY_FILE: 'k' } });
  expect((await loadConfig({}, io, { newFiles: true })).clientKey).toBeUndefined();
});

it('a key that others can read is warned of', async () => {
  const files = { k: { text: PEM, mode: 0o644 } };
  const { warnings } = await load({ files, env: { KC_CLIENT_KEY_FILE: 'k' } });
  expect(warnings).toEqual(['k holds a private key and others can read it (mode 644). Run: chmod 600 k']);
});

it('beside a secret on the same level it is a contradiction; a higher level wins', async () => {
  const files = {
    '.keycloak-env': { text: 'KC_CLIENT_SECRET=s\nKC_CLIENT_KEY_FILE=k\n', mode: 0o600 },
    k: PEM,
  };
  await expect(load({ files })).rejects.toThrow(
    'KC_CLIENT_SECRET and KC_CLIENT_KEY_FILE: only one of them may be set (file .keycloak-env line 1, file .keycloak-env line 2)',
  );
  const { clientSecret, clientKey } = await load({ files, env: { KC_CLIENT_SECRET: 'high' } });
  expect({ clientSecret, clientKey }).toEqual({ clientSecret: 'high', clientKey: undefined });
});

it('a planted file makes nobody’s key sign for its server', async () => {
  const planted = { text: 'KC_SERVER=https://evil.example\nKC_CLIENT_KEY_FILE=/home/me/.key\n', mode: 0o600 };
  const files = { '.keycloak-env': planted, '/home/me/.key': { text: PEM, mode: 0o600 } };
  const config = await load({ files, env: account });
  expect(() => requireAccount(config)).toThrow(
    /^A signature by the key of KC_CLIENT_KEY_FILE .*is not sent to/,
  );
  expect(config.clientKey).toBeUndefined();
});
