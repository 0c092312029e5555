import { beforeAll, describe, expect, inject, it } from 'vitest';
import { COMMANDS } from '../../src/commands/index.ts';
import { type Account, accountIn, expectCli, runCli } from '../support/cli.ts';
import { freePort } from '../support/fake-keycloak.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';

const RESOURCE = 'https://svc.example.com/mcp';
const realm = await useRealm('documents');
let account: Account;

beforeAll(async () => {
  account = await accountIn(realm);
});

/** A command line of each command that reaches its answer in a new realm. */
const LINES: Readonly<Record<string, readonly string[]>> = {
  init: ['--dry-run'],
  'create-scope': ['--resource', RESOURCE, '--dry-run'],
  'trusted-hosts': [],
  status: [],
  onboard: [RESOURCE, '--dry-run'],
  'prune-clients': [],
  env: [RESOURCE],
  runbook: [RESOURCE],
  presets: [],
  explain: ['USAGE'],
  completion: ['bash'],
  validate: ['--list-checks'],
};

/** Commands whose lines above end well without a Keycloak. */
const ALONE = ['env', 'runbook', 'presets', 'explain', 'completion', 'validate'];

describe.each(COMMANDS.map(({ name }) => name))('law 7: %s --json', (name) => {
  const line = [name, ...(LINES[name] ?? []), '--json'];

  it('is in the table of command lines', () => {
    expect(Object.keys(LINES)).toContain(name);
  });

  it('answers with one document', async () => {
    const { adminUser, adminPassword } = inject('keycloak');
    const env = {
      ...account.env,
      KC_BOOTSTRAP_ADMIN_USERNAME: adminUser,
      KC_BOOTSTRAP_ADMIN_PASSWORD: adminPassword,
    };
    const ran = await runCli(line, { env });
    expect([0, 1], ran.err).toContain(ran.exit);
    expect(ran.json).toMatchObject({
      schema: `mcpkc/${name}/v1`,
      ok: ran.exit === 0,
      exitStatus: ran.exit,
    });
    expect(ran.json).toHaveProperty('server');
    expect(ran.json).toHaveProperty('realm');
  });

  it('fails with one document: usage', async () => {
    const ran = await expectCli(2, [...line, '--no-such-option'], { env: account.env });
    expect(ran.json).toMatchObject({ schema: 'mcpkc/error/v1', ok: false, exitStatus: 2, code: 'USAGE' });
    expect(ran.json.message).toContain('--no-such-option');
    expect(ran.json.hint).not.toBe('');
  });
});

const TALKERS = COMMANDS.map(({ name }) => name).filter((name) => !ALONE.includes(name));

describe.each(TALKERS)('law 7: %s --json fails with one document', (name) => {
  const line = [name, ...(LINES[name] ?? []), '--json'];

  it('where the configuration is wrong', async () => {
    const ran = await expectCli(2, line, { env: { ...account.env, KC_SERVER: 'ftp://x' } });
    expect(ran.json).toMatchObject({ schema: 'mcpkc/error/v1', code: 'CONFIG_INVALID', realm: null });
  });

  it('where nothing is configured', async () => {
    const ran = await expectCli(2, line, { env: {} });
    expect(ran.json).toMatchObject({ schema: 'mcpkc/error/v1', code: 'CONFIG_MISSING', realm: null });
  });

  it('where nobody answers', async () => {
    const server = `http://127.0.0.1:${await freePort()}`;
    const env = { ...account.env, KC_SERVER: server, KC_BOOTSTRAP_ADMIN_PASSWORD: 'of-the-administrator' };
    const ran = await expectCli(3, line, { env, clock: 'virtual' });
    expect(ran.json).toMatchObject({ schema: 'mcpkc/error/v1', code: 'KEYCLOAK_UNREACHABLE', server });
  });
});
