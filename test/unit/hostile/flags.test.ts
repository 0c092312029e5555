import { describe, expect, it } from 'vitest';
import { ESCAPE, expectRefused, MEGABYTE, RIGHT_TO_LEFT, runOffline, shown } from './harness.ts';

const RESOURCE = 'https://svc.example.com/mcp';

/** Without an account `env` asks nobody. */
const NOT_CONFIGURED = { KC_CLIENT_ID: '', KC_CLIENT_SECRET: '' };

const DURATIONS = [
  '',
  '0',
  '0s',
  '10',
  '10 m',
  ' 10m',
  '10m\n',
  '1.5m',
  '-5m',
  '1e3s',
  '10M',
  '1h30m',
  'Infinity',
  'NaN',
  '0x10s',
  '99999999999d',
  '4000d',
  '９m',
  '٣m',
  `10m${ESCAPE}`,
  `${RIGHT_TO_LEFT}10m`,
  '__proto__',
  MEGABYTE,
];

const DURATION_FLAGS: [flag: string, argv: (value: string) => string[]][] = [
  ['--request-timeout', (value) => [`--request-timeout=${value}`, 'trusted-hosts']],
  ['--wait', (value) => [`--wait=${value}`, 'trusted-hosts']],
  ['--timeout', (value) => ['onboard', RESOURCE, `--timeout=${value}`]],
  ['--older-than', (value) => ['prune-clients', `--older-than=${value}`]],
  ['--grace', (value) => ['prune-clients', `--grace=${value}`]],
  ['--events', (value) => ['init', `--events=${value}`]],
];

describe.each(DURATION_FLAGS)('%s', (flag, argv) => {
  it.each(DURATIONS.map((value) => [shown(value), value]))('refuses %s', async (_name, value) => {
    await expectRefused({ argv: argv(value), names: new RegExp(flag) });
  });
});

describe('--max', () => {
  const bad = ['', '0', '-1', '1e3', '1.5', '0x10', '９', 'all', '9999999999', `5${ESCAPE}`, '5\n'];
  it.each(bad.map((value) => [shown(value), value]))('refuses %s', async (_name, value) => {
    await expectRefused({ argv: ['prune-clients', `--max=${value}`], names: /--max/ });
  });
});

const URLS = [
  '',
  ' ',
  'svc.example.com/mcp',
  'ftp://svc.example.com/mcp',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'data:text/html,x',
  'https://',
  'https:///mcp',
  'https://user:password@svc.example.com/mcp',
  'https://svc.example.com@evil.example/mcp',
  'https://svc.example.com/mcp?x=1',
  'https://svc.example.com/mcp#x',
  'https://svc.example.com:0/mcp',
  'https://svc.example.com:65536/mcp',
  'https://svc.example.com:-1/mcp',
  'https://[::1/mcp',
  'https://[fe80::1%25eth0]/mcp',
  'https://[::1]:x/mcp',
  'https://::1/mcp',
  'https://svc.example.com/../../etc/passwd',
  'https://svc.example.com/%zz',
  'https://svc.example.com\\@evil.example/mcp',
  'https://svc..example.com/mcp',
  `https://svc.example.com/${ESCAPE}`,
  `https://svc.example.com/${RIGHT_TO_LEFT}pcm`,
  'https://svc.example.com/a\u200bb',
  'https://svc.example.com/\0',
  'https://svc.example.com/a\nb',
  `https://svc.example.com/${MEGABYTE}`,
];

describe('a resource', () => {
  const commands: [string, (url: string) => string[]][] = [
    ['create-scope --resource', (url) => ['create-scope', `--resource=${url}`]],
    ['onboard', (url) => ['onboard', '--', url]],
    ['status --resource', (url) => ['status', `--resource=${url}`]],
    ['validate', (url) => ['validate', '--', url]],
    ['env', (url) => ['env', '--', url]],
  ];
  it.each(commands.flatMap(([name, argv]) => URLS.map((url) => [name, shown(url), argv(url)] as const)))(
    '%s refuses %s',
    async (_name, _url, argv) => {
      await expectRefused({ argv, names: /resource|argument/i });
    },
  );

  it('shows a look-alike as what it is', async () => {
    const { status, said } = await runOffline(['env', 'https://сhatgpt.com/mcp'], { env: NOT_CONFIGURED });
    expect(status).toBe(0);
    expect(said).toContain('xn--hatgpt-hrf.com');
    expect(said).not.toContain('сhatgpt');
  });
});

