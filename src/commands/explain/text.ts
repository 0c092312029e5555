import type { Style } from '../../cli/style.ts';
import type { ExplainedCode } from '../../explanation.ts';
import { wrap } from '../../text.ts';

/** One code in full. */
export function explanationText({ code, kind, explanation }: ExplainedCode, style: Style): string {
  const { what, cause, fix, sources } = explanation;
  const part = (title: string, text: string) => `\n${style.bold(title)}\n${wrap(text, style.width, '  ')}\n`;
  const list = sources.map((source) => `  • ${wrap(source, style.width, '    ').trimStart()}\n`).join('');
  return [
    `${style.bold(code)}  ${style.dim(kind)}\n`,
    part('What it is', what),
    part('Cause', cause),
    part('What fixes it', fix),
    sources.length === 0 ? '' : `\n${style.bold('Sources')}\n${list}`,
  ].join('');
}

/** All codes, by kind. */
export function codesText(all: readonly ExplainedCode[], style: Style): string {
  const kinds = [...new Set(all.map(({ kind }) => kind))];
  const blocks = kinds.map((kind) => {
    const codes = all.filter((one) => one.kind === kind).map(({ code }) => code);
    return `${style.bold(kind)}\n${wrap(codes.join(' '), style.width, '  ')}\n`;
  });
  return `${blocks.join('\n')}\nOne of them in full: mcpkc explain <code>\n`;
}
