import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REFERENCE, referencePages } from '../../docs/reference.ts';
import { BLOCKS, withBlocks } from '../../docs/tables.ts';
import { COMMANDS } from '../../src/commands/index.ts';
import { EXPLAINED } from '../../src/explanations/index.ts';
import { commandLines, DOCUMENTS, ROOT, read } from '../docs/documents.ts';

/** Text without fenced blocks and code spans: what Markdown reads links and headings in. */
const proseOf = (text: string) =>
  text.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '').replaceAll(/`[^`\n]*`/g, '');

/** The anchor that GitHub gives to a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

describe('the generated parts', () => {
  it.each(DOCUMENTS)('of %s are current (npm run docs)', (file) => {
    const text = read(file);
    expect(withBlocks(text, (name) => BLOCKS[name]?.())).toBe(text);
  });

  it('of the reference are these pages, and each code has one', () => {
    const pages = referencePages();
    expect(DOCUMENTS.filter((file) => file.startsWith('docs/reference/')).sort()).toEqual(
      Object.keys(pages)
        .map((file) => `docs/${file}`)
        .sort(),
    );
    for (const [file, text] of Object.entries(pages)) expect(read(`docs/${file}`), file).toBe(text);
    const codes = REFERENCE.flatMap((part) => part.pages.flatMap((page) => page.codes));
    expect(codes.map(({ code }) => code).sort()).toEqual(EXPLAINED.map(({ code }) => code).sort());
    for (const file of Object.keys(pages)) expect(read('docs/reference.md')).toContain(`(${file})`);
  });

  it('are all known by name', () => {
    const names = DOCUMENTS.flatMap((file) => [...read(file).matchAll(/<!-- begin: ([\w-]+) -->/g)]);
    const unknown = names
      .map(([, name = '']) => name)
      .filter((name) => !name.startsWith('screen-') && !BLOCKS[name]);
    expect(unknown).toEqual([]);
    expect(names.length).toBeGreaterThan(8);
  });
});

describe('links', () => {
  it.each(DOCUMENTS)('of %s lead to files and headings that are there', (file) => {
    for (const [, target = ''] of proseOf(read(file)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const found = path === '' ? file : join(dirname(file), path);
      expect(existsSync(join(ROOT, found)), `${file}: ${target}`).toBe(true);
      if (anchor === undefined) continue;
      const headings = [...read(found).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));
      expect(headings, `${file}: ${target}`).toContain(anchor);
    }
  });
});

describe('no page is too long to be read', () => {
  it('README has at most 150 lines, generated ones included', () => {
    expect(read('README.md').split('\n').length).toBeLessThanOrEqual(151);
  });

  it.each(DOCUMENTS.filter((file) => file.startsWith('docs/')))(
    '%s has at most 200 lines, generated ones included',
    (file) => {
      expect(read(file).split('\n').length).toBeLessThanOrEqual(201);
    },
  );

  it('the contents page leads to every page', () => {
    const pages = DOCUMENTS.filter((file) => /^docs\/[^/]+$/.test(file) && file !== 'docs/README.md');
    const missing = pages.filter(
      (file) => !read('docs/README.md').includes(`(${file.slice('docs/'.length)})`),
    );
    expect(missing).toEqual([]);
  });
});

describe('what does not belong into documents', () => {
  it.each(DOCUMENTS)('%s has no path of a machine, no registry, no secret', (file) => {
    const text = read(file);
    expect(text).not.toMatch(/\/(?:work|home|root|Users)\//);
    expect(text).not.toMatch(/registry\.|npm\.pkg|artifactory|nexus/i);
    expect(text).not.toMatch(/eyJ[\w-]{10,}\./);
  });
});

it('every command of mcpkc in the documents is there', () => {
  const names = new Set(commandLines().map(({ words }) => words[0]));
  expect(names.size).toBeGreaterThan(7);
  for (const name of names) expect(COMMANDS.map((one) => one.name)).toContain(name);
});
