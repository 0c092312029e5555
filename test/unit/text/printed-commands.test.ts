import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/commands/index.ts';
import { findCalled, programFor } from '../../../src/program.ts';
import {
  formatCommand,
  readTypedList,
  readTypedName,
  typedList,
  typedName,
  wrap,
} from '../../../src/text.ts';
import { memoryIo } from '../../support/memory-io.ts';

/** The words of a command line as a POSIX shell has them. */
function words(line: string): string[] {
  const out = execFileSync('sh', ['-fc', `set -- ${line}\nfor word; do printf '%s\\0' "$word"; done`], {
    encoding: 'utf8',
  });
  return out.split('\0').slice(0, -1);
}

/** What a command line calls, as mcpkc parses it; throws where it doesn't. */
async function parse(line: string): Promise<{ args: string[]; options: Record<string, unknown> }> {
  const [program, ...argv] = words(line);
  expect(program).toBe('mcpkc');
  const called = await findCalled(argv);
  if (called === undefined) throw new Error(`no command in: ${line}`);
  const root = programFor(memoryIo(), called);
  const target = root.commands.find((one) => one.name() === called.entry.name);
  if (target === undefined) throw new Error(`no such command: ${line}`);
  let parsed: { args: string[]; options: Record<string, unknown> } | undefined;
  target.action((...given: unknown[]) => {
    parsed = { args: target.args, options: given.at(-2) as Record<string, unknown> };
  });
  await root.parseAsync(argv, { from: 'user' });
  if (parsed === undefined) throw new Error(`nothing was called: ${line}`);
  return parsed;
}

const ROOT = new URL('../../../', import.meta.url).pathname;
const below = (folder: string, end: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(end))
    .map((path) => join(folder, path));

