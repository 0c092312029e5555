import { describe, expect, inject, it } from 'vitest';
import { expectCli } from '../support/cli.ts';
import { useRealm } from '../support/keycloak/useRealm.ts';
import type { MemoryIoOptions } from '../support/memory-io.ts';
import { envValue, filesOf, fileText, type Ran, runMcpkc } from '../support/run-mcpkc.ts';

const server = inject('keycloak');
const realm = await useRealm('init key');
const place = ['--server', server.url, '--realm', realm.name];
const admin = {
  KC_BOOTSTRAP_ADMIN_USERNAME: server.adminUser,
  KC_BOOTSTRAP_ADMIN_PASSWORD: server.adminPassword,
};
type Files = NonNullable<MemoryIoOptions['files']>;

const init = (clientId: string, argv: readonly string[] = [], files: Files = {}) =>
  runMcpkc(['init', ...place, ...argv], {
    env: { ...admin, KC_CLIENT_ID: clientId },
    files,
    now: Date.now(),
  });
/** A command with what a run left on this machine, and nothing else. */
const run = (argv: readonly string[], files: Files, now = Date.now()) => runMcpkc(argv, { files, now });

async function clientNamed(clientId: string) {
  type Found = { id: string; clientAuthenticatorType: string; attributes: Record<string, string> };
  const [found] = await realm.admin.get<Found[]>(realm.path(`clients?clientId=${clientId}`));
  if (!found) throw new Error(`no client ${clientId}`);
  return found;
}

const keyOf = (ran: Ran) => fileText(ran, '.keycloak-env.key');
const changesOf = (ran: Ran) =>
  (ran.document().changes as { kind: string; after: Record<string, unknown> | null }[]).map(
    ({ kind, after }) => [kind, Object.keys(after ?? {}).join()],
  );
const errorOf = (ran: Ran) => ran.document().code;

