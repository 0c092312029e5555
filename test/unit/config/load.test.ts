import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { loadConfig, requireAccount, requireRealm } from '../../../src/config/load.ts';
import { McpkcError } from '../../../src/errors.ts';
import { type MemoryIoOptions, memoryIo } from '../../support/memory-io.ts';

const load = (options: MemoryIoOptions = {}, flags: Record<string, unknown> = {}) =>
  loadConfig(flags, memoryIo(options));

/** The problems that loading ends with, without their bullets. */
async function problems(options: MemoryIoOptions, flags: Record<string, unknown> = {}): Promise<string[]> {
  const error = await load(options, flags).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(McpkcError);
  expect(error).toMatchObject({ code: 'CONFIG_INVALID', exitStatus: 2 });
  return (error as McpkcError).message
    .split('\n')
    .slice(1)
    .map((line) => line.replace(/^- /, ''));
}

const json = (value: unknown) => ({ 'config.local.json': JSON.stringify(value) });

describe('precedence', () => {
  const files = {
    '.keycloak-env': 'KC_REALM=from-credentials\n',
    'config.local.json': '{"KC_REALM": "from-config"}',
    '/home/me/.config/mcpkc/config.json': '{"KC_REALM": "from-home"}',
    '/xdg/mcpkc/config.json': '{"KC_REALM": "from-xdg"}',
    'other/my.env': 'KC_REALM=from-my-env\n',
    'other/my.json': '{"KC_REALM": "from-my-json"}',
  };
  const without = (...names: string[]) =>
    Object.fromEntries(Object.entries(files).filter(([name]) => !names.includes(name)));

  it('is flag, environment, credentials file, config file', async () => {
    const env = { KC_REALM: 'from-environment', HOME: '/home/me' };
    const flag = await load({ env, files }, { realm: 'from-flag' });
    expect([flag.realm, flag.originOf('KC_REALM')]).toEqual(['from-flag', 'flag --realm']);
    const environment = await load({ env, files });
    expect([environment.realm, environment.originOf('KC_REALM')]).toEqual([
      'from-environment',
      'environment',
    ]);
    const credentials = await load({ files });
    expect([credentials.realm, credentials.originOf('KC_REALM')]).toEqual([
      'from-credentials',
      'file .keycloak-env line 1',
    ]);
    const config = await load({ files: without('.keycloak-env') });
    expect([config.realm, config.originOf('KC_REALM')]).toEqual(['from-config', 'file config.local.json']);
    expect(config.files).toEqual({ config: 'config.local.json', credentials: undefined });
  });

  it('finds the config file where older guides put it, and trusts it no more than one here', async () => {
    const there = {
      'docs/local/config.local.json': '{"KC_REALM": "from-docs", "KC_SERVER": "https://a.example"}',
    };
    const config = await load({
      files: there,
      env: { KC_CLIENT_ID: 'a', KC_CLIENT_SECRET: 'from-elsewhere' },
    });
    expect(config.realm).toBe('from-docs');
    expect(config.refusals.account?.code).toBe('FOLDER_NOT_TRUSTED');
    const both = await load({ files: { ...there, ...files } }, {});
    expect(both.files.config).toBe('config.local.json');
  });

  it('takes the user’s own file where there is none here', async () => {
    const rest = without('.keycloak-env', 'config.local.json');
    expect((await load({ files: rest, env: { HOME: '/home/me' } })).realm).toBe('from-home');
    expect((await load({ files: rest, env: { HOME: '/home/me', XDG_CONFIG_HOME: '/xdg' } })).realm).toBe(
      'from-xdg',
    );
    expect((await load({ files: rest, env: { XDG_CONFIG_HOME: 'other' } })).realm).toBeUndefined();
    expect((await load({ files: rest })).files).toEqual({ config: undefined, credentials: undefined });
  });

  it('takes the files that flags name, and only those', async () => {
    expect((await load({ files }, { credentials: 'other/my.env' })).realm).toBe('from-my-env');
    expect((await load({ files: without('.keycloak-env') }, { config: 'other/my.json' })).realm).toBe(
      'from-my-json',
    );
    expect(
      (await load({ files }, { config: '/here/other/my.json', credentials: './other/my.env' })).files,
    ).toEqual({
      config: '/here/other/my.json',
      credentials: './other/my.env',
    });
  });

  it('counts an empty variable as none, and an empty flag as a mistake', async () => {
    expect((await load({ env: { KC_REALM: '' }, files })).realm).toBe('from-credentials');
    expect(
      (await load({ files: { '.keycloak-env': 'KC_REALM=\n', ...json({ KC_REALM: 'x' }) } })).realm,
    ).toBe('x');
    expect((await load({ files: json({ KC_REALM: '', KC_HOSTNAME: null }) })).realm).toBeUndefined();
    expect(await problems({ files }, { realm: '' })).toEqual(['--realm (KC_REALM): it is empty']);
  });

  it('has defaults', async () => {
    const config = await load();
    expect(config).toMatchObject({
      server: 'http://127.0.0.1:5050/auth',
      realm: undefined,
      adminRealm: undefined,
      issuer: undefined,
      transportUrl: undefined,
      scopeName: 'mcp-resource',
      scopeNameGiven: false,
      audiences: { urls: [], clients: [] },
      allowedOrigins: [],
      allowHttp: false,
      requestTimeoutMs: 30_000,
      waitMs: 0,
      presets: [],
      protect: [],
      warnings: [],
    });
    expect(config.originOf('KC_SERVER')).toBeUndefined();
    expect(config.originOf('__proto__')).toBeUndefined();
  });

  it('takes the flags as commander gives them', async () => {
    const flags = {
      server: 'https://KC.example:443/auth/',
      requestTimeout: 5000,
      wait: 60_000,
      allowHttp: true,
      caFile: 'ca.pem',
    };
    const config = await load(
      { files: { 'ca.pem': '' } },
      { ...flags, json: true, color: false, realm: undefined },
    );
    expect(config).toMatchObject({
      server: 'https://kc.example/auth',
      requestTimeoutMs: 5000,
      waitMs: 60_000,
      allowHttp: true,
      caFile: 'ca.pem',
    });
  });
});

