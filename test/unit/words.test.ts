import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/commands/index.ts';
import { expectCli, runCli } from '../support/cli.ts';

const plain = (text: string) => text.replaceAll(/\s+/g, ' ');

describe('words that mcpkc doesn’t know', () => {
  it.each([
    [['trusted-host'], "unknown command 'trusted-host'", '(Did you mean trusted-hosts?)'],
    [['creat-scope', '--json'], "unknown command 'creat-scope'", '(Did you mean create-scope?)'],
    [['trusted-hosts', '--lits'], "unknown option '--lits'", '(Did you mean --list?)'],
    [['create-scope', '--atach', 'none'], "unknown option '--atach'", '(Did you mean --attach?)'],
    [['trusted-hosts', '--jsn'], "unknown option '--jsn'", '(Did you mean --json?)'],
    [['--relm', 'x', 'trusted-hosts'], "unknown option '--relm'", '(Did you mean --realm?)'],
    [['trusted-hosts', 'chatgpt.com'], "too many arguments for 'trusted-hosts'", ''],
    [['trusted-hosts', '--add'], "option '--add <host>' argument missing", ''],
    [
      ['--wait', '5x', 'trusted-hosts'],
      "option '--wait <duration>' argument '5x' is invalid",
      'Write a duration like',
    ],
    [['nonsense'], "unknown command 'nonsense'", ''],
  ])('%j', async (args, message, suggestion) => {
    const ran = await expectCli(2, args);
    const [document, words] = args.includes('--json') ? [ran.json, ''] : [undefined, ran.out];
    expect(document?.code ?? 'USAGE').toBe('USAGE');
    expect(words).toBe('');
    expect(plain(ran.err)).toContain(message);
    expect(plain(ran.err)).toContain(suggestion);
    expect(ran.err).toContain('(USAGE, exit status 2; mcpkc explain USAGE)');
  });

  it('nothing at all: the help on stderr and 2; with --json one document', async () => {
    const ran = await expectCli(2, []);
    expect(ran.out).toBe('');
    expect(ran.err).toMatch(/^Usage: mcpkc /);
    expect((await expectCli(2, ['--json'])).json).toMatchObject({
      code: 'USAGE',
      message: 'No command was named.',
    });
  });

  it('control characters in them are made visible', async () => {
    const ran = await runCli(['\u001b[31mred\u202e']);
    expect(ran.err).toContain('\\u{1b}[31mred\\u{202e}');
    expect(ran.err).not.toContain('\u001b');
  });
});

describe('a global option’s value that looks like a command', () => {
  it.each(COMMANDS.map(({ name }) => name))('--realm %s', async (name) => {
    const ran = await expectCli(2, ['--realm', name, 'trusted-hosts', '--json']);
    expect(ran.json).toMatchObject({ code: 'CONFIG_MISSING', realm: name });
    const behind = await expectCli(2, ['trusted-hosts', '--json', '--realm', name]);
    expect(behind.json).toMatchObject({ code: 'CONFIG_MISSING', realm: name });
  });
});

describe('help and version', () => {
  it.each([['--help'], ['help'], ['-h']])('%s is on stdout, with every command', async (word) => {
    const ran = await expectCli(0, [word]);
    for (const { name, summary } of COMMANDS) {
      expect(ran.out).toContain(`  ${name}`);
      expect(plain(ran.out)).toContain(summary);
    }
    expect(ran.err).toBe('');
  });

  it.each(COMMANDS.map(({ name }) => name))(
    '%s --help has examples, what it changes, exit statuses',
    async (name) => {
      const ran = await expectCli(0, [name, '--help']);
      expect(ran.out).toContain(`Usage: mcpkc ${name}`);
      for (const part of ['Examples:', 'Changes in Keycloak:', 'Exit statuses'])
        expect(ran.out).toContain(part);
    },
  );

  it('--version', async () => {
    expect((await expectCli(0, ['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
