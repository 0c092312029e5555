/** The reference: every finding, check and error, a page for each group, made from the code's own lists. */
import { GROUP_TITLES, groupOf } from '../src/checks/check.ts';
import { CHECKS } from '../src/checks/index.ts';
import type { ExplainedCode } from '../src/explanation.ts';
import { EXPLAINED } from '../src/explanations/index.ts';
import { GROUPS } from '../src/findings/index.ts';

/** A page of the reference: its file in docs/, its title, and the codes that it explains. */
export interface ReferencePage {
  file: string;
  title: string;
  codes: readonly ExplainedCode[];
}

/** The most codes of a page: an entry takes ten lines, and no page has more than 200. */
const MOST_CODES = 19;

const codesOf = (names: readonly string[]) => EXPLAINED.filter(({ code }) => names.includes(code));

const slugOf = (title: string) =>
  title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');

/** A group that is longer than a page has a second one. */
function makePages(start: string, title: string, codes: readonly ExplainedCode[]): ReferencePage[] {
  const pages: ReferencePage[] = [];
  for (let at = 0; at < codes.length; at += MOST_CODES) {
    const number = at === 0 ? '' : `-${at / MOST_CODES + 1}`;
    const more = at === 0 ? '' : ` (${at / MOST_CODES + 1})`;
    pages.push({
      file: `reference/${start}${number}.md`,
      title: `${title}${more}`,
      codes: codes.slice(at, at + MOST_CODES),
    });
  }
  return pages;
}

const ofKind = (kind: string) => EXPLAINED.filter((one) => one.kind === kind);

/** The pages by part of the contents page. */
export const REFERENCE: readonly { part: string; pages: readonly ReferencePage[] }[] = [
  {
    part: 'Findings of `mcpkc status`',
    pages: GROUPS.flatMap(({ title, rules }) =>
      makePages(`findings-${slugOf(title)}`, title, codesOf(rules.map(({ code }) => code))),
    ),
  },
  {
    part: 'Checks of `mcpkc validate`',
    pages: Object.entries(GROUP_TITLES).flatMap(([group, title]) =>
      makePages(
        `checks-${group.toLowerCase()}`,
        `${group}: ${title}`,
        codesOf(CHECKS.filter((check) => groupOf(check) === group).map(({ id }) => id)),
      ),
    ),
  },
  {
    part: 'Errors',
    pages: [...new Set(EXPLAINED.map(({ kind }) => kind).filter((kind) => kind.startsWith('error')))]
      .sort((a, b) => statusOf(a) - statusOf(b))
      .flatMap((kind) =>
        makePages(`errors-${statusOf(kind)}`, `Exit status ${statusOf(kind)}`, ofKind(kind)),
      ),
  },
];

function statusOf(kind: string): number {
  return Number(/\d+/.exec(kind)?.[0]);
}

/** The links from the contents page to each code. */
export function referenceContents(part: string): string {
  const { pages = [] } = REFERENCE.find((one) => one.part === part) ?? {};
  return pages
    .map(({ file, title, codes }) => {
      const links = codes.map(({ code }) => `[${code}](${file}#${code.toLowerCase()})`);
      return `- [${title}](${file}): ${links.join(', ')}`;
    })
    .join('\n');
}

/** Each page's text, by its name below docs/. */
export function referencePages(): Readonly<Record<string, string>> {
  const all = REFERENCE.flatMap(({ part, pages }) => pages.map((page) => ({ part, ...page })));
  return Object.fromEntries(
    all.map(({ part, file, title, codes }) => [
      file,
      `# ${title}\n\n${part}. Made from the code; [all of them](../reference.md).\n\n${codes.map(entry).join('\n\n')}\n`,
    ]),
  );
}

function entry({ code, kind, explanation }: ExplainedCode): string {
  const { what, cause, fix, sources } = explanation;
  const from = sources.map((source) => (/^https?:/.test(source) ? `<${source}>` : source)).join(', ');
  const source = from === '' ? '' : `\n\nSource: ${from}`;
  return `## ${code}\n\n*${kind}.* ${text(what)}\n\n**Cause:** ${text(cause)}\n\n**Fix:** ${text(fix)}${source}`;
}

/** A plain text as Markdown: `<url>` and `*.x` are words, not markup. */
function text(plain: string): string {
  return plain.replaceAll('<', '&lt;').replaceAll(/(?<!\w)[*_]|[*_](?!\w)/g, (mark) => `\\${mark}`);
}
