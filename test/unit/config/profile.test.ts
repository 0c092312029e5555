import { describe, expect, it } from 'vitest';
import { loadConfig, requireAccount } from '../../../src/config/load.ts';
import { listProfileNames } from '../../../src/config/profile.ts';
import { McpkcError } from '../../../src/errors.ts';
import { main } from '../../../src/main.ts';
import { type MemoryIoOptions, memoryIo } from '../../support/memory-io.ts';

const FILES = {
  '/xdg/mcpkc/prod/config.json': '{"KC_SERVER": "https://prod.example.com", "KC_REALM": "tools"}',
  '/xdg/mcpkc/prod/.keycloak-env':
    'KC_SERVER=https://prod.example.com\nKC_CLIENT_ID=mcpkc\nKC_CLIENT_SECRET=of-prod\n',
  '/xdg/mcpkc/test/config.json': '{"KC_REALM": "test"}',
  '/xdg/mcpkc/config.json': '{"KC_REALM": "of-no-profile"}',
  // Nobody's profile: no file of one is in it, or its name is a path.
  '/xdg/mcpkc/empty/notes.txt': '',
  '.keycloak-env': 'KC_REALM=here\nKC_CLIENT_ID=here\nKC_CLIENT_SECRET=of-here\n',
  'config.local.json': '{"KC_SERVER": "https://here.example.com"}',
};
const ENV = { XDG_CONFIG_HOME: '/xdg' };

const load = (flags: Record<string, unknown>, options: MemoryIoOptions = {}) =>
  loadConfig(flags, memoryIo({ files: FILES, ...options, env: { ...ENV, ...options.env } }));

async function problemOf(flags: Record<string, unknown>, env: Record<string, string> = {}): Promise<string> {
  const error = await load(flags, { env }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(McpkcError);
  return (error as McpkcError).message;
}

describe('a profile', () => {
  it('is both of its files, and nothing of the current folder', async () => {
    const config = await load({ profile: 'prod' });
    expect([config.profile, config.server, config.realm]).toEqual([
      'prod',
      'https://prod.example.com',
      'tools',
    ]);
    expect(requireAccount(config)).toEqual({ clientId: 'mcpkc', clientSecret: 'of-prod' });
    expect(config.files).toEqual({
      config: '/xdg/mcpkc/prod/config.json',
      credentials: '/xdg/mcpkc/prod/.keycloak-env',
    });
  });

  it('is named by MCPKC_PROFILE too; the flag wins', async () => {
    expect((await load({}, { env: { MCPKC_PROFILE: 'test' } })).realm).toBe('test');
    expect((await load({ profile: 'prod' }, { env: { MCPKC_PROFILE: 'test' } })).realm).toBe('tools');
    expect((await load({}, { env: { MCPKC_PROFILE: '' } })).realm).toBe('here');
  });

  it('takes the place of plain variables, which are named; its own win over its files', async () => {
    const env = { KC_REALM: 'stray', KC_SERVER: 'https://stray.example.com', MCPKC_REQUEST_TIMEOUT: '5s' };
    const config = await load({ profile: 'prod' }, { env });
    expect([config.realm, config.server, config.requestTimeoutMs]).toEqual([
      'tools',
      'https://prod.example.com',
      5000,
    ]);
    expect(config.warnings).toEqual([
      "The profile 'prod' is in use: KC_SERVER, KC_REALM of the environment do not count.",
    ]);
    const own = await load({ profile: 'prod' }, { env: { MCPKC_PROFILE_PROD_KC_REALM: 'other' } });
    expect([own.realm, own.originOf('KC_REALM')]).toEqual([
      'other',
      'environment MCPKC_PROFILE_PROD_KC_REALM',
    ]);
    expect((await load({ profile: 'prod', realm: 'flagged' })).realm).toBe('flagged');
  });

  it('may be of variables alone: CI has no folder', async () => {
    const env = {
      MCPKC_PROFILE_EU_PROD_KC_SERVER: 'https://eu.example.com',
      MCPKC_PROFILE_EU_PROD_KC_REALM: 'eu',
      MCPKC_PROFILE_EU_PROD_KC_CLIENT_ID: 'ci',
      MCPKC_PROFILE_EU_PROD_KC_CLIENT_SECRET: 'of-ci',
    };
    const config = await load({ profile: 'eu-prod' }, { env, files: {} });
    expect([config.server, config.realm, requireAccount(config).clientSecret]).toEqual([
      'https://eu.example.com',
      'eu',
      'of-ci',
    ]);
    expect(await listProfileNames(memoryIo({ files: FILES, env: { ...ENV, ...env } }))).toEqual([
      'eu-prod',
      'prod',
      'test',
    ]);
  });

  it('that isn’t there lists those that are', async () => {
    expect(await problemOf({ profile: 'prdo' })).toContain(
      'flag --profile prdo: there is no such profile; there are: prod, test; the nearest is prod',
    );
    expect(await problemOf({}, { MCPKC_PROFILE: 'empty' })).toContain('environment MCPKC_PROFILE empty');
    expect(await problemOf({ profile: 'prdo', isOfFile: true })).toContain(
      'profile of the file: prdo: there',
    );
  });

  it.each(['../prod', '/xdg/mcpkc/prod', '.', '..', 'a/b', 'a b', ''])(
    'is never a path: %j',
    async (name) => {
      expect(await problemOf({ profile: name })).toContain('a profile’s name has letters');
    },
  );

  it('that is new is written into its own folder', async () => {
    const io = memoryIo({ env: ENV });
    const place = ['--server', 'https://k.example.com', '--realm', 'r'];
    await main(['init', '--profile', 'new', ...place, '--dry-run', '--json'], io);
    expect(io.out()).toContain('"/xdg/mcpkc/new/.keycloak-env"');
    expect(io.out()).toContain('"/xdg/mcpkc/new/config.json"');
  });
});