describe('values', () => {
  it.each([
    ['https://kc.example/', 'https://kc.example'],
    ['HTTPS://KC.Example:443/Auth//', 'https://kc.example/Auth'],
    ['http://kc.example:80', 'http://kc.example'],
    ['http://[::1]:8080/auth/', 'http://[::1]:8080/auth'],
    ['https://kc.example/a%20b', 'https://kc.example/a%20b'],
    ['kc.example', 'https://kc.example'],
    ['KC.example/auth/', 'https://kc.example/auth'],
    ['kc.example:8443/auth', 'https://kc.example:8443/auth'],
    ['localhost:8080', 'http://localhost:8080'],
    ['127.0.0.1:8080/auth', 'http://127.0.0.1:8080/auth'],
    ['[::1]:8080', 'http://[::1]:8080'],
  ])('KC_SERVER %s → %s', async (text, server) => {
    expect((await load({ env: { KC_SERVER: text } })).server).toBe(server);
  });

  it.each([
    'keycloak',
    'kc.example/auth/realms/mcp',
    'user@kc.example',
    'kc.example?x=hunter2',
    'kc example',
    'kc.example:99999',
    'ftp://kc.example',
    'https://admin:hunter2@kc.example',
    'https://kc.example/?x=hunter2',
    'https://kc.example/#x',
    'https://kc.example/auth/realms/mcp',
    'https://kc.example/auth/admin/master/console',
    'https://kc.example/auth/admin/',
    'https://kc.example /',
    'https://kc.example/\u202e',
    'https://kc.example:99999',
    'https://',
  ])('KC_SERVER %j is a problem', async (text) => {
    const found = await problems({ env: { KC_SERVER: text } });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^KC_SERVER: .* \(environment\)$/);
    expect(found[0]).not.toContain('hunter2');
  });

  it.each([
    ['auth.example.com', 'https://auth.example.com'],
    ['Auth.Example.com:8443', 'https://auth.example.com:8443'],
    ['localhost', 'https://localhost'],
    ['[::1]', 'https://[::1]'],
    ['http://auth.example.com/auth/', 'http://auth.example.com/auth'],
  ])('KC_HOSTNAME %s → %s', async (text, hostname) => {
    const config = await load({ env: { KC_HOSTNAME: text, KC_HOSTNAME_ADMIN: text, KC_REALM: 'r' } });
    expect([config.hostname, config.hostnameAdmin]).toEqual([hostname, hostname]);
    expect(config.issuer).toBe(`${hostname}/realms/r`);
  });

  it('every URL takes a bare host, which means https', async () => {
    const env = {
      KC_REALM: 'r',
      KC_SERVER: 'auth.example.com/auth',
      KC_HOSTNAME: 'auth.example.com/auth',
      KC_ISSUER: 'auth.example.com/auth/realms/r',
      MCP_PUBLIC_BASE_URL: 'svc.example.com',
    };
    const config = await load({ env });
    expect(config).toMatchObject({
      server: 'https://auth.example.com/auth',
      hostname: 'https://auth.example.com/auth',
      issuer: 'https://auth.example.com/auth/realms/r',
      publicBaseUrl: 'https://svc.example.com',
      transportUrl: 'https://svc.example.com/mcp',
    });
    const endpoints = { 'svc.example.com': '/mcp', 'svc.example.com/': '/mcp', 'svc.example.com/a': '/a' };
    for (const [MCP_TRANSPORT_URL, path] of Object.entries(endpoints)) {
      const { transportUrl } = await load({ env: { MCP_TRANSPORT_URL } });
      expect(transportUrl).toBe(`https://svc.example.com${path}`);
    }
  });

  it.each([
    ['mcp', 'mcp'],
    ['my realm', 'my%20realm'],
    ['100%', '100%25'],
    ['a%2Fb', 'a%252Fb'],
    ['münchen', 'm%C3%BCnchen'],
    ['東京', '%E6%9D%B1%E4%BA%AC'],
    ["it's!*~", "it's!*~"],
    ['a$b,c', 'a$b,c'],
    ['a[b]"<>|^`{}', 'a%5Bb%5D%22%3C%3E%7C%5E%60%7B%7D'],
  ])('realm %s is %s in the issuer', async (realm, segment) => {
    const config = await load({ env: { KC_REALM: realm, KC_SERVER: 'https://kc.example/auth' } });
    expect(config).toMatchObject({ realm, issuer: `https://kc.example/auth/realms/${segment}` });
  });

  it.each([...'&/?#+:;\\@()=', '\n', '\u0000', '\u0085', '\ud800'])(
    'a realm with %j is a problem',
    async (bad) => {
      expect(await problems({ env: { KC_REALM: `a${bad}b` } })).toEqual([
        expect.stringMatching(/^KC_REALM: .*\(environment\)$/),
      ]);
    },
  );

  it.each([' ', '.', '..'])('realm %j is a problem', async (realm) => {
    expect(await problems({ env: { KC_REALM: realm } })).toHaveLength(1);
  });

  it('KC_ADMIN_REALM is KC_REALM or master', async () => {
    const admin = async (KC_ADMIN_REALM: string, KC_REALM = 'mcp') =>
      (await load({ env: { KC_REALM, KC_ADMIN_REALM } })).adminRealm;
    expect((await load({ env: { KC_REALM: 'mcp' } })).adminRealm).toBe('mcp');
    expect(await admin('mcp')).toBe('mcp');
    expect(await admin('master')).toBe('master');
    expect(await admin('other', '')).toBe('other');
    await expect(admin('other')).rejects.toThrow('KC_ADMIN_REALM: ');
  });

  it.each([
    [{ MCP_PUBLIC_BASE_URL: 'https://x.example' }, 'https://x.example/mcp'],
    [{ MCP_PUBLIC_BASE_URL: 'https://X.example/' }, 'https://x.example/mcp'],
    [{ MCP_PUBLIC_BASE_URL: 'https://x.example/sse/' }, 'https://x.example/sse/'],
    [
      { MCP_PUBLIC_BASE_URL: 'https://x.example', MCP_TRANSPORT_URL: 'https://y.example/Z/' },
      'https://y.example/Z/',
    ],
    [{ MCP_TRANSPORT_URL: 'http://127.0.0.1:3000/' }, 'http://127.0.0.1:3000'],
  ])('%o: the resource is %s', async (env, transportUrl) => {
    expect((await load({ env })).transportUrl).toBe(transportUrl);
  });

  it('OIDC_AUDIENCE is told apart, from text and from a list', async () => {
    const expected = { urls: ['https://x.example/mcp'], clients: ['legacy', 'urn:a'] };
    const env = { OIDC_AUDIENCE: 'https://X.example/mcp, legacy,urn:a,legacy' };
    expect((await load({ env })).audiences).toEqual(expected);
    const files = json({ OIDC_AUDIENCE: ['https://X.example/mcp', 'legacy', 'urn:a'] });
    expect((await load({ files })).audiences).toEqual(expected);
    expect((await load({ files: json({ OIDC_AUDIENCE: ['a,b'] }) })).audiences.clients).toEqual(['a,b']);
    for (const bad of ['a,,b', 'a,', 'https://x.example/#f', 'https:x', 'a\tb']) {
      expect(await problems({ env: { OIDC_AUDIENCE: bad } }), bad).toHaveLength(1);
    }
  });

  it('ALLOWED_ORIGINS are origins', async () => {
    const env = { ALLOWED_ORIGINS: 'https://A.example/, http://localhost:3000,https://a.example:443' };
    expect((await load({ env })).allowedOrigins).toEqual(['https://a.example', 'http://localhost:3000']);
    for (const bad of [
      'https://a.example/x',
      '*',
      'null',
      'a.example',
      'https://u@a.example',
      'https://*.a.example',
    ]) {
      expect(await problems({ env: { ALLOWED_ORIGINS: bad } }), bad).toHaveLength(1);
    }
  });

  it.each(['', 'x'.repeat(256), 'a b', 'a"b', 'a\\b', 'ü', 'a\n'])(
    'scope name %j is a problem',
    async (name) => {
      expect(await problems({ files: json({ MCP_SCOPE_NAME: name || ' ' }) })).toHaveLength(1);
    },
  );

  it('a scope name that is given is known to be', async () => {
    const config = await load({ env: { MCP_SCOPE_NAME: 'mcp-resource' } });
    expect(config).toMatchObject({ scopeName: 'mcp-resource', scopeNameGiven: true });
  });

  it.each([
    ['30s', 30_000],
    ['500ms', 500],
    ['2m', 120_000],
    ['1d', 86_400_000],
  ])('duration %s', async (text, ms) => {
    expect((await load({ env: { MCPKC_REQUEST_TIMEOUT: text } })).requestTimeoutMs).toBe(ms);
  });

  it.each(['30', '0s', '-1s', '1.5s', '2d', '30 s', '1h30m', '9999999999s', 'ten', '٣s', '30s\n'])(
    'duration %j is a problem',
    async (text) => {
      expect(await problems({ env: { MCPKC_REQUEST_TIMEOUT: text } })).toHaveLength(1);
    },
  );

  it('MCPKC_ALLOW_HTTP is on or off', async () => {
    const on = async (value: unknown) => (await load({ files: json({ MCPKC_ALLOW_HTTP: value }) })).allowHttp;
    for (const yes of [true, 'true', '1', 'YES', 'on']) expect(await on(yes)).toBe(true);
    for (const no of [false, 'false', '0', 'No', 'off']) expect(await on(no)).toBe(false);
    await expect(on('maybe')).rejects.toThrow('true or false');
    await expect(on(1)).rejects.toThrow('true or false');
  });

  it('MCPKC_CA_FILE must be there, seen from the file that names it', async () => {
    const files = { 'etc/c.json': '{"MCPKC_CA_FILE": "ca.pem"}', 'etc/ca.pem': '', '/abs/ca.pem': '' };
    expect((await load({ files }, { config: 'etc/c.json' })).caFile).toBe('etc/ca.pem');
    expect((await load({ files }, { caFile: '/abs/ca.pem' })).caFile).toBe('/abs/ca.pem');
    expect(await problems({ files }, { caFile: 'ca.pem' })).toEqual([
      '--ca-file (MCPKC_CA_FILE): there is no file ca.pem',
    ]);
  });

  it('presets pass as they are, protect as texts', async () => {
    const presets = [{ name: 'x' }, 1, null];
    const config = await load({ files: json({ presets, protect: ['a', 'b-*'] }) });
    expect(config).toMatchObject({ presets, protect: ['a', 'b-*'] });
    expect((await load({ env: { presets: '[]', protect: 'x' } })).protect).toEqual([]);
    expect(await problems({ files: json({ presets: {}, protect: 'a' }) })).toEqual([
      'presets: it must be a list (file config.local.json)',
      'protect: it must be a list of texts (file config.local.json)',
    ]);
    expect(await problems({ files: json({ protect: [' '] }) })).toHaveLength(1);
  });
});

