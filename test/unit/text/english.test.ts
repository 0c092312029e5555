import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'rolldown/parseAst';
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../../src/checks/index.ts';
import { COMMANDS } from '../../../src/commands/index.ts';
import { EXPLAINED } from '../../../src/explanations/index.ts';
import { runCli } from '../../support/cli.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Words that are out, each with the word to write. */
const OUT: readonly (readonly [word: RegExp, instead: string])[] = [
  [/\bmend(s|ed|ing)?\b/i, 'fix'],
  [/\bhints?\b/i, 'fix'],
  [/\bremed(y|ies)\b/i, 'fix'],
  [/\bshall\b/i, 'must, or should'],
  [/\btak(e|es|en|ing) (it |them |the \w+ )?away\b/i, 'remove, or revoke'],
  [/\bwithdr(aw|awn|aws|ew)\b/i, 'revoke'],
  [/\bwhoever\b/i, 'anybody who'],
  [/\bby itself\b/i, 'on its own'],
  [/\b(of|than) ours\b/i, 'of mcpkc'],
  [/\bin vain\b/i, 'timed out'],
  [/\bhangs? on\b/i, 'needs'],
  [/\bin order(?! (to|that)\b)/i, 'OK'],
  [/\bMCP hosts?\b/, 'MCP server'],
  [/\b(is|was|are|were) blocked\b/i, 'not run'],
  [/\bsays (?!yes\b)/i, 'shows, names or reports'],
  [/\b(log|message|file|record|status|token) say\b/i, 'show, name or report'],
  [/\b(was|were|been) said\b/i, 'was named, asked for or agreed to'],
  [/\bsa(y|id) so\b/i, 'agree, name it'],
  [/\bsay --/i, 'add --'],
  [/\bchosen by a person\b/i, 'not self-registered'],
  [/\bgiv(e|es|en|ing) (the|an|its|no) (audience|scope|role)\b/i, 'grant or assign'],
  [/\bgave (the|an|its|it the) (audience|scope|role)s?\b/i, 'granted'],
  [/\bas named with\b/i, 'because of'],
  [/\b(it|this) is no (absolute|URL|name|host|JSON|https)\b/i, 'it is not a …'],
  [/[“”‘]/, 'straight quotes, one kind on every screen'],
  [/\b(thereof|therein|thereby|whereof|hitherto|lest)\b/i, 'plain words'],
];

/** Words that comments do without as well, each with the word to write. */
const OUT_OF_COMMENTS: readonly (readonly [word: RegExp, instead: string])[] = [
  [/\bsays\b/i, 'shows, names or reports'],
  [/\bshall\b/i, 'must'],
  [/\bmend(s|ed|ing)?\b/i, 'fix'],
  [/\bwho(m|se)?ever\b/i, 'anybody who'],
  [/\bin vain\b/i, 'timed out'],
  [/\b(of|than) ours\b/i, 'of mcpkc'],
  [/\bhangs? on\b/i, 'needs'],
  [/\bby itself\b/i, 'on its own'],
  [/\btak(e|es|en|ing) (it |them |the \w+ )?away\b/i, 'remove, or revoke'],
  [/^(What|Whom?|Whose|As many)\b/, 'the noun that it is about, first'],
];

/** Folders of `src/` whose comments keep to that, beside the files at its top. */
const CLEAN: readonly string[] = [
  'realm',
  'keycloak',
  'names',
  'config',
  'cli',
  'products',
  'plan',
  'findings',
  'explanations',
  'fleet',
  'schemas',
  'checks',
  'commands',
];

/** Sentences that mean nothing without what stands before them. */
const MEANS_NOTHING = /^(It|They|That|He|She)\b/;

interface Text {
  where: string;
  text: string;
}

interface Node {
  type: string;
  start: number;
  end: number;
  [field: string]: unknown;
}

/** Every text with blanks in it that the code of `src/` holds, `…` where a value goes in. Comments are none. */
function textsOf(path: string, source: string): Text[] {
  const texts: Text[] = [];
  const add = (node: Node, text: string) => {
    const line = source.slice(0, node.start).split('\n').length;
    if (/\s\S/.test(text) && /[a-z]{3}/.test(text)) texts.push({ where: `src/${path}:${line}`, text });
  };
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) for (const one of node) walk(one);
    if (typeof node !== 'object' || node === null || !('type' in node)) return;
    const one = node as Node;
    if (one.type === 'ImportDeclaration' || one.type === 'TSLiteralType') return;
    if (one.type === 'Literal' && typeof one.value === 'string') add(one, one.value);
    if (one.type === 'TemplateLiteral') {
      const parts = one.quasis as { value: { cooked: string } }[];
      add(one, parts.map(({ value }) => value.cooked).join('…'));
    }
    for (const [field, value] of Object.entries(one)) if (field !== 'type') walk(value);
  };
  walk(parseAst(source, { lang: 'ts' }).body);
  return texts;
}