describe('a host', () => {
  const bad = [
    '*',
    '*.*.example.com',
    'a.*.example.com',
    '*.10.0.0.1',
    'a b.example.com',
    'example.com:443',
    'user@example.com',
    'example.com/path',
    '../../etc/passwd',
    '[::1',
    '[fe80::1%eth0]',
    '10.0.0.0/8',
    '0x7f.1',
    '.example.com',
    'a..b',
    `a.${'b'.repeat(64)}.com`,
    `${ESCAPE}example.com`,
    `${RIGHT_TO_LEFT}moc.elpmaxe`,
    'exa\u200bmple.com',
    'exa\0mple.com',
    MEGABYTE,
  ];
  // What is there and should not be, such as a lone *, can be removed.
  const rows = ['--add', '--remove'].flatMap((flag) =>
    bad.filter((host) => flag === '--add' || host !== '*').map((host) => [flag, shown(host), host] as const),
  );
  it.each(rows)('%s refuses %s', async (flag, _name, host) => {
    await expectRefused({ argv: ['trusted-hosts', `${flag}=${host}`], names: /host/i });
  });
});

describe('names', () => {
  const scopes = ['', 'a b', 'a\nb', `a${ESCAPE}`, RIGHT_TO_LEFT, 'a"b', 'a\\b', 'ä', MEGABYTE];
  it.each(scopes.map((name) => [shown(name), name]))('--scope refuses %s', async (_name, scope) => {
    await expectRefused({
      argv: ['create-scope', '--resource', RESOURCE, `--scope=${scope}`],
      names: /scope/,
    });
  });

  const aliases = ['', '../../x', 'a/b', 'a b', `a${ESCAPE}`, RIGHT_TO_LEFT, 'a\0b', MEGABYTE];
  it.each(aliases.map((name) => [shown(name), name]))('--alias refuses %s', async (_name, alias) => {
    await expectRefused({ argv: ['onboard', RESOURCE, `--alias=${alias}`], names: /alias/ });
  });

  const realms = ['', ' ', '.', '..', '../master', 'a/b', 'a?b', 'a#b', 'a;b', 'a\nb', `a${ESCAPE}`, 'a\0'];
  it.each(realms.map((name) => [shown(name), name]))('--realm refuses %s', async (_name, realm) => {
    await expectRefused({ argv: [`--realm=${realm}`, 'trusted-hosts'], names: /KC_REALM|--realm/ });
  });

  const servers = [
    '',
    'x',
    'ftp://x',
    'https://u:p@x/auth',
    'https://x/auth?a',
    'https://x/auth#a',
    `https://x/${ESCAPE}`,
  ];
  it.each(servers.map((url) => [shown(url), url]))('--server refuses %s', async (_name, server) => {
    await expectRefused({ argv: [`--server=${server}`, 'trusted-hosts'], names: /KC_SERVER|--server/ });
  });

  const presets = [
    'nope',
    '__proto__',
    'constructor',
    'toString',
    '../chatgpt',
    `chatgpt${ESCAPE}`,
    RIGHT_TO_LEFT,
  ];
  it.each(presets.map((name) => [shown(name), name]))('--preset refuses %s', async (_name, preset) => {
    await expectRefused({ argv: ['trusted-hosts', `--preset=${preset}`], names: /preset/i });
    await expectRefused({ argv: ['presets', '--', preset], names: /preset/i });
  });
});

describe('the command line', () => {
  const lines: [string, string[], RegExp][] = [
    ['an unknown command', ['prune'], /prune/],
    ['an escape as a command', [`${ESCAPE}status`], /unknown command|command/],
    ['an escape as an option', ['status', `--${ESCAPE}red`], /unknown option/],
    ['a right-to-left option', ['status', `--${RIGHT_TO_LEFT}nosj`], /unknown option/],
    ['prototype names as commands', ['__proto__'], /__proto__/],
    ['prototype names as options', ['status', '--__proto__'], /__proto__/],
    ['an empty list', ['trusted-hosts', '--add', ','], /--add/],
    ['too many arguments', ['trusted-hosts', 'a', 'b'], /arguments/],
    ['a word where an attachment is named', ['create-scope', '--attach', 'both'], /--attach/],
    ['a word where an event is named', ['onboard', RESOURCE, '--until', 'then'], /--until/],
    ['a word where a severity is named', ['status', '--fail-on', 'never'], /--fail-on/],
    ['modes that exclude each other', ['prune-clients', '--apply', '--observe'], /--(apply|observe)/],
    ['--now without --apply', ['prune-clients', '--now'], /--now/],
    ['a config file that is not there', ['--config', '../../../etc/nope.json', 'status'], /nope\.json/],
  ];
  it.each(lines)('refuses %s', async (_name, argv, names) => {
    await expectRefused({ argv, names });
  });

  it('refuses a megabyte of an unknown option with a short message', async () => {
    await expectRefused({ argv: ['status', `--${MEGABYTE}`], names: /unknown option/ });
  });
});
