import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The text of a file, named from there. */
export const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** What people read, named from there. */
export const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
  ...readdirSync(join(ROOT, 'docs/reference')).map((name) => `docs/reference/${name}`),
  'examples/compose/README.md',
  'examples/mcp-host/README.md',
];

/** Command lines of mcpkc in blocks of the documents, as they would be typed. */
export function commandLines(): { file: string; words: string[] }[] {
  return DOCUMENTS.filter((file) => !file.startsWith('examples/')).flatMap((file) => {
    const blocks = [...read(file).matchAll(/^( *)```(?:sh|bash)\n([\s\S]*?)^\1```$/gm)];
    const lines = blocks.flatMap(([, , text = '']) => text.split('\n'));
    return lines.flatMap((line) => {
      const typed = line.trim().replace(/ +#.*$/, '');
      if (!typed.startsWith('mcpkc ')) return [];
      return [
        {
          file,
          words: typed
            .split(' ')
            .slice(1)
            .map((word) => word.replaceAll('"', '')),
        },
      ];
    });
  });
}