describe('init --key', () => {
  it('makes an account that every command works with, without any secret on this machine', async () => {
    const made = await init('keyed', ['--key', '--json']);
    expect({ status: made.status, err: made.err }).toEqual({ status: 0, err: '' });
    expect(keyOf(made)).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(made.io.disk.get('/here/.keycloak-env.key')).toMatchObject({ mode: 0o600 });
    expect(envValue(made, 'KC_CLIENT_KEY_FILE')).toBe('.keycloak-env.key');
    expect(fileText(made, '.keycloak-env')).not.toContain('KC_CLIENT_SECRET');
    expect(await clientNamed('keyed')).toMatchObject({ clientAuthenticatorType: 'client-jwt' });
    const body = keyOf(made).split('\n')[1] ?? '';
    expect(`${made.out}${made.err}`).not.toContain(body);

    const files = filesOf(made);
    // By a real clock: where time goes on as the program sleeps, what its key signs is soon from the future.
    await expectCli(
      0,
      ['create-scope', '--preset', 'chatgpt', '--resource', 'https://key.example.com/mcp', '--json'],
      { files },
    );
    const status = await run(['status', '--resource', 'https://key.example.com/mcp', '--json'], files);
    expect(status.document()).toMatchObject({ realm: realm.name });
    expect(JSON.stringify(status.document())).not.toMatch(/NOT_SEALED|"error":/);
    for (const flag of [['--key'], []]) {
      const again = await init('keyed', [...flag, '--dry-run', '--json'], files);
      expect({ status: again.status, changes: changesOf(again) }).toEqual({ status: 0, changes: [] });
    }
  });

  it('names the clock where a signature comes from another time', async () => {
    const made = await init('clock', ['--key']);
    for (const [offset, message] of [
      [-120_000, 'not active'],
      [120_000, 'in the future'],
    ] as const) {
      const off = await run(['trusted-hosts', '--json'], filesOf(made), Date.now() + offset);
      expect(off.document()).toMatchObject({
        code: 'KEYCLOAK_ERROR',
        message: expect.stringContaining(message),
        fix: expect.stringContaining('clock'),
      });
    }
  });

  it('behind a fixed hostname signs for the name that Keycloak has, not for the address that is asked', async () => {
    const made = await init('named', ['--key']);
    const { attributes } = await realm.admin.get<{ attributes: Record<string, string> }>(realm.path(''));
    const frontendUrl = 'https://auth.example.com/auth';
    await realm.admin.put(realm.path(''), { attributes: { ...attributes, frontendUrl } });
    try {
      const hosts = await run(['trusted-hosts', '--json'], filesOf(made));
      expect({ status: hosts.status, err: hosts.err }).toEqual({ status: 0, err: '' });
    } finally {
      await realm.admin.put(realm.path(''), { attributes: { ...attributes, frontendUrl: '' } });
    }
  });

  it('--rotate-secret makes a new key; the old one is refused at once, and the error says what to do', async () => {
    const made = await init('rotated', ['--key']);
    const next = await init('rotated', ['--rotate-secret', '--force', '--json'], filesOf(made));
    expect({ status: next.status, changes: changesOf(next) }).toEqual({
      status: 0,
      changes: [['service-account', 'key']],
    });
    expect(keyOf(next)).not.toBe(keyOf(made));
    expect((await run(['trusted-hosts', '--json'], filesOf(next))).status).toBe(0);
    const old = await run(['trusted-hosts', '--json'], filesOf(made));
    expect({ status: old.status, code: errorOf(old) }).toEqual({ status: 4, code: 'WRONG_SECRET' });
    expect(old.document()).toMatchObject({ fix: expect.stringContaining('init --rotate-secret') });
    expect((await run(['trusted-hosts', '--json'], filesOf(next))).status).toBe(0);
  });

  it('replaces a secret, which is dead then; --no-key goes back, and then the key is dead', async () => {
    const secret = await init('changed');
    const keyed = await init('changed', ['--key', '--force', '--json'], filesOf(secret));
    expect({ status: keyed.status, err: keyed.err, changes: changesOf(keyed) }).toEqual({
      status: 0,
      err: '',
      changes: [
        ['service-account', 'clientAuthenticatorType'],
        ['service-account', 'key'],
      ],
    });
    const bySecret = await run(['trusted-hosts', '--json'], filesOf(secret));
    expect({ status: bySecret.status, code: errorOf(bySecret) }).toEqual({ status: 4, code: 'WRONG_SECRET' });
    expect(bySecret.document()).toMatchObject({ fix: expect.stringContaining('--no-key') });

    const back = await init('changed', ['--no-key', '--force', '--json'], filesOf(keyed));
    expect({ status: back.status, err: back.err, changes: changesOf(back) }).toEqual({
      status: 0,
      err: '',
      changes: [
        ['service-account', 'clientAuthenticatorType'],
        ['service-account', 'secret'],
      ],
    });
    expect(fileText(back, '.keycloak-env')).not.toContain('KC_CLIENT_KEY_FILE');
    expect(envValue(back, 'KC_CLIENT_SECRET')).not.toBe(envValue(secret, 'KC_CLIENT_SECRET'));
    expect((await clientNamed('changed')).attributes['jwks.string']).toBeUndefined();
    expect((await run(['trusted-hosts', '--json'], filesOf(back))).status).toBe(0);
    const byKey = await run(['trusted-hosts', '--json'], filesOf(keyed));
    expect({ status: byKey.status, code: errorOf(byKey) }).toEqual({ status: 4, code: 'ACCOUNT_NOT_FOUND' });
    const again = await init('changed', ['--dry-run', '--json'], filesOf(back));
    expect({ status: again.status, changes: changesOf(again) }).toEqual({ status: 0, changes: [] });
  });

  it('ends no key that is in use elsewhere without consent', async () => {
    const made = await init('elsewhere', ['--key']);
    const files = { 'config.local.json': fileText(made, 'config.local.json') };
    const other = await init('elsewhere', ['--json'], files);
    expect({ status: other.status, code: errorOf(other) }).toEqual({ status: 5, code: 'CONSENT_NEEDED' });
    expect(other.io.disk.has('/here/.keycloak-env.key')).toBe(false);
    expect((await run(['trusted-hosts', '--json'], filesOf(made))).status).toBe(0);
    const agreed = await init('elsewhere', ['--yes', '--json'], files);
    expect({ status: agreed.status, err: agreed.err }).toEqual({ status: 0, err: '' });
    expect((await run(['trusted-hosts', '--json'], filesOf(agreed))).status).toBe(0);
    expect(errorOf(await run(['trusted-hosts', '--json'], filesOf(made)))).toBe('WRONG_SECRET');
  });
});
