import { Command as Commander } from 'commander';
import { describe, expect, it } from 'vitest';
import { defineGlobal } from '../../src/cli/global-options.ts';
import { FLAG_GROUPS } from '../../src/cli/help.ts';
import { COMMANDS } from '../../src/commands/index.ts';
import { main } from '../../src/main.ts';
import { memoryIo } from '../support/memory-io.ts';

async function run(...args: string[]) {
  const io = memoryIo();
  const exit = await main(args, io);
  return { exit, out: io.out(), err: io.err() };
}

describe('the program’s help', () => {
  it('names every command once, in a group, before the options', async () => {
    const { exit, out } = await run('--help');
    expect(exit).toBe(0);
    for (const { name, summary } of COMMANDS) {
      expect(out.match(new RegExp(`^  ${name} +\\S`, 'gm'))).toHaveLength(1);
      expect(out.replaceAll(/\s+/g, ' ')).toContain(summary);
    }
    expect(out).not.toMatch(/^Commands:/m);
    expect(out.indexOf('mcpkc init')).toBeGreaterThan(out.indexOf('First steps:'));
    expect(out.indexOf('  onboard')).toBeLessThan(out.indexOf('--realm'));
  });
});

describe.each(COMMANDS.map((entry) => [entry.name, entry] as const))('help of %s', (name, entry) => {
  it('has a sentence, three examples, what it changes, and its exit statuses', async () => {
    const { exit, out } = await run(name, '--help');
    const command = await entry.load();
    expect(exit).toBe(0);
    expect(command.examples.length).toBeGreaterThanOrEqual(3);
    for (const [, line] of command.examples) expect(out).toContain(`  $ ${line}\n`);
    expect(out).toMatch(/^Changes in Keycloak:\n {2}\S/m);
    expect(out).toMatch(/^Exit statuses:\n(?: {2}\d+ +\S.*\n(?: {6}\S.*\n)*)+/m);
    expect(out.split('\n')[2]).toMatch(/^[A-Z].*[.;,\w]$/);
  });

  it('has examples that parse', async () => {
    const command = await entry.load();
    for (const [, line] of command.examples) {
      const words = [...line.replaceAll(/ [>|].*$/g, '').matchAll(/'[^']*'|\S+/g)].map(([word]) => word);
      const at = words.indexOf('mcpkc');
      if (at === -1 || /^(eval|source)$/.test(words[0] ?? '')) continue;
      const root = defineGlobal(new Commander('mcpkc')).exitOverride();
      const sub = root
        .createCommand(name)
        .copyInheritedSettings(root)
        .action(() => {});
      sub.configureOutput({ writeErr: () => {} });
      command.define(sub);
      root.addCommand(sub);
      expect(words[at + 1]).toBe(name);
      expect(() => root.parse(words.slice(at + 1), { from: 'user' }), line).not.toThrow();
    }
  });
});

describe.each([40, 80, 200])('help at a terminal of %i columns', (columns) => {
  /** Help as words: without the breaks of lines, of comments and of command lines. */
  const wordsOf = (text: string) =>
    text
      .replaceAll(/\\\n\s*|\n {2}# (?=.*\n {2}[#$])/g, ' ')
      .split(/\s+/)
      .filter((word) => word !== '#');
  const at = async (width: number, ...args: string[]) => {
    const io = memoryIo({ terminal: true });
    Object.assign(io.stdout, { columns: width });
    expect(await main([...args, '--help'], io)).toBe(0);
    return io.out();
  };

  it.each([[], ...COMMANDS.map(({ name }) => [name])])('%s breaks between words alone', async (...args) => {
    const text = await at(columns, ...args);
    // A word may be longer than a narrow terminal: a path, a client id, words in quotes.
    const broken = text
      .split('\n')
      .filter((line) => line.length > columns && /\S\s+\S/.test(line.replaceAll(/'[^']*'/g, '')));
    expect(broken).toEqual([]);
    expect(wordsOf(text).sort()).toEqual(wordsOf(await at(200, ...args)).sort());
  });
});

describe('the table of exit statuses', () => {
  it('has the command’s own words where it has some', async () => {
    const { out } = await run('init', '--help');
    expect(out).toMatch(/^ {2}4 {3}the administrator’s sign-in is refused/m);
  });

  it('lists nothing that can’t happen to a command that talks to nobody', async () => {
    for (const name of ['explain', 'presets', 'completion']) {
      const { out } = await run(name, '--help');
      expect(out).not.toMatch(/^ {2}[34] /m);
    }
    expect((await run('env', '--help')).out).toMatch(/^ {2}3 {3}Keycloak or the MCP server/m);
  });
});

describe('flags in groups', () => {
  it('are flags that some command has', async () => {
    const flags = new Set<string>();
    for (const { load } of COMMANDS) {
      const command = new Commander();
      (await load()).define(command);
      for (const { long } of command.options) if (long) flags.add(long);
    }
    expect(FLAG_GROUPS.flatMap((group) => group.flags).filter((flag) => !flags.has(flag))).toEqual([]);
  });
});

describe('a slip of the keys', () => {
  it.each([
    [['onbaord', 'https://x/mcp'], 'Did you mean onboard?'],
    [['status', '--resorce', 'x'], 'Did you mean --resource?'],
    [['status', '--relm', 'x'], 'Did you mean --realm?'],
  ])('%j is answered with what was meant', async (args, suggestion) => {
    const { exit, err } = await run(...args);
    expect(exit).toBe(2);
    expect(err).toContain(suggestion);
  });
});

describe('the first run', () => {
  it.each([['status'], ['create-scope', '--resource', 'https://x/mcp'], ['onboard', 'x.example.com']])(
    'of %s says what to do next, on a line to paste',
    async (...args) => {
      const { exit, err } = await run(...args);
      expect(exit).toBe(2);
      expect(err).toMatch(/^ *mcpkc init --server <url> --realm <name>$/m);
    },
  );

  it('without a command shows the way', async () => {
    const { exit, err } = await run();
    expect(exit).toBe(2);
    expect(err).toContain('First steps:');
  });
});
