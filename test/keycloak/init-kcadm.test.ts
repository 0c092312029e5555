import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { EVENT_TYPES } from '../../src/realm/events.ts';
import { WORKING_ROLES } from '../../src/realm/roles.ts';
import { findDistribution } from '../../tools/keycloak/distribution.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import { runMcpkc } from '../support/run-mcpkc.ts';

const server = inject('keycloak');
const realm = await useRealm("init kcadm's");
const admin = {
  KC_BOOTSTRAP_ADMIN_USERNAME: server.adminUser,
  KC_BOOTSTRAP_ADMIN_PASSWORD: server.adminPassword,
};
const place = ['--server', server.url, '--realm', realm.name];

let folder: string;
let kcadm: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcpkc-kcadm-'));
  const { home } = await findDistribution();
  kcadm = join(home, 'bin');
}, 240_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs lines as a person pastes them, with kcadm.sh on the PATH and its own settings in a folder of the test. */
async function paste(lines: readonly string[]): Promise<void> {
  const script = join(folder, 'lines.sh');
  await writeFile(script, `set -e\n${lines.join('\n')}\n`);
  await chmod(script, 0o700);
  const env = {
    ...process.env,
    PATH: `${kcadm}:${process.env.PATH}`,
    // kcadm starts a Java each time: its quickest start counts, not its speed.
    KC_OPTS: `-Duser.home=${folder} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC`,
    KC_CLI_PASSWORD: server.adminPassword,
  };
  await promisify(execFile)('/bin/sh', [script], { cwd: folder, env, timeout: 400_000 });
}

async function envFiles(): Promise<Record<string, string>> {
  const names = ['.keycloak-env', 'config.local.json'];
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)),
  );
}

describe('the lines of --dry-run', () => {
  it('pasted, do what init does: from nothing, without mcpkc knowing an administrator', async () => {
    const dry = await runMcpkc(['init', ...place, '--dry-run', '--events', '30d', '--json'], {
      env: { KC_BOOTSTRAP_ADMIN_USERNAME: server.adminUser, KC_CLIENT_ID: 'an account' },
    });
    await paste(dry.document().kcadm as string[]);
    expect((await stat(join(folder, '.keycloak-env'))).mode & 0o777).toBe(0o600);
    const files = await envFiles();
    const next = await runMcpkc(['trusted-hosts', '--add', 'kcadm.example.com'], { files });
    expect(next.status, next.err).toBe(0);
    const seen = await runMcpkc(['init', ...place, '--dry-run', '--events', '30d', '--json'], {
      env: admin,
      files,
    });
    expect(seen.document()).toMatchObject({
      exitStatus: 0,
      changes: [],
      account: { roles: WORKING_ROLES, excess: [] },
      files: [{ action: 'none' }, { action: 'none' }],
    });
    const config = await realm.admin.get<{ enabledEventTypes: string[] }>(realm.path('events/config'));
    expect(config.enabledEventTypes).toEqual(
      expect.arrayContaining([...EVENT_TYPES, 'LOGOUT', 'UPDATE_TOTP']),
    );
  }, 450_000);

  it('pasted, repair: scopes, roles, settings, secret; what else the files hold stays', async () => {
    const files = await envFiles();
    await writeFile(
      join(folder, '.keycloak-env'),
      `ALLOWED_ORIGINS=https://a.example\n${files['.keycloak-env']}`,
    );
    const [account] = await realm.admin.get<{ id: string }[]>(realm.path('clients?clientId=an%20account'));
    const attributes = { 'mcpkc.mode': 'standing' };
    const scope = { name: 'mcp.a-b', protocol: 'openid-connect', attributes };
    const { id } = await realm.admin.post(realm.path('client-scopes'), scope);
    await realm.admin.put(realm.path(`clients/${account?.id}/optional-client-scopes/${id}`));
    await realm.admin.put(realm.path(`clients/${account?.id}`), {
      serviceAccountsEnabled: false,
      enabled: false,
      fullScopeAllowed: true,
    });
    const flags = ['--rotate-secret', '--exact', '--dry-run', '--json'];
    const now = await envFiles();
    const dry = await runMcpkc(['init', ...place, ...flags], { env: admin, files: now });
    expect(dry.status).toBe(1);
    await paste(dry.document().kcadm as string[]);
    const after = await envFiles();
    expect(after['.keycloak-env']).toContain('ALLOWED_ORIGINS=https://a.example');
    expect(after['.keycloak-env']).not.toContain(files['.keycloak-env']);
    const seen = await runMcpkc(['init', ...place, '--exact', '--dry-run', '--json'], {
      env: admin,
      files: after,
    });
    expect(seen.document()).toMatchObject({ exitStatus: 0, changes: [] });
    const next = await runMcpkc(['trusted-hosts'], { files: after });
    expect({ status: next.status, err: next.err }).toEqual({ status: 0, err: '' });
  }, 450_000);

  it('hold no secret', async () => {
    const files = await envFiles();
    const flags = ['--rotate-secret', '--dry-run'];
    const { status, out, err } = await runMcpkc(['init', ...place, ...flags], { env: admin, files });
    expect({ status, err }).toEqual({ status: 1, err: '' });
    const secret = /KC_CLIENT_SECRET=(\S+)/.exec(files['.keycloak-env'] ?? '')?.[1] ?? '';
    expect(secret.length).toBeGreaterThan(20);
    expect(`${out}${err}`).not.toContain(secret);
  });

  it('pasted, give the account a key instead of its secret, by openssl', async () => {
    const dry = await runMcpkc(['init', ...place, '--key', '--dry-run', '--json'], {
      env: admin,
      files: await envFiles(),
    });
    await paste(dry.document().kcadm as string[]);
    const key = join(folder, '.keycloak-env.key');
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    const written = await envFiles();
    expect(written['.keycloak-env']).not.toContain('KC_CLIENT_SECRET');
    const files = {
      ...written,
      '.keycloak-env.key': { text: await readFile(key, 'utf8'), mode: 0o600 },
    };
    const now = Date.now();
    const seen = await runMcpkc(['init', ...place, '--dry-run', '--json'], { env: admin, files, now });
    expect(seen.document()).toMatchObject({ exitStatus: 0, changes: [] });
    const next = await runMcpkc(['trusted-hosts'], { files, now });
    expect({ status: next.status, err: next.err }).toEqual({ status: 0, err: '' });
  }, 450_000);
});
