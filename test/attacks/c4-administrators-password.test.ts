import { describe, expect, inject, it } from 'vitest';
import { plantFolder, printedLine, runIn, setTrap } from '../support/planted.ts';

const PASSWORD = 'the-administrators-password';

describe.each(['config.local.json', '.keycloak-env'])('a cloned folder whose %s names a server', (file) => {
  const planted = (url: string, more: Record<string, string> = {}) => {
    const values = { KC_SERVER: url, KC_REALM: 'tools', ...more };
    const lines = Object.entries(values).map(([key, value]) => `${key}=${value}\n`);
    return { [file]: file.endsWith('.json') ? JSON.stringify(values) : lines.join('') };
  };

  it.each<[string, string[], Record<string, string>]>([
    ['password in the environment', [], { KC_BOOTSTRAP_ADMIN_PASSWORD: PASSWORD }],
    ['service client in the environment', [], { KC_BOOTSTRAP_ADMIN_CLIENT_SECRET: PASSWORD }],
    ['password in a file', ['--admin-password-file', 'password'], {}],
    ['token in a file', ['--admin-token-file', 'password'], {}],
  ])('gets no administrator’s %s', async (_what, args, env) => {
    const trap = await setTrap();
    const folder = plantFolder({ ...planted(trap.url), password: PASSWORD });
    for (const more of [[], ['--dry-run']]) {
      const ran = await runIn(folder, ['init', ...args, ...more], env);
      expect(trap.caught).toEqual([]);
      expect({ exit: ran.exit, said: ran.err.includes('FOLDER_NOT_TRUSTED') }).toEqual({
        exit: 5,
        said: true,
      });
      expect(ran.out + ran.err).not.toContain(PASSWORD);
      expect(printedLine(ran.err)).toBe(`export KC_SERVER=${trap.url}`);
    }
  });

  it('the printed line makes it right', async () => {
    const trap = await setTrap();
    const folder = plantFolder(planted(trap.url));
    const ran = await runIn(folder, ['init'], {
      KC_BOOTSTRAP_ADMIN_PASSWORD: PASSWORD,
      ...Object.fromEntries([
        printedLine((await runIn(folder, ['init'], { KC_BOOTSTRAP_ADMIN_PASSWORD: PASSWORD })).err)
          .replace('export ', '')
          .split('=') as [string, string],
      ]),
    });
    expect(ran.exit).toBe(4);
    expect(trap.caught.join()).toContain(PASSWORD);
  });

  it('has no say about plain http and authorities either', async () => {
    const trap = await setTrap();
    const folder = plantFolder({
      ...planted('http://127.0.0.1:1', { MCPKC_ALLOW_HTTP: 'true', MCPKC_CA_FILE: 'ca.pem' }),
      'ca.pem': 'x',
    });
    const env = { KC_BOOTSTRAP_ADMIN_PASSWORD: PASSWORD, KC_SERVER: trap.url };
    const ran = await runIn(folder, ['init'], env);
    expect(trap.caught).toEqual([]);
    expect(ran.exit).toBe(5);
    expect(printedLine(ran.err)).toBe('export MCPKC_CA_FILE=ca.pem MCPKC_ALLOW_HTTP=true');
  });
});

it('a server that flag or environment name gets it, whatever else the folder says', async () => {
  const { url, adminPassword } = inject('keycloak');
  const folder = plantFolder({ 'config.local.json': JSON.stringify({ KC_SERVER: 'http://127.0.0.1:1' }) });
  const init = ['init', '--realm', 'master', '--admin-user', 'admin', '--dry-run'];
  const env = { KC_BOOTSTRAP_ADMIN_PASSWORD: adminPassword };
  expect((await runIn(folder, [...init, '--server', url], env)).exit).toBe(1);
  expect((await runIn(folder, init, { ...env, KC_SERVER: url })).exit).toBe(1);
});