/** Lines of documents that are commands of mcpkc: in code blocks, with or without a prompt. */
function documentedLines(path: string): string[] {
  const blocks = [
    ...readFileSync(join(ROOT, path), 'utf8').matchAll(/^```(?:sh|bash|console|shell)?\n(.*?)^```/gms),
  ];
  return blocks
    .flatMap(([, text = '']) => text.replaceAll(/ *\\\n */g, ' ').split('\n'))
    .map((line) => line.replace(/^\s*\$ /, '').trim())
    .filter((line) => line.startsWith('mcpkc '))
    .map((line) => line.replace(/\s+#\s.*$/, '').replace(/ (?:\||>|&&|;) ?.*$/, ''));
}

/** Placeholders become words, and a remark in brackets or an ellipsis goes. */
const filled = (line: string) =>
  line
    .replaceAll(/<[^>]+>…?/g, 'x')
    .replaceAll(/ …$/g, '')
    .replaceAll(/"?\$\{?\w+\}?"?/g, 'x');

describe('every command line that is printed parses', () => {
  it.each(COMMANDS.map(({ name }) => name))('the examples of %s', async (name) => {
    const command = await COMMANDS.find((one) => one.name === name)?.load();
    for (const [, line] of command?.examples ?? []) {
      const own = line
        .replace(/^.*?(?=mcpkc )/, '')
        .replace(/["')]+$/, '')
        .replace(/ (?:\||>) .*$/, '');
      await parse(own);
    }
  });

  it.each(['README.md', ...below('docs', '.md')])('those of %s', async (path) => {
    for (const line of documentedLines(path)) {
      if (/^mcpkc (?:--help|--version|-V|help|<command>|completion \w+ >)/.test(line)) continue;
      await parse(filled(line)).catch((error) => {
        throw new Error(`${path}: ${line}: ${error instanceof Error ? error.message : error}`);
      });
    }
  });
});

describe('what the sources say about a command', () => {
  const names = COMMANDS.map(({ name }) => name);
  const SENTENCE = new RegExp(
    `mcpkc (${names.join('|')})\\b((?:(?!mcpkc )[^\`"\\n;)]|\\.(?=\\S))*?)(?=[\`"\\n;)]| or |\\. |\\.?'|$)`,
    'g',
  );
  const CALL = /formatCommand\(\s*\[([\s\S]*?)\]\s*(?:,|\))/g;

  async function optionsOf(name: string): Promise<string[]> {
    const called = await findCalled([name]);
    const root = programFor(memoryIo(), called);
    const own = root.commands.find((one) => one.name() === name);
    return [...root.options, ...(own?.options ?? [])].flatMap(({ long }) => long ?? []);
  }

  it('names options that it has', async () => {
    const known = new Map(
      await Promise.all(names.map(async (name) => [name, await optionsOf(name)] as const)),
    );
    let looked = 0;
    for (const path of below('src', '.ts')) {
      const text = readFileSync(join(ROOT, path), 'utf8').replaceAll(/^\s*(?:\/\/|\*|\/\*\*).*$/gm, '');
      const calls = [...text.matchAll(CALL)].map(([, inner = '']) => {
        const strings = [...inner.matchAll(/'([^']*)'/g)].map(([, one = '']) => one);
        return { name: strings.find((one) => names.includes(one)), rest: strings.join(' ') };
      });
      const sentences = [...text.matchAll(SENTENCE)].map(([, name, rest = '']) => ({ name, rest }));
      for (const { name, rest } of [...calls, ...sentences]) {
        const said = [...rest.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([option]) => option);
        looked += said.length;
        const has = [...(known.get(name ?? '') ?? []), '--help'];
        for (const option of said) expect(has, `${path}: mcpkc ${name}${rest}`).toContain(option);
      }
    }
    expect(looked).toBeGreaterThan(30);
  });

  it('is made by formatCommand wherever a value is put in', () => {
    for (const path of below('src', '.ts')) {
      const text = readFileSync(join(ROOT, path), 'utf8').replaceAll(/^\s*(?:\/\/|\*|\/\*\*).*$/gm, '');
      const loose = [
        ...text.matchAll(
          new RegExp(
            `mcpkc (?:${names.join('|')})\\b(?:(?!\\. |\\\\n)[^\`'"\\n;])*\\$\\{(?!markupText)`,
            'g',
          ),
        ),
      ];
      expect(
        loose.map(([line]) => line),
        path,
      ).toEqual([]);
    }
  });
});

const IDS = [
  'victim,evil',
  '-x',
  '--detach',
  '--yes',
  'a b',
  ' a ',
  '\u202eb',
  'a\\u{41}',
  'a\\,b',
  '\\',
  ',',
  "it's",
  '$(id)',
  '`id`',
  'a\nb\n',
  '::error::x',
  '##[x]',
  '*',
  '',
  '\ud800',
];

describe('an id of a stranger', () => {
  it.each(IDS)('%j comes out of shell and parser as it went in', async (id) => {
    // An empty id is none that a list can hold.
    const ids = id === '' ? ['z'] : [id, 'z'];
    const list = await parse(formatCommand(['create-scope', ['--detach', typedList(ids)]]));
    expect(list.options.detach).toEqual(ids);
    expect(list.args).toEqual([]);
    const named = await parse(formatCommand(['onboard', 'https://svc.example.com/mcp'], [typedName(id)]));
    expect(named.args.map(readTypedName)).toEqual(['https://svc.example.com/mcp', id]);
    const restore = await parse(formatCommand(['prune-clients', ['--restore', id || 'f']], [typedName(id)]));
    expect(restore.options.restore).toBe(id.isWellFormed() ? id || 'f' : '\ufffd');
    expect(restore.args.map(readTypedName)).toEqual([id]);
  });

  it('is one name, typed and read back', () => {
    for (const id of IDS) expect(readTypedName(typedName(id))).toBe(id);
    expect(readTypedList(typedList(IDS))).toEqual(IDS);
    expect(readTypedList('a, b ,c\\,d')).toEqual(['a', 'b', 'c,d']);
    expect(readTypedName('C:\\users\\me')).toBe('C:\\users\\me');
  });

  it('a wrapped line can still be pasted', async () => {
    for (const width of [40, 60, 80]) {
      const line = formatCommand([
        'create-scope',
        ['--resource', 'https://svc.example.com/mcp'],
        ['--detach', typedList(['a b c d e f, g', '-x'])],
      ]);
      const { options } = await parse(wrap(`Run:\n${line}`, width, '  ').replace(/^ *Run:\n/, ''));
      expect(options).toMatchObject({
        resource: 'https://svc.example.com/mcp',
        detach: ['a b c d e f, g', '-x'],
      });
    }
  });
});
