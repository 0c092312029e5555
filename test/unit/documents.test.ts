import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BLOCKS, withBlocks } from '../../docs/tables.ts';
import { CHECKS } from '../../src/checks/index.ts';
import { COMMANDS } from '../../src/commands/index.ts';
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

  it('say how many checks there are', () => {
    expect(read('README.md')).toContain(`<summary>all ${CHECKS.length} checks</summary>`);
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
