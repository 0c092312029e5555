import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/commands/index.ts';
import { FILES, LINES } from '../cli/lines.ts';
import { expectCli } from '../support/cli.ts';
import { envFor, freePort } from '../support/fake-keycloak.ts';

const ACCOUNT = envFor('http://127.0.0.1:9');

/** Commands whose lines above end well without a Keycloak. */
const ALONE = ['env', 'runbook', 'presets', 'explain', 'completion', 'validate'];

describe.each(COMMANDS.map(({ name }) => name))('law 7: %s --json', (name) => {
  const line = [name, ...(LINES[name] ?? []), '--json'];

  it('is in the table of command lines', () => {
    expect(Object.keys(LINES)).toContain(name);
  });

  it('fails with one document: usage', async () => {
    const ran = await expectCli(2, [...line, '--no-such-option'], { env: ACCOUNT });
    expect(ran.json).toMatchObject({ schema: 'mcpkc/error/v1', ok: false, exitStatus: 2, code: 'USAGE' });
    expect(ran.json.message).toContain('--no-such-option');
    expect(ran.json.fix).not.toBe('');
  });
});

const TALKERS = COMMANDS.map(({ name }) => name).filter((name) => !ALONE.includes(name));

describe.each(TALKERS)('law 7: %s --json fails with one document', (name) => {
  const line = [name, ...(LINES[name] ?? []), '--json'];

  it('where the configuration is wrong', async () => {
    const ran = await expectCli(2, line, { env: { ...ACCOUNT, KC_SERVER: 'ftp://x' }, files: FILES });
    expect(ran.json).toMatchObject({ schema: 'mcpkc/error/v1', code: 'CONFIG_INVALID', realm: null });
  });

  it('where nothing is configured', async () => {
    const ran = await expectCli(2, line, { env: {}, files: FILES });
    expect(ran.json).toMatchObject({ schema: 'mcpkc/error/v1', code: 'CONFIG_MISSING', realm: null });
  });

  it('where nobody answers', async () => {
    const server = `http://127.0.0.1:${await freePort()}`;
    const env = { ...ACCOUNT, KC_SERVER: server, KC_BOOTSTRAP_ADMIN_PASSWORD: 'of-the-administrator' };
    const ran = await expectCli(3, line, { env, files: FILES, clock: 'virtual' });
    expect(ran.json).toMatchObject({ schema: 'mcpkc/error/v1', code: 'KEYCLOAK_UNREACHABLE', server });
  });
});
