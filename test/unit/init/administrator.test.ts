import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/cli/command.ts';
import { chooseAdministrator } from '../../../src/commands/init/administrator.ts';
import type { InitOptions } from '../../../src/commands/init/command.ts';
import type { Config } from '../../../src/config/load.ts';
import { type MemoryIoOptions, memoryIo } from '../../support/memory-io.ts';

const CONFIG = {
  server: 'http://127.0.0.1:1/auth',
  allowHttp: false,
  refusals: { account: undefined, administrator: undefined },
  originOf: (_key: string) => 'flag --server',
} as Config;

function choose(flags: Partial<InitOptions>, options: MemoryIoOptions = {}) {
  const io = memoryIo(options);
  const context = {
    io,
    settings: { input: options.terminal === true },
    voice: { warn() {}, note() {} },
    signal: new AbortController().signal,
  };
  return chooseAdministrator(
    context as unknown as Context,
    CONFIG,
    { adminRealm: 'master', ...flags },
    async () => {},
  );
}

const PASSWORD = { KC_BOOTSTRAP_ADMIN_PASSWORD: 'p' };
const CLIENT = { KC_BOOTSTRAP_ADMIN_CLIENT_SECRET: 's' };

describe('which administrator signs in', () => {
  it.each([
    ['nobody', {}, {}, undefined],
    ['Keycloak’s own first name', {}, PASSWORD, { kind: 'password', name: 'temp-admin', password: 'p' }],
    [
      'the name beside the password',
      {},
      { ...PASSWORD, KC_BOOTSTRAP_ADMIN_USERNAME: 'root' },
      { kind: 'password', name: 'root', password: 'p' },
    ],
    [
      'the flag before the variable',
      { adminUser: 'anna' },
      { ...PASSWORD, ...CLIENT, KC_BOOTSTRAP_ADMIN_USERNAME: 'root' },
      { kind: 'password', name: 'anna', password: 'p' },
    ],
    [
      'a file before the variable',
      { adminPasswordFile: 'f' },
      PASSWORD,
      { kind: 'password', name: 'admin', password: 'from file ' },
    ],
    ['a token before all', { adminTokenFile: 'f' }, PASSWORD, { kind: 'token', token: 'from file ' }],
    ['the service client', {}, CLIENT, { kind: 'client', clientId: 'temp-admin', secret: 's' }],
  ])('%s', async (_what, flags, env, expected) => {
    const chosen = await choose(flags, { env, files: { f: 'from file \r\n' } });
    expect(chosen).toEqual(expected === undefined ? undefined : { realm: 'master', ...expected });
  });

  it('--admin-realm says where', async () => {
    expect(await choose({ adminRealm: 'r' }, { env: PASSWORD })).toMatchObject({ realm: 'r' });
  });

  it('a user that is named is asked for, not the service client; without a terminal a password is missing', async () => {
    await expect(choose({ adminUser: 'anna' }, { env: CLIENT })).rejects.toMatchObject({
      code: 'CONFIG_MISSING',
      message: expect.stringMatching(/'anna' is named, but there is no password/),
      fix: expect.stringContaining('--admin-password-file'),
    });
  });

  it('an empty answer to the name means admin; an empty password is asked for again, three times in all', async () => {
    const asked = await choose({}, { terminal: true, answers: ['', 'p'] });
    expect(asked).toMatchObject({ name: 'admin', password: 'p' });
    const again = await choose({}, { terminal: true, answers: ['anna', '', '', 'p'] });
    expect(again).toMatchObject({ name: 'anna', password: 'p' });
    await expect(choose({}, { terminal: true, answers: ['anna', '', '', ''] })).rejects.toMatchObject({
      code: 'CONFIG_MISSING',
      message: expect.stringContaining('there is no password'),
    });
  });

  it('--dry-run asks nobody who didn’t say that he wants to be asked', async () => {
    expect(await choose({ dryRun: true }, { terminal: true })).toBe(undefined);
    const asked = await choose({ dryRun: true, adminUser: 'anna' }, { terminal: true, answers: ['p'] });
    expect(asked).toMatchObject({ name: 'anna' });
  });

  it('a plan to remove everything is read from the realm, so it asks', async () => {
    const flags = { dryRun: true, remove: true } as const;
    expect(await choose(flags, { terminal: true, answers: ['anna', 'p'] })).toMatchObject({ name: 'anna' });
  });
});