describe('problems', () => {
  it('come all at once, each with key and origin', async () => {
    const files = {
      '.keycloak-env': 'KC_CLIENT_ID="x\nKC_SERVER=kc example\n',
      'config.local.json':
        '{"KC_RELAM": "x", "KC_HOSTNAME": 1, "OIDC_AUDIENCE": [1], "MCP_SCOPE_NAME": "a b"}',
    };
    const env = { MCPKC_REQUEST_TIMEOUT: 'soon' };
    expect(await problems({ files, env }, { realm: 'a/b', caFile: 'none.pem' })).toEqual([
      'KC_CLIENT_ID: a quote is not closed on its line (file .keycloak-env line 1)',
      'KC_RELAM: no such key; the nearest is KC_REALM (file config.local.json)',
      'KC_HOSTNAME: it must be a text in quotes (file config.local.json)',
      'OIDC_AUDIENCE: it must be a text with commas, or a list of texts (file config.local.json)',
      'KC_SERVER: it has a blank, or a character that can’t be seen (file .keycloak-env line 2)',
      '--realm (KC_REALM): Keycloak refuses / in the name of a realm',
      '--ca-file (MCPKC_CA_FILE): there is no file none.pem',
      expect.stringMatching(/^MCP_SCOPE_NAME: .* \(file config.local.json\)$/),
      'MCPKC_REQUEST_TIMEOUT: it must be a duration like 30s or 2m, at most a day (environment)',
    ]);
  });

  it('name file, line and column of broken JSON, and not the secret beside', async () => {
    const files = { 'config.local.json': '{\n  "KC_CLIENT_SECRET": hunter2,\n}' };
    expect(await problems({ files })).toEqual([
      'file config.local.json line 2 column 23: a value is expected here',
    ]);
  });

  it.each([
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '',
    'KC_CLIENTID',
    'kc_realm',
    'x\u001b[2J',
    '__comment',
  ])('name the unknown key %j with the nearest', async (name) => {
    const text = `{${JSON.stringify(name)}: {"polluted": true}}`;
    const [problem] = await problems({ files: { 'config.local.json': text } });
    expect(problem).toMatch(/: no such key; the nearest is \w+ \(file config\.local\.json\)$/);
    expect(problem).not.toContain('\u001b');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('don’t count comments', async () => {
    const files = json({ $schema: 'x', '//': 1, '// why': {}, _note: [], KC_REALM: 'r' });
    expect((await load({ files })).realm).toBe('r');
  });

  it('name a file that was asked for and isn’t there', async () => {
    expect(await problems({}, { config: 'none.json', credentials: 'a\u001bb' })).toEqual([
      'flag --credentials a\\u{1b}b: there is no such file',
      'flag --config none.json: there is no such file',
    ]);
    expect(await problems({}, { config: '' })).toEqual(['flag --config : there is no such file']);
  });

  it('name a file that can’t be read', async () => {
    const denied = Object.assign(new Error('EACCES: hunter2'), { code: 'EACCES' });
    expect(
      await problems({ files: { '.keycloak-env': denied, 'c.json': denied } }, { config: 'c.json' }),
    ).toEqual([
      'file .keycloak-env: it can’t be read (EACCES)',
      'flag --config c.json: it can’t be read (EACCES)',
    ]);
  });

  it('never hold a value that may be a secret', async () => {
    const env = {
      KC_SERVER: 'hunter2 ',
      KC_REALM: 'hunter2/',
      KC_CLIENT_ID: 'hunter2\t',
      KC_CLIENT_SECRET: 'hunter2\n',
      KC_HOSTNAME: 'https://hunter2@x',
      KC_ISSUER: 'hunter2',
      MCP_TRANSPORT_URL: 'https://x/?hunter2',
      MCP_SCOPE_NAME: 'hunter2 ',
      OIDC_AUDIENCE: 'https://hunter2@x',
      ALLOWED_ORIGINS: 'hunter2',
      MCPKC_ALLOW_HTTP: 'hunter2',
      MCPKC_REQUEST_TIMEOUT: 'hunter2',
    };
    const error = await load({ env }).catch((reason: unknown) => reason);
    expect((error as McpkcError).details?.problems).toHaveLength(Object.keys(env).length);
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2');
  });
});

describe('what is missing', () => {
  it('is said with what to do next where nothing is set up', async () => {
    const config = await load();
    expect(() => requireRealm(config)).toThrow('mcpkc is not set up here');
    expect(() => requireAccount(config)).toThrow(
      'KC_REALM, KC_CLIENT_ID and KC_CLIENT_SECRET (or KC_CLIENT_SECRET_FILE, or KC_CLIENT_KEY_FILE) are not set',
    );
    try {
      requireAccount(config);
    } catch (error) {
      expect(error).toMatchObject({ code: 'CONFIG_MISSING', exitStatus: 2 });
      expect((error as McpkcError).fix).toContain('mcpkc init --server <url> --realm <name>');
    }
  });

  it('is only what is missing', async () => {
    const config = await load({ files: { '.keycloak-env': 'KC_REALM=r\nKC_CLIENT_ID=c\n' } });
    expect(requireRealm(config)).toBe('r');
    expect(() => requireAccount(config)).toThrow(
      /^KC_CLIENT_SECRET \(or KC_CLIENT_SECRET_FILE, or KC_CLIENT_KEY_FILE\) is not set/,
    );
    const whole = await load({ env: { KC_REALM: 'r', KC_CLIENT_ID: 'c', KC_CLIENT_SECRET: 's' } });
    expect(requireAccount(whole)).toEqual({ clientId: 'c', clientSecret: 's' });
  });
});
