import { Command as Commander } from 'commander';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/commands/index.ts';
import { freePort } from '../support/fake-keycloak.ts';
import { fileText, runMcpkc } from '../support/run-mcpkc.ts';

const URL_HERE = 'https://svc.example.com/mcp';

describe('words that people try', () => {
  it.each([
    [['-h', 'init'], 0, 'Usage: mcpkc init'],
    [['--help', 'status'], 0, 'Usage: mcpkc status'],
    [['help', 'init'], 0, 'Usage: mcpkc init'],
    [['--realm', 'status', 'help', 'validate'], 0, 'Usage: mcpkc validate'],
    [['help'], 0, 'First steps:'],
    [['version'], 0, /^\d+\.\d+\.\d+/],
  ] as const)('%j is answered', async (argv, status, words) => {
    const ran = await runMcpkc(argv);
    expect(ran.status).toBe(status);
    expect(ran.out).toMatch(words);
  });

  it.each([
    [['help', 'statsu'], 'Did you mean status?'],
    [['help', 'nonsense'], 'mcpkc --help lists the commands'],
    [['help', 'PRM-FOUND'], 'mcpkc explain PRM-FOUND'],
    [['explain', 'trusted-hosts'], 'TRUSTED_HOSTS_EMPTY'],
    [['explain', 'prm'], 'PRM-FOUND, PRM-AGREE'],
  ] as const)('%j is a slip, and what was meant is named', async (argv, words) => {
    const ran = await runMcpkc(argv);
    expect(ran.status).toBe(2);
    expect(ran.err.replaceAll(/\s+/g, ' ')).toContain(words);
  });

  it('without a command the first steps come before the commands', async () => {
    const { err } = await runMcpkc([]);
    expect(err.indexOf('First steps:')).toBeGreaterThan(-1);
    expect(err.indexOf('First steps:')).toBeLessThan(err.indexOf('Set up:'));
  });
});

/** Commands about one MCP server. */
const ABOUT_A_SERVER = [
  'init',
  'create-scope',
  'status',
  'onboard',
  'allow',
  'access',
  'connections',
  'validate',
  'env',
  'runbook',
];

describe('the resource', () => {
  it.each(ABOUT_A_SERVER)('is an argument and an option of %s, neither of them needed', async (name) => {
    const command = new Commander();
    (await COMMANDS.find((one) => one.name === name)?.load())?.define(command);
    expect(command.registeredArguments[0]?.name()).toBe('resource');
    expect(command.registeredArguments[0]?.required).toBe(false);
    expect(command.options.map(({ long }) => long)).toContain('--resource');
  });

  it.each(ABOUT_A_SERVER.filter((name) => name !== 'onboard'))(
    'of %s is refused where argument and option name two',
    async (name) => {
      const ran = await runMcpkc([name, URL_HERE, '--resource', 'https://other.example.com/mcp']);
      expect(ran.status).toBe(2);
      expect(ran.err).toContain('--resource: the argument names another server');
    },
  );

  it('is taken from either by env, and from the configuration by neither', async () => {
    const env = { KC_REALM: 'demo', KC_SERVER: 'https://kc.example.com' };
    const named = await runMcpkc(['env', '--resource', URL_HERE], { env });
    expect(named.out).toBe((await runMcpkc(['env', URL_HERE], { env })).out);
    const known = await runMcpkc(['env'], { env: { ...env, MCP_TRANSPORT_URL: URL_HERE } });
    expect(known.out).toContain(`\nOIDC_AUDIENCE=${URL_HERE}\n`);
  });
});

describe('a server that nobody named', () => {
  const account = { KC_REALM: 'demo', KC_CLIENT_ID: 'mcpkc', KC_CLIENT_SECRET: 'x' };

  it('is said to be the default, with how to name one', async () => {
    const ran = await runMcpkc(['status'], { env: account });
    expect(ran.status).toBe(3);
    expect(ran.err.replaceAll(/\s+/g, ' ')).toContain('KC_SERVER is not set, so its default was tried.');
    expect(ran.err).toContain('mcpkc init');
  });

  it('and is not mentioned where one is named', async () => {
    const ran = await runMcpkc(['status'], {
      env: { ...account, KC_SERVER: `http://127.0.0.1:${await freePort()}` },
    });
    expect(ran.status).toBe(3);
    expect(ran.err).not.toContain('default');
  });

  it('makes no issuer that looks like the real one', async () => {
    const ran = await runMcpkc(['env', URL_HERE], { env: { KC_REALM: 'demo' } });
    expect(ran.err.replaceAll(/\s+/g, ' ')).toContain('no Keycloak is configured');
  });
});

describe('the JUnit file of a run that failed', () => {
  it.each([
    ['no configuration', {}, 2, 'CONFIG_MISSING'],
    ['a broken one', { KC_REALM: 'a b\u0000' }, 2, 'CONFIG_INVALID'],
  ])('with %s holds an error, and nothing of an older run', async (_what, env, status, code) => {
    const files = { 'out.xml': '<testsuites tests="44" failures="0"/>' };
    const ran = await runMcpkc(['validate', '--junit', 'out.xml'], { env, files });
    expect(ran.status).toBe(status);
    const xml = fileText(ran, 'out.xml');
    expect(xml).toContain('tests="1" failures="0" errors="1"');
    expect(xml).toContain(`type="${code}"`);
    expect(xml).toMatch(/timestamp="2026-01-01T00:00:00\.000Z"/);
    expect(xml).toMatch(/ time="\d/);
  });

  it('is an annotation in GitHub Actions, too', async () => {
    const ran = await runMcpkc(['validate'], { env: { GITHUB_ACTIONS: 'true' } });
    expect(ran.err).toMatch(/^::error title=No result%3A CONFIG_MISSING::/m);
  });

  it('and so is the page, in place of an older one', async () => {
    const files = { 'page.html': 'an older run' };
    const ran = await runMcpkc(['validate', '--html', 'page.html'], { files });
    expect(ran.status).toBe(2);
    expect(fileText(ran, 'page.html')).toContain('No result: CONFIG_MISSING');
  });
});