/** Every comment of a file, on one line and without its marks; `//` inside of texts and patterns is none. */
function commentsOf(path: string, source: string): Text[] {
  const literals: Node[] = [];
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) for (const one of node) walk(one);
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return;
    const one = node as Node;
    if (one.type === 'Literal' || one.type === 'TemplateElement') literals.push(one);
    else for (const value of Object.values(one)) walk(value);
  };
  walk(parseAst(source, { lang: 'ts' }).body);
  const code = literals.reduce(
    (text, { start, end }) => text.slice(0, start) + '_'.repeat(end - start) + text.slice(end),
    source,
  );
  return [...code.matchAll(/\/\*[\s\S]*?\*\/|\/\/.*(?:\n\s*\/\/.*)*/g)].map((found) => ({
    where: `src/${path}:${code.slice(0, found.index).split('\n').length}`,
    text: found[0]
      .replace(/^\/\*+\s*|\s*\*\/$/g, '')
      .replaceAll(/(^|\n)\s*(\/\/|\*)/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  }));
}

const SRC = join(ROOT, 'src');
const FILES: readonly (readonly [path: string, source: string])[] = readdirSync(SRC, {
  recursive: true,
  encoding: 'utf8',
})
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts'))
  .map((path) => [path, readFileSync(join(SRC, path), 'utf8')]);
const TEXTS: readonly Text[] = FILES.flatMap(([path, source]) => textsOf(path, source));

/** Each word of these texts that is out, with the word to write. */
function wrongIn(texts: readonly Text[], out = OUT): string[] {
  return texts.flatMap(({ where, text }) =>
    out.flatMap(([word, instead]) => {
      const [found] = word.exec(text) ?? [];
      return found === undefined ? [] : [`${where}: “${found}”, write: ${instead}`];
    }),
  );
}

describe('what users read is plain English', () => {
  it('in every text of the code', () => {
    expect(TEXTS.length).toBeGreaterThan(1500);
    expect(wrongIn(TEXTS)).toEqual([]);
  });

  it.each(COMMANDS.map(({ name }) => name))('in the help of %s', async (name) => {
    const { out } = await runCli([name, '--help']);
    expect(wrongIn([{ where: `${name} --help`, text: out.replaceAll(/\s+/g, ' ') }])).toEqual([]);
  });

  it.each([['explain'], ['presets'], ['validate', '--list-checks']])('in the JSON of %s', async (...args) => {
    const { out } = await runCli([...args, '--json']);
    expect(wrongIn([{ where: `${args.join(' ')} --json`, text: out }])).toEqual([]);
  });

  it.each([
    'README.md',
    'docs/tour.md',
    'docs/troubleshooting.md',
    'docs/recipes.md',
    ...readdirSync(join(ROOT, 'docs/reference')).map((name) => `docs/reference/${name}`),
  ])('in %s', (file) => {
    const lines = readFileSync(join(ROOT, file), 'utf8').split('\n');
    expect(wrongIn(lines.map((text, at) => ({ where: `${file}:${at + 1}`, text })))).toEqual([]);
  });
});

describe('comments are plain English', () => {
  const cleanFiles = FILES.filter(
    ([path]) => !path.includes('/') || CLEAN.includes(path.split('/')[0] ?? ''),
  );

  it('in the folders that keep to it', () => {
    const comments = cleanFiles.flatMap(([path, source]) => commentsOf(path, source));
    expect(comments.length).toBeGreaterThan(1000);
    expect(wrongIn(comments, OUT_OF_COMMENTS)).toEqual([]);
  });

  it('found in blocks and lines, not in texts or patterns', () => {
    const source =
      "/** What\n * it says. */\nconst url = 'https://whoever.example'; // It shall\n// work.\nconst p = /\\/\\/ in vain/;\nconst t = `// ours`; /* of ours */\n";
    expect(commentsOf('sample.ts', source)).toEqual([
      { where: 'src/sample.ts:1', text: 'What it says.' },
      { where: 'src/sample.ts:3', text: 'It shall work.' },
      { where: 'src/sample.ts:6', text: 'of ours' },
    ]);
  });
});

describe('a message means something without its title', () => {
  const passing = TEXTS.filter(({ text }) => /^[A-Z].*\.$/.test(text));

  it.each(passing.filter(({ where }) => where.startsWith('src/checks/')))('$where: $text', ({ text }) => {
    expect(text).not.toMatch(MEANS_NOTHING);
  });

  it('codes have whole sentences', () => {
    for (const { code, explanation } of EXPLAINED)
      for (const text of [explanation.what, explanation.cause, explanation.fix])
        expect(text, code).toMatch(/^\S.*[.:!?)]$/s);
    for (const { id, title } of CHECKS) expect(title, id).not.toMatch(MEANS_NOTHING);
  });
});
